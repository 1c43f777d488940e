import { randomUUID } from 'node:crypto';
import { loadSqlite } from '../../../src/database/connection/sqlite.js';
import { ClientSearchRepository } from '../../../src/clients/registry/client-search.repository.js';
import { ClientLookupRepository } from '../../../src/clients/client/client-lookup.repository.js';
import { ApiKeyEntity } from '../../../src/auth/api-keys/api-key.entity.js';
import { batches, type BatchMessage } from '../../../src/diagnostics/channels.js';
import { groupCommit } from '../../../src/database/writes/group-commit.js';
import { WriteQueue } from '../../../src/database/writes/write-queue.js';
import { onEachEngine } from '../../support/databases.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { aClient, Registry } from '../../support/registry.js';

const Database = loadSqlite();

const CALLERS = 50;
/** `SOAK_SECONDS=60 npm test -- test/e2e/operations/concurrency.test.ts` is the long form. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 2);

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  it(
    `${CALLERS} callers at once get nothing but 201, and every id that they got is in the database`,
    async () => {
      const { apiKey } = await registry.createKey();
      const end = Date.now() + SECONDS * 1000;
      const statuses = new Map<number, number>();
      const ids = new Set<string>();
      const callOn = async (caller: number) => {
        for (let i = 0; Date.now() < end; i++) {
          const isRegistration = (caller + i) % 2 === 0;
          const { status, body } = isRegistration
            ? await registry.register({ client_name: 'n' })
            : await registry.createClient(aClient(), apiKey);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          ids.add((isRegistration ? body.client_id : body.data.client_id) as string);
        }
      };
      await Promise.all(Array.from({ length: CALLERS }, (_, caller) => callOn(caller)));

      expect([...statuses.keys()]).toEqual([201]);
      expect(ids.size).toBe(statuses.get(201));
      const stored = await registry.dataSource.query<{ id: string }[]>('SELECT id FROM oauth_clients');
      expect(new Set(stored.map(({ id }) => id))).toEqual(ids);
      expect(await registry.rows('oauth_client_secrets')).toBe(ids.size);
    },
    (SECONDS + 30) * 1000,
  );

  it('concurrent lookups share a statement, and each gets its own result', async () => {
    const { apiKey } = await registry.createKey();
    const made = await Promise.all(
      Array.from({ length: 20 }, () => registry.createClient(aClient(), apiKey)),
    );
    const ids = made.flatMap(({ body }) => [body.data.client_id as string, randomUUID()]);
    const sizes: number[] = [];
    const note = (message: unknown) => {
      const { name, size } = message as BatchMessage;
      if (name === 'lookup oauth_clients') sizes.push(size);
    };
    batches.subscribe(note);
    const lookup = registry.app.get(ClientLookupRepository);
    const found = await Promise.all(ids.map((id) => lookup.find({ id })));
    batches.unsubscribe(note);

    expect(found.map((client) => client?.id ?? null)).toEqual(ids.map((id, i) => (i % 2 === 0 ? id : null)));
    expect(sizes).toEqual([ids.length]);
  });

  if (engine === 'sqlite') {
    it('a disk that was full takes nothing with it that is acknowledged afterwards', async () => {
      const path = registry.dataSource.options.database as string;
      const [{ page_count: pages }] =
        await registry.dataSource.query<[{ page_count: number }]>('PRAGMA page_count');
      const writeQueue = registry.app.get(WriteQueue, { strict: false });
      const limitPages = (limit: number) =>
        writeQueue.runStatements([{ sql: `PRAGMA max_page_count = ${limit}`, rows: [[]] }]);
      await limitPages(pages);
      let full = await registry.register({});
      for (let i = 0; full.status === 201 && i < 500; i++) full = await registry.register({});
      expect({ status: full.status, error: full.body.error }).toEqual({
        status: 503,
        error: 'temporarily_unavailable',
      });
      await limitPages(1_000_000);

      // Another process writes for longer than this one waits
      const other = new Database(path);
      other.exec('BEGIN IMMEDIATE');
      expect((await registry.register({})).status).toBe(503);
      other.exec('ROLLBACK');

      const { status, body } = await registry.register({});
      expect(status).toBe(201);
      const seen = other.prepare('SELECT id FROM oauth_clients WHERE id = ?').get(body.client_id);
      other.close();
      expect(seen).toEqual({ id: body.client_id });
    });
  }

  it('a failed transaction rolls back no acknowledged change of another one', async () => {
    const writeQueue = registry.app.get(WriteQueue, { strict: false });
    const insert = (id: string) =>
      `INSERT INTO api_keys (id, name, hash, hint, org_id, user_id, role, created_at)
       VALUES ('${id}', 'n', '${id}', 'hint', 'o', 'u', 'member', 0)`;
    let letGo = () => {};
    const isHeldUp = new Promise<void>((resolve) => (letGo = resolve));

    const failing = writeQueue.run(async (manager) => {
      await manager.query(insert('rolled-back'));
      await isHeldUp;
      throw new Error('on purpose');
    });
    const good = writeQueue.run((manager) => manager.query(insert('kept')));
    letGo();

    await expect(failing).rejects.toThrow('on purpose');
    await good;
    const rows = await registry.dataSource.query<{ id: string }[]>(
      `SELECT id FROM api_keys WHERE id IN ('rolled-back', 'kept')`,
    );
    expect(rows).toEqual([{ id: 'kept' }]);
  });

  it('changes of one client that wait for each other take no connections from others', async () => {
    const { apiKey: key } = await registry.createKey();
    const { body } = await registry.createClient(aClient(), key);
    const path = `/v2/oauth/clients/${body.data.client_id}/secrets`;
    const order: string[] = [];
    const writeQueue = registry.app.get(WriteQueue, { strict: false });
    let letGo = () => {};
    const isHeldUp = new Promise<void>((resolve) => (letGo = resolve));
    const holding =
      engine === 'postgres'
        ? writeQueue.run(async (manager) => {
            await manager.query(`SELECT 1 FROM oauth_clients WHERE id = '${body.data.client_id}' FOR UPDATE`);
            await isHeldUp;
          })
        : Promise.resolve();
    const issuing = Array.from({ length: 30 }, () =>
      registry.send(path, { key, body: { expire_others_in: 0 } }),
    );
    const waiting = Promise.all(issuing).then((answers) => (order.push('secrets'), answers));
    await new Promise((done) => setTimeout(done, 300));
    const other = await registry.createClient(aClient(), (await registry.createKey()).apiKey);
    order.push('create');
    letGo();
    await holding;
    // Requests that wait for the lock fail after a second; the rest of the time is for a busy machine
    const [, ...behind] = (await waiting).map(({ status }) => status).sort((a, b) => b - a);
    expect(new Set(behind)).toEqual(new Set([201]));
    expect(other.status).toBe(201);
    if (engine === 'postgres') expect(order).toEqual(['create', 'secrets']);
  });

  const onSqlite = engine === 'sqlite' ? it : it.skip;
  onSqlite('transactions that wait for each other let other requests through between them', async () => {
    const writeQueue = registry.app.get(WriteQueue, { strict: false });
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all(
      Array.from({ length: CALLERS }, () => writeQueue.run((manager) => manager.find(ApiKeyEntity))),
    );
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(CALLERS - 1);
  });

  it('of rows that are stored together, those that cannot be fail alone', async () => {
    const writeQueue = registry.app.get(WriteQueue, { strict: false });
    const insert = groupCommit(registry.dataSource, writeQueue, [ApiKeyEntity]);
    const store = (id: string) => insert([[aKey(id)]]);
    await store('known');
    const ids = ['first', 'known', 'second', 'known', 'third'];
    const outcomes = await Promise.allSettled(ids.map(store));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    const rows = await registry.dataSource.query<{ id: string }[]>(
      `SELECT id FROM api_keys WHERE id IN ('first', 'second', 'third')`,
    );
    expect(rows).toHaveLength(3);
  });

  it('of clients that are looked up together, each caller gets their own', async () => {
    const [one, other] = [await registry.createKey(), await registry.createKey()];
    const idOf = async (key: string) =>
      (await registry.createClient(aClient(), key)).body.data.client_id as string;
    const [ofOne, ofOther] = [await idOf(one.apiKey), await idOf(other.apiKey)];
    const asked = Array.from({ length: 60 }, (_, i) => ({
      key: i % 2 === 0 ? one : other,
      id: [ofOne, ofOther, randomUUID()][i % 3]!,
    }));
    const answers = await Promise.all(
      asked.map(({ key, id }) =>
        registry.send(`/v2/oauth/clients/${id}`, { method: 'GET', key: key.apiKey }),
      ),
    );
    answers.forEach(({ status, body }, i) => {
      const { key, id } = asked[i]!;
      const isOwn = id === (key === one ? ofOne : ofOther);
      expect({ status, id: body.data?.client_id, orgId: body.data?.org_id }).toEqual(
        isOwn ? { status: 200, id, orgId: key.orgId } : { status: 404, id: undefined, orgId: undefined },
      );
    });
  });

  it('an unreadable client in a batched lookup fails only its own request', async () => {
    const { apiKey, orgId } = await registry.createKey();
    const create = async () => (await registry.createClient(aClient(), apiKey)).body.data.client_id as string;
    const [good, bad] = [await create(), await create()];
    await registry.dataSource.query(`UPDATE oauth_clients SET metadata = '{' WHERE id = '${bad}'`);
    const lookup = registry.app.get(ClientLookupRepository, { strict: false });
    const found = await Promise.allSettled([good, bad, good].map((id) => lookup.find({ id, orgId })));
    expect(found).toEqual([
      { status: 'fulfilled', value: expect.objectContaining({ id: good }) },
      { status: 'rejected', reason: expect.any(SyntaxError) },
      { status: 'fulfilled', value: expect.objectContaining({ id: good }) },
    ]);
  });

  it('in a batched lookup, a value that is not valid text finds nothing and fails no other lookup', async () => {
    const lookup = registry.app.get(ClientLookupRepository, { strict: false });
    const search = registry.app.get(ClientSearchRepository, { strict: false });
    const { apiKey, orgId } = await registry.createKey();
    const { body } = await registry.createClient(aClient(), apiKey);
    const id = body.data.client_id as string;
    const asked = Array.from({ length: 40 }, (_, i) => [orgId, 'a\0b', '\ud800', '', orgId][i % 5]!);
    const counts = await Promise.all(asked.map((name) => search.count({ orgId: name })));
    expect(counts).toEqual(asked.map((name) => (name === orgId ? 1 : 0)));
    const found = await Promise.all(asked.map((name) => lookup.find({ id, orgId: name })));
    expect(found.map((client) => client?.id)).toEqual(asked.map((name) => (name === orgId ? id : undefined)));
  });

  it('a bulk change counts in one statement, or two of them could wait for each other', async () => {
    const { apiKey } = await registry.createKey();
    const name = 'of one statement';
    // Fewer at once than one address may have connections
    for (let i = 0; i < 4; i++) {
      await Promise.all(Array.from({ length: 130 }, () => registry.createClient(aClient({ name }), apiKey)));
    }
    const statements = await statementsOf(registry.dataSource, () =>
      registry.graphql(
        `mutation { deleteOAuthClients(filter: { nameContains: "${name}" }, dryRun: false) { count } }`,
      ),
    );
    expect(statements.filter((sql) => /UPDATE "oauth_clients"/.test(sql))).toHaveLength(1);
    const [{ living }] = await registry.dataSource.query<[{ living: number }]>(
      `SELECT COUNT(*) AS living FROM oauth_clients WHERE name = '${name}' AND deleted_at IS NULL`,
    );
    expect(Number(living)).toBe(0);
  });

  it('clients are created and deleted in bulk at once, across organizations, and counted', async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, () => registry.createKey()));
    const end = Date.now() + SECONDS * 1000;
    const statuses = new Set<number>();
    const create = async (i: number) => {
      while (Date.now() < end) {
        const { apiKey } = keys[i++ % keys.length]!;
        statuses.add((await registry.createClient(aClient({ name: 'together' }), apiKey)).status);
      }
    };
    const deleteAll = async () => {
      while (Date.now() < end) {
        const answer = await registry.graphql(
          'mutation { deleteOAuthClients(filter: { nameContains: "together" }, dryRun: false) { count } }',
        );
        expect(answer.body.errors).toBeUndefined();
      }
    };
    await Promise.all([...Array.from({ length: 20 }, (_, i) => create(i)), deleteAll(), deleteAll()]);
    expect([...statuses]).toEqual([201]);
    const counted = await registry.dataSource.query<{ org: string; n: string }[]>(
      `SELECT org_id AS org, SUM(living) AS n FROM oauth_client_counts GROUP BY org_id HAVING SUM(living) > 0 ORDER BY org_id`,
    );
    const living = await registry.dataSource.query<{ org: string; n: string }[]>(
      `SELECT org_id AS org, COUNT(*) AS n FROM oauth_clients WHERE org_id IS NOT NULL AND deleted_at IS NULL GROUP BY org_id
       UNION ALL SELECT '', COUNT(*) FROM oauth_clients WHERE deleted_at IS NULL ORDER BY org`,
    );
    expect(counted.map(({ org, n }) => [org, Number(n)])).toEqual(
      living.map(({ org, n }) => [org, Number(n)]),
    );
  });
});

const aKey = (id: string): ApiKeyEntity => ({
  id,
  name: 'n',
  hash: id,
  hint: 'hint',
  orgId: 'o',
  userId: 'u',
  role: 'member',
  createdAt: new Date(),
  lastUsedAt: null,
  expiresAt: null,
  revokedAt: null,
});
