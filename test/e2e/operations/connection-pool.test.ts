import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { Proxy } from '../../support/network/proxy.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';
import { until } from '../../support/until.js';

/** Of what waits for no lock, on a machine that does much else: without a free connection it takes five seconds. */
const AT_ONCE_MS = 4_000;

const statusOf = ({ status }: Answer) => status;
const isReady = async (registry: Registry) =>
  (await registry.send('/health/ready', { method: 'GET' })).status === 200;

/** How long it takes, and what comes of it. */
async function timed<T>(promise: Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now();
  const result = await promise;
  return { result, ms: performance.now() - start };
}

describe('while an operator of PostgreSQL', () => {
  let registry: Registry;
  let operator: pg.Client;
  let isOver: boolean;
  beforeAll(async () => (registry = await Registry.start('postgres')));
  afterAll(() => registry.stop());
  beforeEach(async () => {
    isOver = false;
    operator = new pg.Client(registry.databaseUrl);
    await operator.connect();
  });
  afterEach(async () => {
    isOver = true;
    await operator.end();
  });

  const get = (id: string, key = registry.adminKey) =>
    registry.send(`/v2/oauth/clients/${id}`, { method: 'GET', key });
  const put = (id: string) =>
    registry.send(`/v2/oauth/clients/${id}`, {
      method: 'PUT',
      key: registry.adminKey,
      body: { name: `n ${Math.random()}` },
    });
  const create = async () => (await registry.createClient(aClient())).body.data.client_id as string;

  /** What does not write to what is locked is answered as if nothing was locked. */
  async function expectOthersAtOnce(id: string): Promise<void> {
    for (let i = 0; i < 3; i++) {
      const calls = [
        get(id),
        registry.register({}),
        registry.createClient(aClient()),
        registry.graphql('{ oauthClients(first: 1) { totalCount } }'),
        registry.send('/health/ready', { method: 'GET' }),
      ];
      const { result, ms } = await timed(Promise.all(calls));
      expect(result.map(statusOf)).toEqual([200, 201, 201, 200, 200]);
      expect(ms).toBeLessThan(AT_ONCE_MS);
      await wait(200);
    }
  }

  it.each([
    ['rows of API keys', 'SELECT FROM api_keys FOR UPDATE'],
    ['the table of API keys', 'LOCK TABLE api_keys IN EXCLUSIVE MODE'],
  ])(
    'has locked %s, requests do not wait for the recording of the use of keys, and a later use is recorded',
    async (_, sql) => {
      const id = await create();
      const keys = await Promise.all(Array.from({ length: 12 }, () => registry.createKey()));
      await operator.query(`BEGIN; ${sql}`);
      const { result, ms } = await timed(Promise.all(keys.map(({ apiKey }) => get(id, apiKey))));
      expect(new Set(result.map(statusOf))).toEqual(new Set([404]));
      expect(ms).toBeLessThan(AT_ONCE_MS);
      await expectOthersAtOnce(id);
      await operator.query('ROLLBACK');
      const { apiKey } = await registry.createKey();
      await until(async () => {
        await get(id, apiKey);
        const { rows } = await operator.query(
          'SELECT FROM api_keys WHERE last_used_at IS NOT NULL AND id = (SELECT max(id) FROM api_keys)',
        );
        return rows.length === 1;
      }, 15_000);
    },
  );

  it('has locked 12 clients, changes of them get a 503 and do not delay others', async () => {
    const free = await create();
    const locked = await Promise.all(Array.from({ length: 12 }, create));
    await operator.query(`BEGIN; SELECT FROM oauth_clients WHERE id <> '${free}' FOR UPDATE`);
    const answers: Answer[] = [];
    const changing = locked.map(async (id) => {
      while (!isOver) answers.push(await put(id));
    });
    // Until all of them wait
    await wait(500);
    await expectOthersAtOnce(free);
    // Until each of the 12 was found to be locked: a second each, four at a time
    expect((await put(free)).status).toBe(200);
    for (let i = 0; i < 3; i++) {
      const { result, ms } = await timed(put(free));
      expect(result.status).toBe(200);
      expect(ms).toBeLessThan(AT_ONCE_MS);
    }
    await until(() => Promise.resolve(answers.length >= locked.length), 15_000);
    const whileLocked = [...answers];
    isOver = true;
    await operator.query('ROLLBACK');
    await Promise.all(changing);
    for (const { status, headers, body } of whileLocked) {
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('5');
      expect(body.error_description).toMatch(/^Another transaction has locked the affected rows\./);
    }
    expect((await put(locked[0]!)).status).toBe(200);
  });

  it('has locked a client with 150 concurrent changes, each of them gets a reply and none delays others', async () => {
    const [free, locked] = [await create(), await create()];
    await operator.query(`BEGIN; SELECT FROM oauth_clients WHERE id = '${locked}' FOR UPDATE`);
    const changing = timed(Promise.all(Array.from({ length: 150 }, () => put(locked))));
    await wait(300);
    await expectOthersAtOnce(free);
    expect((await put(free)).status).toBe(200);
    // The first of them is answered after a second
    await wait(500);
    await operator.query('ROLLBACK');
    const { result, ms } = await changing;
    expect(new Set(result.map(statusOf))).toEqual(new Set([200, 503]));
    expect(ms).toBeLessThan(10_000);
  });

  it('has locked the table of clients, the service is not ready, and is once it is not locked any more', async () => {
    await operator.query('BEGIN; LOCK TABLE oauth_clients IN EXCLUSIVE MODE');
    const registering = registry.register({});
    await until(async () => !(await isReady(registry)), 5_000);
    await operator.query('ROLLBACK');
    // It may have waited for as long as it may
    expect([201, 503]).toContain((await registering).status);
    await until(() => isReady(registry), 5_000);
    expect((await registry.register({})).status).toBe(201);
  });

  it.each<[string, string, { isReady: boolean; reads: 200 | 503; registers: 201 | 503 }]>([
    // Those of other organizations are stored elsewhere, or by other instances
    [
      'the rows of counts',
      'SELECT FROM oauth_client_counts FOR UPDATE',
      { isReady: true, reads: 200, registers: 503 },
    ],
    ['the table of counts', 'LOCK TABLE oauth_client_counts', { isReady: false, reads: 200, registers: 503 }],
    ['the table of API keys', 'LOCK TABLE api_keys', { isReady: false, reads: 503, registers: 201 }],
  ])(
    'has locked %s, waiting callers get a 503 within seconds, and readiness reflects it',
    async (_, sql, expected) => {
      const id = await create();
      // One of each connection that may count
      await operator.query(
        `INSERT INTO oauth_client_counts SELECT org_id, period, other, 0 FROM oauth_client_counts, generate_series(0, 7) other
         ON CONFLICT DO NOTHING`,
      );
      // Keys are remembered for a second
      await wait(1_100);
      await operator.query(`BEGIN; ${sql}`);
      const calls = Array.from({ length: 5 }, () =>
        Promise.all([get(id), registry.register({}), registry.createClient(aClient())]),
      );
      const { result, ms } = await timed(Promise.all(calls));
      for (const answers of result) {
        expect(answers.map(statusOf)).toEqual([expected.reads, expected.registers, 503]);
        for (const { status, headers } of answers) {
          if (status === 503) expect(headers.get('retry-after')).toBe('5');
        }
      }
      expect(ms).toBeLessThan(9_000);
      if (expected.isReady) {
        for (let i = 0; i < 3; i++) expect(await isReady(registry)).toBe(true);
      } else await until(async () => !(await isReady(registry)), 5_000);
      await operator.query('ROLLBACK');
      await until(() => isReady(registry), 5_000);
      expect((await registry.createClient(aClient())).status).toBe(201);
    },
  );

  /** A disk with room for what `condition` is false of. */
  const fillDisk = (table: string, condition: string, statement: 'INSERT' | 'UPDATE' = 'INSERT') =>
    operator.query(`
      CREATE OR REPLACE FUNCTION be_full_for_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF ${condition} THEN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER be_full AFTER ${statement} ON ${table} FOR EACH ROW EXECUTE FUNCTION be_full_for_${table}()`);
  const emptyDisk = (table: string) => operator.query(`DROP TRIGGER be_full ON ${table}`);

  it('has no room for a page, the service is not ready: the test write cannot be compressed', async () => {
    await fillDisk('oauth_clients', 'true');
    await fillDisk(
      'migrations',
      '(SELECT sum(pg_column_size(name)) > 8192 FROM migrations WHERE timestamp = NEW.timestamp)',
    );
    expect((await registry.register({})).status).toBe(503);
    expect(await isReady(registry)).toBe(false);
    await emptyDisk('migrations');
    await emptyDisk('oauth_clients');
    expect(await isReady(registry)).toBe(true);
  });

  it('has no room for clients alone, the service is not ready after three writes that failed', async () => {
    expect((await registry.register({})).status).toBe(201);
    await fillDisk('oauth_clients', 'true');
    for (let i = 0; i < 3; i++) {
      expect(await isReady(registry)).toBe(true);
      expect((await registry.register({})).status).toBe(503);
    }
    expect(await isReady(registry)).toBe(false);
    await emptyDisk('oauth_clients');
    // A load balancer sends no requests to an instance that is not ready
    await until(() => isReady(registry), 8_000);
    expect((await registry.register({})).status).toBe(201);
  });

  it('has no room for changes of clients alone, the service is not ready after three that failed', async () => {
    const { body } = await registry.createClient(aClient());
    const path = `/v2/oauth/clients/${body.data.client_id}`;
    const rename = async (name: string) =>
      (await registry.send(path, { method: 'PUT', key: registry.adminKey, body: { name } })).status;
    await fillDisk('oauth_clients', 'true', 'UPDATE');
    for (let i = 0; i < 3; i++) {
      expect(await isReady(registry)).toBe(true);
      expect(await rename(`name ${i}`)).toBe(503);
    }
    expect(await isReady(registry)).toBe(false);
    await emptyDisk('oauth_clients');
    await until(() => isReady(registry), 8_000);
    expect(await rename('another name')).toBe(200);
  });
});

it('stores clients on another connection if one is blocked', async () => {
  const { hostname, port } = new URL(process.env.TEST_POSTGRES_URL!);
  const proxy = await Proxy.start({ host: hostname, port: Number(port) });
  const registry = await Registry.start(
    'postgres',
    {},
    {},
    (url) => Object.assign(new URL(url), { port: proxy.port }).href,
  );
  try {
    proxy.swallow('never stored');
    const hanging = registry.register({ client_name: 'never stored' });
    await wait(100);
    for (let i = 0; i < 3; i++) {
      const calls = Array.from({ length: 20 }, (_, i) =>
        i % 2 === 0 ? registry.register({}) : registry.createClient(aClient()),
      );
      const { result, ms } = await timed(Promise.all(calls));
      expect(new Set(result.map(statusOf))).toEqual(new Set([201]));
      // A second until the next batch begins next to the blocked one
      expect(ms).toBeLessThan(1_000 + AT_ONCE_MS);
      expect(await isReady(registry)).toBe(true);
    }
    proxy.cut();
    expect((await hanging).status).toBe(503);
    expect(await registry.rows('oauth_clients')).toBe(60);
  } finally {
    await registry.stop();
    await proxy.stop();
  }
});
