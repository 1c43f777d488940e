import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../../support/databases.js';
import { NO_PGBOUNCER, startPgBouncer } from '../../support/backing-services/pgbouncer.js';
import { Program } from '../../support/process.js';
import { aClient } from '../../support/registry.js';

const LISTENING = /Listening on (http:\/\/[^\s"]+)/;
const INSTANCES = 3;
const CALLERS_OF_EACH = 8;
const CALLS = 10;
const KEY = `admin-key-${randomUUID()}`;

describe('behind a PgBouncer in transaction mode that does not support prepared statements', () => {
  if (NO_PGBOUNCER) {
    it.skip(NO_PGBOUNCER, () => undefined);
    return;
  }

  let bouncer: Awaited<ReturnType<typeof startPgBouncer>>;
  let database: TestDatabase;
  let directory: string;
  const programs: Program[] = [];
  let urls: string[];
  /** Of the database itself, past PgBouncer. */
  let direct: pg.Client;

  const start = () => {
    const env = { PORT: '0', BOOTSTRAP_API_KEY: KEY, RATE_LIMIT_REGISTER: 'off', NODE_ENV: 'production' };
    const program = new Program('main.js', {
      cwd: directory,
      env: { ...env, DATABASE_URL: bouncer.through(database.url) },
    });
    programs.push(program);
    return program.says(LISTENING);
  };

  beforeAll(async () => {
    bouncer = await startPgBouncer();
    database = await createDatabase('postgres');
    directory = await mkdtemp(join(tmpdir(), 'registry-pgbouncer-'));
    direct = new pg.Client(database.url);
    await direct.connect();
    // At once, on an empty database
    urls = await Promise.all(Array.from({ length: INSTANCES }, start));
  });
  afterAll(async () => {
    for (const program of programs) program.signal('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
    await direct.end();
    await bouncer.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it('instances that start concurrently migrate an empty database once, and all become ready', async () => {
    for (const url of urls) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const { rows } = await direct.query<{ name: string }>('SELECT name FROM migrations');
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  it('migrations leave no setting on the connections that others get', async () => {
    const settings = await Promise.all(
      Array.from({ length: CALLERS_OF_EACH }, async () => {
        const client = new pg.Client(bouncer.through(database.url));
        await client.connect();
        await client.query('BEGIN');
        const { rows } = await client.query<{ name: string }>(
          `SELECT name FROM pg_settings WHERE source = 'session' AND name LIKE '%timeout'`,
        );
        // Keeps the connection, so that each one gets another connection
        await new Promise((done) => setTimeout(done, 200));
        await client.end();
        return rows;
      }),
    );
    expect(settings.flat()).toEqual([]);
  });

  it('concurrent callers of all instances get the replies that they get without it, and each log names the cause once', async () => {
    const statuses: Record<string, number> = {};
    const send = async (url: string, body?: unknown) => {
      const response = await fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${KEY}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      statuses[response.status] = (statuses[response.status] ?? 0) + 1;
      // eslint-disable-next-line @typescript-eslint/no-explicit-any
      return (await response.json()) as any;
    };
    await Promise.all(
      urls.flatMap((url) =>
        Array.from({ length: CALLERS_OF_EACH }, async () => {
          for (let i = 0; i < CALLS; i++) {
            const { data } = await send(`${url}/v2/oauth/clients`, aClient());
            await send(`${url}/v2/oauth/clients/${data?.client_id}`);
            await send(`${url}/v2/oauth/clients`);
            await send(`${url}/graphql`, {
              query: '{ oauthClients(first: 3) { totalCount nodes { name } } }',
            });
          }
        }),
      ),
    );
    const each = INSTANCES * CALLERS_OF_EACH * CALLS;
    expect(statuses).toEqual({ 200: 3 * each, 201: each });
    for (const { stdout } of programs) expect(stdout.match(/prepared statements/g)?.length).toBe(1);
  });

  it('an instance starts if no migration is pending, even while another session holds the lock of migrations', async () => {
    await direct.query('SELECT pg_advisory_lock(75917592)');
    const url = await start();
    await direct.query('SELECT pg_advisory_unlock(75917592)');
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });
});
