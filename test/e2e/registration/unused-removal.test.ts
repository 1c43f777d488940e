import { AuditEventEntity } from '../../../src/audit/audit-event.entity.js';
import { newId } from '../../../src/database/id.js';
import { Retention } from '../../../src/jobs/retention.js';
import { WriteQueue } from '../../../src/database/writes/write-queue.js';
import { anonymousClients, HOUR_MS } from '../../support/anonymous-clients.js';
import { authorizationOf, CALLBACK } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { many } from '../../support/many.js';
import type { Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';

/** What an unused client can have while unused clients are bounded. */
const MOST_EVENTS = 250;
/** Of a client of before there was a limit: more than one transaction removes. */
const LARGE = 2_100;
/** Rows that a batch of a job removes at most. */
const MAX_BATCH = 500;

onEachEngine((engine) => {
  let registry: Registry;
  const {
    start: startFirst,
    startAnother,
    stopAll,
    idsOf,
    age,
    register,
    graphql,
    recordUse,
    removals,
    refusalOf,
  } = anonymousClients(engine);
  const start = async (env: Record<string, string> = {}) => void (registry = await startFirst(env));
  const { ask, authorize, aRequest, decide } = authorizationOf(() => registry);
  afterEach(stopAll);

  const query = <T>(sql: string) => registry.dataSource.query<T[]>(sql);
  const addEvents = async (id: string, count: number, by: Partial<AuditEventEntity>) => {
    const common = { clientId: id, targetId: id, address: null, requestId: null, changes: [] };
    const rows = many(count, () => ({ id: newId(), ...common, ...by }));
    const repository = registry.dataSource.getRepository(AuditEventEntity);
    while (rows.length > 0) await repository.insert(rows.splice(0, 500) as never);
  };
  /** As if the client had changed itself. */
  const change = (id: string, count: number) =>
    addEvents(id, count, {
      actorType: 'registration_token',
      actorId: id,
      channel: 'registration',
      action: 'client.updated',
    });
  const deny = (id: string, count: number) =>
    addEvents(id, count, { actorType: 'api_key', actorId: newId(), channel: 'rest', action: 'grant.denied' });
  const events = async (ids: readonly string[]) => {
    const rows = await query<{ id: string; n: string }>(
      `SELECT client_id AS id, COUNT(*) AS n FROM audit_events WHERE client_id IN (${ids.map((id) => `'${id}'`).join()}) GROUP BY client_id`,
    );
    return new Map(rows.map(({ id, n }) => [id, Number(n)]));
  };
  const living = () => idsOf('WHERE deleted_at IS NULL');
  const removedCount = async () =>
    (await removals()).map(({ changes }) => changes[0]!.before).reduce((sum, n) => sum + n, 0);
  const purge = (at = registry) => at.app.get(Retention, { strict: false }).run();

  /** Whether, after each transaction from now on, one of these clients lives without all of its events. */
  function watchLosses(counts: ReadonlyMap<string, number>, at = registry) {
    const ids = [...counts.keys()];
    const lost = new Set<string>();
    const writeQueue = at.app.get(WriteQueue, { strict: false });
    const run = writeQueue.run.bind(writeQueue);
    const watched = jest.spyOn(writeQueue, 'run').mockImplementation(async (work, ...rest) => {
      const result = await run(work, ...rest);
      // The clients first: one that lives has its events still
      const left = await events(ids);
      for (const id of await living()) if ((left.get(id) ?? 0) < (counts.get(id) ?? 0)) lost.add(id);
      return result;
    });
    return { lost, transactions: () => watched.mock.calls.length };
  }

  interface Way {
    env: Record<string, string>;
    ageMs: number;
    remove: (at: Registry) => Promise<unknown>;
  }
  /** Another process removes all of them, at a limit or by their age. */
  const WAYS: [string, Way][] = [
    [
      'REGISTRATION_MAX_UNUSED',
      {
        env: { REGISTRATION_MAX_UNUSED: '1' },
        ageMs: 2 * HOUR_MS,
        remove: (at) => register({}, at),
      },
    ],
    [
      'REGISTRATION_UNUSED_TTL',
      { env: { REGISTRATION_UNUSED_TTL: '1d' }, ageMs: 25 * HOUR_MS, remove: purge },
    ],
  ];

  /** Ten clients with so many events that one transaction does not remove them all. */
  async function tenClients(ageMs: number) {
    const ids = await Promise.all(many(10, () => register()));
    for (const id of ids) await change(id, MOST_EVENTS - 1);
    await age(ageMs, ids);
    return ids;
  }

  it.each(WAYS)('removes no event of a client that lives on: %s', async (_, { env, ageMs, remove }) => {
    await start();
    const ids = await tenClients(ageMs);
    const other = await startAnother(env);
    const counts = await events(ids);
    expect([...counts.values()]).toEqual(many(10, () => MOST_EVENTS));
    const { lost } = watchLosses(counts, other);
    await remove(other);
    expect([...lost]).toEqual([]);
    // What one eviction leaves above the limit, the next one removes
    const kept = (await idsOf()).filter((id) => ids.includes(id));
    expect(kept.length).toBeLessThan(2);
    expect(await events(ids)).toEqual(new Map(kept.map((id) => [id, MOST_EVENTS])));
    expect(await removedCount()).toBe(10 - kept.length);
  });

  it.each(WAYS)(
    'ends a client that has too many events for one transaction, before any of them goes: %s',
    async (_, { env, ageMs, remove }) => {
      await start({ AUTHORIZATION_SERVER: 'on' });
      const registered = await registry.register({ redirect_uris: [CALLBACK], scope: 'read' });
      const large = registered.body.client_id as string;
      const ids = [large, ...(await Promise.all(many(9, () => register())))];
      await change(large, LARGE);
      await age(ageMs, ids);
      const counts = await events(ids);
      const other = await startAnother(env);
      const { lost } = watchLosses(counts, other);
      await remove(other);
      expect([...lost]).toEqual([]);
      expect((await living()).filter((id) => ids.includes(id))).toEqual([]);
      expect(await removedCount()).toBe(10);
      if (env.REGISTRATION_MAX_UNUSED) {
        // An eviction leaves its events to the job: the registration does not wait for them
        expect((await events(ids)).get(large)).toBe(LARGE + 1);
        const key = registered.body.registration_access_token as string;
        const path = `/v2/oauth/register/${large}`;
        expect((await registry.send(path, { method: 'GET', key })).status).toBe(401);
        expect((await authorize(aRequest({ id: large, secret: null }).parameters)).location).toBeNull();
        expect(await recordUse(large)).toBe(0);
        const { oauthClients, oauthClient } = await graphql(
          `{ oauthClients(first: 10, filter: { deleted: true }) { totalCount } oauthClient(clientId: "${large}") { name } }`,
        );
        expect([oauthClients.totalCount, oauthClient]).toEqual([0, null]);
        const restore = await registry.graphql(
          `mutation { restoreOAuthClient(clientId: "${large}") { client { name } } }`,
        );
        expect(restore.body.errors[0].extensions.code).toBe('NOT_FOUND');
        // Another process finishes what this one began
        const finishing = watchLosses(counts);
        await purge();
        expect(finishing.transactions()).toBeGreaterThan(LARGE / MAX_BATCH);
      }
      expect((await events(ids)).size).toBe(0);
      expect((await idsOf()).filter((id) => ids.includes(id))).toEqual([]);
      expect(await removedCount()).toBe(10);
    },
  );

  it.each(WAYS)(
    'keeps a client that is used at the same moment, with all of its events: %s',
    async (_, way) => {
      await start();
      const ids = await tenClients(way.ageMs);
      const other = await startAnother(way.env);
      const [used] = await Promise.all([recordUse(...ids), way.remove(other)]);
      const kept = (await living()).filter((id) => ids.includes(id));
      expect(kept).toHaveLength(used);
      expect(await events(ids)).toEqual(new Map(kept.map((id) => [id, MOST_EVENTS])));
      expect(await removedCount()).toBe(10 - used);
    },
  );

  it('bounds the changes by an unused client, but not because of what others do with it', async () => {
    await start({ REGISTRATION_MAX_UNUSED: '10', AUTHORIZATION_SERVER: 'on' });
    const { body } = await registry.register({ redirect_uris: [CALLBACK], scope: 'read' });
    const id = body.client_id as string;
    const key = body.registration_access_token as string;
    const { apiKey } = await registry.createKey({ userId: 'stranger', role: 'member' });
    const { consentToken } = await ask({ id, secret: null });
    expect((await decide(consentToken, false, apiKey)).status).toBe(200);
    await deny(id, 2 * MOST_EVENTS);
    const path = `/v2/oauth/register/${id}`;
    expect((await registry.send(`${path}/secrets`, { method: 'POST', key, body: {} })).status).toBe(201);
    const put = await registry.send(path, {
      method: 'PUT',
      key,
      body: { client_id: id, client_name: 'Mine' },
    });
    expect(put.status).toBe(200);
    await query(
      `UPDATE audit_events SET actor_type = 'registration_token', actor_id = '${id}' WHERE client_id = '${id}'`,
    );
    const next = put.body.registration_access_token as string;
    const limited = await registry.send(`${path}/secrets`, { method: 'POST', key: next, body: {} });
    expect(refusalOf(limited)).toMatchObject({ status: 429, error: 'rate_limited' });
  });

  it('keeps what others did with a removed client, and reads nothing of it', async () => {
    await start({ REGISTRATION_UNUSED_TTL: '1d' });
    const { body } = await registry.register({});
    const id = body.client_id as string;
    const key = body.registration_access_token as string;
    await deny(id, 3_000);
    const path = `/v2/oauth/register/${id}/secrets`;
    const statements = await statementsOf(registry.dataSource, async () => {
      expect((await registry.send(path, { method: 'POST', key, body: {} })).status).toBe(201);
      await age(25 * HOUR_MS, [id]);
      await purge();
    });
    expect(await idsOf()).toEqual([]);
    expect(await events([id])).toEqual(new Map([[id, 3_000]]));
    const reads = statements.filter(
      (sql) => /audit_events/.test(sql) && /actor_id|client_id =/.test(sql) && !/^INSERT/.test(sql),
    );
    const plans = await registry.dataSource.transaction(async (manager) => {
      // Tables of few rows would be read as a whole
      if (engine === 'postgres') await manager.query('SET LOCAL enable_seqscan = off');
      const found: string[] = [];
      for (const sql of reads) {
        const explain =
          engine === 'sqlite'
            ? `EXPLAIN QUERY PLAN ${sql.replace(/:\w+|\?/g, '1')}`
            : `EXPLAIN (GENERIC_PLAN) ${sql}`;
        found.push(JSON.stringify(await manager.query<object[]>(explain)));
      }
      return found;
    });
    // The count before a change; the count, the deletion and the first event of a removal
    expect(plans).toHaveLength(4);
    for (const plan of plans) expect(plan).toMatch(/audit_events_(actor|client)_id/);
    expect(plans.filter((plan) => plan.includes('audit_events_client_id'))).toHaveLength(1);
  });
});
