import { ClientEntity } from '../../../src/clients/client/client.entity.js';
import { ClientUseRepository, COUNT_STEP } from '../../../src/clients/use/client-use.repository.js';
import { Retention } from '../../../src/jobs/retention.js';
import { anonymousClients, HOUR_MS, PUBLIC } from '../../support/anonymous-clients.js';
import { onEachEngine } from '../../support/databases.js';
import { many } from '../../support/many.js';
import { plansOf } from '../../support/measurements/plans.js';
import { statementsOf } from '../../support/measurements/statements.js';
import type { Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  const { start: startFirst, stopAll, idsOf, age, register, refusalOf } = anonymousClients(engine);
  const start = async (env: Record<string, string> = {}) => void (registry = await startFirst(env));
  afterEach(stopAll);

  const aShared = (name: string) => ({ ...PUBLIC, client_name: name });
  const isOfUnused = (sql: string) => sql.includes(`"source" = 'dynamic'`) && !sql.includes(') DESC');
  /** A statement that finds the unused clients to remove reads these alone, in order. */
  const expectInOrder = (plans: string[]) => {
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) {
      expect(plan).toMatch(/oauth_clients_unused\b/);
      expect(plan).not.toMatch(/TEMP B-TREE|Sort/);
    }
  };

  it('evicts the client whose last registration is the oldest', async () => {
    await start({ REGISTRATION_REUSE: 'true', REGISTRATION_MAX_UNUSED: '2' });
    const shared = await register(aShared('Shared'));
    const other = await register();
    await age(3 * HOUR_MS, [shared, other]);
    expect(await register(aShared('Shared'))).toBe(shared);
    await age(2 * HOUR_MS, [shared]);
    const third = await register();
    expect(await idsOf()).toEqual([shared, third].sort());
  });

  it('says in Retry-After when a client that was registered again will be old enough, and sends no query until then', async () => {
    await start({
      REGISTRATION_REUSE: 'true',
      REGISTRATION_MAX_UNUSED: '1',
      REGISTRATION_UNUSED_MIN_AGE: '2h',
    });
    const shared = await register(aShared('Shared'));
    await age(3 * HOUR_MS, [shared]);
    expect(await register(aShared('Shared'))).toBe(shared);
    await age(HOUR_MS + HOUR_MS / 2, [shared]);
    const refusal = refusalOf(await registry.register({}));
    expect(refusal).toMatchObject({ status: 503, error: 'temporarily_unavailable' });
    expect(refusal.retryAfter).toBeGreaterThan(1700);
    expect(refusal.retryAfter).toBeLessThanOrEqual(1800);
    const statements = await statementsOf(registry.dataSource, () =>
      Promise.all(many(20, () => registry.register({}))),
    );
    // At most the steps of a count
    expect(statements.filter((sql) => !sql.includes(') DESC'))).toEqual([]);
    expect(await idsOf()).toEqual([shared]);
  });

  it('a registration reads no clients that were registered again to find one that may go', async () => {
    await start({ REGISTRATION_REUSE: 'true', REGISTRATION_MAX_UNUSED: '3' });
    const names = ['First', 'Second', 'Third'];
    const ids: string[] = [];
    for (const name of names) ids.push(await register(aShared(name)));
    await age(2 * HOUR_MS, ids);
    for (const name of names) await register(aShared(name));
    const rejected = await plansOf(
      registry.dataSource,
      'oauth_clients',
      async () => expect((await registry.register({})).status).toBe(503),
      isOfUnused,
    );
    // The search, and the time until which it fails
    expect(rejected).toHaveLength(2);
    expectInOrder(rejected);
  });

  it('the job reads no clients that were registered again', async () => {
    await start({ REGISTRATION_REUSE: 'true', REGISTRATION_UNUSED_TTL: '1d' });
    const shared = await register(aShared('Shared'));
    const other = await register();
    await age(25 * HOUR_MS, [shared, other]);
    expect(await register(aShared('Shared'))).toBe(shared);
    const run = () => registry.app.get(Retention, { strict: false }).run();
    expectInOrder(await plansOf(registry.dataSource, 'oauth_clients', run, isOfUnused));
    expect(await idsOf()).toEqual([shared]);
  });

  it('counts unused clients in steps, also those of the same time', async () => {
    await start();
    const id = await register();
    const table = registry.dataSource.getRepository(ClientEntity);
    const first = await table.findOneByOrFail({ id });
    const count = 2 * COUNT_STEP + 3;
    const createdAt = new Date(first.createdAt.getTime() + 1);
    const columns = table.metadata.columns.map(({ databaseName }) => `"${databaseName}"`);
    const values = columns.map(
      (column) => ({ '"id"': `'copy ' || i`, '"created_at"': String(createdAt.getTime()) })[column] ?? column,
    );
    await registry.dataSource.query(
      `WITH RECURSIVE copies AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM copies WHERE i < ${count - 1})
       INSERT INTO oauth_clients (${columns.join()}) SELECT ${values.join()} FROM oauth_clients, copies`,
    );
    const repository = registry.app.get(ClientUseRepository, { strict: false });
    for (const [limit, counted] of [
      [1, 1],
      [COUNT_STEP, COUNT_STEP],
      [count - 1, count - 1],
      [count, count],
      [2 * count, count],
    ] as const)
      expect(await repository.count(limit)).toBe(counted);
    expect(await repository.youngestBeyond(COUNT_STEP + 1)).toEqual(createdAt);
    expect(await repository.youngestBeyond(count - 1)).toEqual(first.createdAt);
    expect(await repository.youngestBeyond(count)).toBeNull();
    const plansOfAll = (work: () => Promise<unknown>) => plansOf(registry.dataSource, 'oauth_clients', work);
    // Also if the database knows that most of the clients are unused
    for (const statistics of ['SELECT 1', 'ANALYZE']) {
      await registry.dataSource.query(statistics);
      expectInOrder(await plansOfAll(() => repository.oldest()));
      const counting = await plansOfAll(() => repository.count(2 * count));
      // Three steps, the last of which is also counted
      expect(counting).toHaveLength(4);
      expectInOrder(counting);
    }
  });
});
