import { statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { ClientsService } from '../../../src/clients/registry/clients.service.js';
import { GrantsService } from '../../../src/authorization/grants/grants.service.js';
import { DatabaseUse } from '../../../src/database/database-use.js';
import { driverOf } from '../../../src/database/connection/driver.js';
import { ScanQueue } from '../../../src/database/sql/scan-queue.js';
import { WriteQueue } from '../../../src/database/writes/write-queue.js';
import { onEachEngine } from '../../support/databases.js';
import { longReadsOf } from '../../support/measurements/long-reads.js';
import { aClient, Registry } from '../../support/registry.js';

/** Takes either database more than a second. */
const COUNT = `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000000)
  SELECT COUNT(*) FROM numbers WHERE n <> :not`;
const COUNTED = 4_999_999;

const MB = 1024 * 1024;

onEachEngine((engine) => {
  let registry: Registry;
  let scanQueue: ScanQueue;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    scanQueue = registry.app.get(ScanQueue);
  });
  afterAll(() => registry.stop());

  const count = async (orgId?: string) =>
    Number((await scanQueue.runner('count')(COUNT, { not: 7 }, { orgId }))[0]![0]);

  it('while one goes through millions of rows, clients are created, registered, read and listed', async () => {
    const answered: string[] = [];
    const counting = count().finally(() => answered.push('count'));
    const { status, body } = await registry.createClient(aClient());
    const path = `/v2/oauth/clients/${body.data.client_id}`;
    const statuses = [status, (await registry.register({})).status];
    for (let i = 0; i < 5; i++) {
      statuses.push((await registry.send(path, { method: 'GET', key: registry.adminKey })).status);
      statuses.push(
        (await registry.graphql('{ oauthClients(first: 5) { totalCount nodes { name } } }')).status,
      );
    }
    answered.push('others');
    expect(await counting).toBe(COUNTED);
    expect(answered).toEqual(['others', 'count']);
    expect(new Set(statuses)).toEqual(new Set([200, 201]));
  });

  it('many short ones at once are all answered', async () => {
    const list = () =>
      registry.send('/v2/oauth/clients?filter[name]=nobody', { method: 'GET', key: registry.adminKey });
    const answers = await Promise.all(Array.from({ length: 150 }, list));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  const query = async (field: string) => {
    const { body } = await registry.graphql(`{ ${field} }`);
    expect(body.errors).toBeUndefined();
  };

  const NEVER = '2100-01-01T00:00:00Z';
  it.each([
    ['a part of a name', 'oauthClients(filter: { nameContains: "a" }) { nodes { name } }', 1],
    [
      'all that match, with their number',
      'oauthClients(filter: { status: ACTIVE }) { totalCount nodes { name } }',
      2,
    ],
    [
      'those of an organization by name',
      'oauthClients(filter: { orgId: "o" }, orderBy: { field: NAME, direction: ASC }) { nodes { name } }',
      1,
    ],
    [
      'a host that clients redirect to',
      'oauthClients(filter: { redirectHost: "a.example" }) { totalCount nodes { name } }',
      2,
    ],
    ['a software', 'oauthClients(filter: { softwareId: "a" }) { nodes { name } }', 1],
    ['unused for long', `oauthClients(filter: { lastUsedBefore: "${NEVER}" }) { nodes { name } }`, 1],
    [
      'those of an organization by last use',
      'oauthClients(filter: { orgId: "o" }, orderBy: { field: LAST_USED_AT, direction: ASC }) { nodes { name } }',
      1,
    ],
    ['counts of every kind', 'oauthClientStats { total }', 2],
    ['secrets that expire', `expiringSecrets(before: "${NEVER}") { nodes { secret { id } } }`, 1],
    ['the number of secrets that expire', `expiringSecrets(before: "${NEVER}") { totalCount }`, 2],
    [
      'events by two conditions',
      'auditEvents(filter: { channel: REST, action: CLIENT_CREATED }) { nodes { id } }',
      1,
    ],
  ])('%s: does not delay other requests', async (_what, field, reads) => {
    expect(await longReadsOf(() => query(field))).toBe(reads);
  });

  it.each([
    ['all clients, and their number', 'oauthClients { totalCount nodes { name } }'],
    ['all clients by name', 'oauthClients(orderBy: { field: NAME, direction: ASC }) { nodes { name } }'],
    [
      'all clients by last use',
      'oauthClients(orderBy: { field: LAST_USED_AT, direction: ASC }) { nodes { name } }',
    ],
    ['those of an organization', 'oauthClients(filter: { orgId: "o" }) { totalCount nodes { name } }'],
    [
      'those that are named',
      'oauthClients(filter: { ids: ["x"], status: ACTIVE }) { totalCount nodes { name } }',
    ],
    ['the trail', 'auditEvents { nodes { id } }'],
    [
      'what a client went through lately',
      'auditEvents(filter: { clientId: "x", since: "2020-01-01T00:00:00Z" }) { nodes { id } }',
    ],
  ])('%s: at once', async (_what, field) => {
    expect(await longReadsOf(() => query(field))).toBe(0);
  });

  it('reads see earlier acknowledged writes', async () => {
    for (let i = 0; i < 20; i++) {
      const name = `seen ${i} `.padEnd(10, '.');
      await registry.createClient(aClient({ name }));
      const query = 'query ($name: String) { oauthClients(filter: { nameContains: $name }) { totalCount } }';
      const { body } = await registry.graphql(query, { name });
      expect(body.data.oauthClients.totalCount).toBe(1);
    }
  });

  /** Occupies the scan queue for about a second, from organizations that no other request uses. */
  const occupy = () => {
    if (engine === 'sqlite') return count('busy');
    const { max } = registry.app.get(DatabaseUse).read();
    const sleep = scanQueue.runner('sleep');
    return Promise.all(
      Array.from({ length: max / 2 }, (_, i) => sleep('SELECT pg_sleep(1)', {}, { orgId: `busy-${i}` })),
    );
  };

  it('an organization that asks for many searches keeps no other waiting for all of them', async () => {
    const [greedy, modest] = [await registry.createKey(), await registry.createKey()];
    const search = (key: string) => () =>
      registry.send('/v2/oauth/clients?filter[name]=nobody', { method: 'GET', key });
    // Until these are through, everyone waits
    const busy = occupy();
    await wait(100);
    const answered: string[] = [];
    const asked = [
      ...Array.from({ length: 100 }, () => search(greedy.apiKey)().then(() => answered.push('greedy'))),
      wait(300)
        .then(search(modest.apiKey))
        .then(({ status }) => answered.push(`modest: ${status}`)),
    ];
    await Promise.all([...asked, busy]);
    expect(answered.indexOf('modest: 200')).toBeLessThan(20);
  });

  it('rejects searches beyond the queue of one organization, and not those of others', async () => {
    const [greedy, modest] = [await registry.createKey(), await registry.createKey()];
    const search = ({ apiKey: key }: { apiKey: string }) =>
      registry.send('/v2/oauth/clients?filter[name]=nobody', { method: 'GET', key });
    const busy = occupy();
    await wait(100);
    // Fewer than the service works on at a time, with two reads each
    const many = Array.from({ length: 200 }, () => search(greedy));
    const refused = await Promise.race(many);
    expect([refused.status, refused.body.error]).toEqual([503, 'temporarily_unavailable']);
    expect((await search(modest)).status).toBe(200);
    expect(new Set((await Promise.all(many)).map(({ status }) => status))).toEqual(new Set([200, 503]));
    await busy;
  });

  describe('lists of an organization', () => {
    const context = {
      actor: { type: 'anonymous', id: null },
      channel: 'rest',
      address: null,
      requestId: null,
    } as const;
    /** A page of clients, or of grants. */
    const lists: [string, (orgId: string, isWaiting: () => boolean) => Promise<unknown>][] = [
      [
        'clients',
        (orgId, isWaiting) =>
          registry.app
            .get(ClientsService)
            .list({}, orgId, { number: 1, size: 20 }, { ...context, isWaiting }),
      ],
      [
        'grants',
        (orgId, isWaiting) =>
          registry.app
            .get(GrantsService)
            .list({ orgId, userId: 'alice' }, { number: 1, size: 20 }, { ...context, isWaiting }),
      ],
    ];

    it.each(lists)('take turns with those of others: %s', async (_, list) => {
      const answered: string[] = [];
      const ask = (orgId: string) => list(orgId, () => true).then(() => answered.push(orgId));
      await Promise.all([...Array.from({ length: 40 }, () => ask('greedy')), ask('modest')]);
      expect(answered.indexOf('modest')).toBeLessThan(20);
    });

    it.each(lists)('are not read once their callers have disconnected: %s', async (_, list) => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_each, i) => list('greedy', () => i % 2 === 0)),
      );
      const rejected = outcomes.filter(({ status }) => status === 'rejected');
      expect(rejected.length).toBeGreaterThan(15);
      expect(rejected[0]).toMatchObject({ reason: { code: 'temporarily_unavailable' } });
    });
  });

  if (engine === 'sqlite') {
    it('keep the write-ahead log from growing for as long as they follow one another', async () => {
      const writeQueue = registry.app.get(WriteQueue);
      const driver = driverOf(registry.dataSource);
      const wal = driver.engine === 'sqlite' ? `${driver.connection.name}-wal` : '';
      const search = scanQueue.runner('search');
      // A tenth of a second each, all of it with a view of the database as it was
      const sql = `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200000)
        SELECT COUNT(*) FROM numbers WHERE n <> :not AND EXISTS (SELECT 1 FROM migrations)`;
      const name = 'x'.repeat(MB);
      const isOver = () => written >= 100 * MB;
      let largest = 0;
      let written = 0;
      const searching = async () => {
        for (let not = 0; !isOver(); not++) await search(sql, { not });
      };
      const writing = async () => {
        for (; !isOver(); written += 2 * name.length) {
          await writeQueue.runStatements([
            { sql: 'INSERT INTO migrations (timestamp, name) VALUES (0, ?)', rows: [[name], [name]] },
            { sql: 'DELETE FROM migrations WHERE timestamp = ?', rows: [[0]] },
          ]);
          largest = Math.max(largest, statSync(wal).size);
          // 40 MB a second: a checkpoint is tried twice a second
          await new Promise((done) => setTimeout(done, 50));
        }
      };
      await Promise.all([searching(), searching(), searching(), writing()]);
      expect(largest).toBeLessThan(64 * MB);
    });

    it('returns the error code of the driver or of an ended thread, and serves later reads', async () => {
      await expect(scanQueue.runner('bad')('SELECT nonsense', {})).rejects.toMatchObject({
        code: 'SQLITE_ERROR',
        message: 'no such column: nonsense',
      });
      const unfinished = expect(count()).rejects.toMatchObject({ code: 'ECONNRESET' });
      await wait(50);
      await scanQueue.onApplicationShutdown();
      await unfinished;
      expect(await count()).toBe(COUNTED);
    });
  } else {
    it('use at most half of the connections', async () => {
      const use = registry.app.get(DatabaseUse);
      const { max } = use.read();
      const sleep = scanQueue.runner('sleep');
      const sleeping = Array.from({ length: max }, (_, i) =>
        sleep('SELECT 1, pg_sleep(0.3)', {}, { orgId: `org-${i}` }),
      );
      await wait(100);
      expect(use.read()).toMatchObject({ used: max / 2, waiting: 0 });
      expect((await Promise.all(sleeping)).map(([row]) => row![0])).toEqual(Array(max).fill(1));
    });
  }
});
