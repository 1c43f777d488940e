import pg from 'pg';
import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';

const get = (registry: Registry, path: string) => registry.send(path, { method: 'GET' });
const summaryOf = ({ status, body, headers }: Answer) => ({
  status,
  error: body.error,
  retryAfter: headers.get('retry-after'),
  cacheControl: headers.get('cache-control'),
});
const UNAVAILABLE = {
  status: 503,
  error: 'temporarily_unavailable',
  retryAfter: '5',
  cacheControl: 'no-store',
};

onEachEngine((engine) => {
  let registry: Registry;
  beforeEach(async () => {
    registry = await Registry.start(engine);
  });
  afterEach(() => registry.stop());

  it.each(['/health/live', '/health/ready'])('%s is 200 if all is well', async (path) => {
    const { status, body, headers } = await get(registry, path);
    expect({ status, body, cacheControl: headers.get('cache-control') }).toEqual({
      status: 200,
      body: { status: 'ok' },
      cacheControl: 'no-store',
    });
  });

  it('is not ready, but alive, on a database that lacks a migration', async () => {
    await registry.dataSource.query('DELETE FROM migrations WHERE id = (SELECT MAX(id) FROM migrations)');
    expect(summaryOf(await get(registry, '/health/ready'))).toEqual(UNAVAILABLE);
    expect((await get(registry, '/health/live')).status).toBe(200);
  });

  if (engine === 'postgres') {
    it('is live and not ready while the database is down, replies 503, and recovers', async () => {
      const { database } = registry.dataSource.options as { database?: string; url?: string };
      const name =
        database ?? new URL((registry.dataSource.options as { url: string }).url).pathname.slice(1);
      const admin = new pg.Client(`${process.env.TEST_POSTGRES_URL}/postgres`);
      await admin.connect();
      // PostgreSQL rejects new connections and closes the open ones
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);

      expect(summaryOf(await get(registry, '/health/ready'))).toEqual(UNAVAILABLE);
      expect((await get(registry, '/health/live')).status).toBe(200);
      const refused = await registry.register({});
      expect({ status: refused.status, error: refused.body.error }).toEqual({
        status: 503,
        error: 'temporarily_unavailable',
      });

      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await admin.end();
      expect((await get(registry, '/health/ready')).status).toBe(200);
      expect((await registry.register({})).status).toBe(201);
    });
  }
});
