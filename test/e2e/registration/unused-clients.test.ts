import { randomUUID } from 'node:crypto';
import { AnonymousClientQuota } from '../../../src/clients/anonymous/anonymous-client-quota.js';
import { ClientUseService } from '../../../src/clients/use/client-use.service.js';
import { Retention } from '../../../src/jobs/retention.js';
import { onEachEngine } from '../../support/databases.js';
import { type Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { anonymousClients, HOUR_MS, PUBLIC } from '../../support/anonymous-clients.js';
import { UNKNOWN_ID } from '../../support/graphql/operator.js';

/** Of 50 callers. */
const FLOOD_ROUNDS = Number(process.env.FLOOD_ROUNDS ?? 6);

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
    mutate,
    recordUse,
    clientOf,
    unused,
    hasRoom,
    removals,
    refusalOf,
  } = anonymousClients(engine);
  const start = async (env: Record<string, string> = {}) => void (registry = await startFirst(env));

  describe('the use of a client', () => {
    beforeAll(() => start());
    afterAll(stopAll);

    it('is recorded by an authorization server, at most once an hour, without a new version or event', async () => {
      const id = await register();
      const before = await clientOf(id);
      expect(before).toMatchObject({ lastUsedAt: null, registrationCount: 1 });
      const began = Date.now();
      expect(await recordUse(id, id, UNKNOWN_ID, 'no id')).toBe(1);
      const after = await clientOf(id);
      expect(after).toEqual({ ...before, lastUsedAt: expect.any(String) });
      expect(Date.parse(after.lastUsedAt)).toBeGreaterThanOrEqual(began);
      expect(await recordUse(id)).toBe(0);
      await registry.dataSource.query(`UPDATE oauth_clients SET last_used_at = last_used_at - ${HOUR_MS}`);
      expect(await recordUse(id)).toBe(1);
      const { auditEvents } = await graphql(
        `{ auditEvents(first: 10, filter: { clientId: "${id}" }) { nodes { action } } }`,
      );
      expect(auditEvents.nodes).toEqual([{ action: 'CLIENT_CREATED' }]);
    });

    it('is recorded for at most 1,000 clients at a time', async () => {
      const id = await register();
      expect(await recordUse(...Array<string>(999).fill(UNKNOWN_ID), id)).toBe(1);
      const { body } = await registry.graphql(
        'mutation ($ids: [ID!]!) { recordOAuthClientUse(clientIds: $ids) { count } }',
        { ids: Array<string>(1001).fill(id) },
      );
      expect(body.errors[0].extensions).toEqual({
        code: 'BAD_USER_INPUT',
        invalid_fields: { clientIds: ['must contain at most 1000 ids'] },
      });
    });

    it('is recorded once by two servers at the same time', async () => {
      const ids = await Promise.all(Array.from({ length: 40 }, () => register()));
      const counts = await Promise.all([recordUse(...ids), recordUse(...[...ids].reverse())]);
      expect(counts[0] + counts[1]).toBe(40);
      expect((await unused(true)).filter((id) => ids.includes(id))).toEqual([]);
    });

    it('separates used clients from unused ones, which are anonymous, active and not verified', async () => {
      const client_name = randomUUID();
      const [anonymous, used, verified, disabled] = await Promise.all(
        Array.from({ length: 4 }, () => register({ client_name })),
      );
      const { apiKey } = await registry.createKey();
      const owned = (await registry.register({ client_name }, apiKey)).body.client_id;
      await recordUse(used!);
      await mutate(`setOAuthClientVerified(clientId: "${verified}", verified: true) { client { version } }`);
      await mutate(`disableOAuthClient(clientId: "${disabled}") { client { version } }`);
      expect(await unused(true, client_name)).toEqual([anonymous]);
      expect(await unused(false, client_name)).toEqual([used, verified, disabled, owned].sort());
      const { deleteOAuthClients } = await mutate(
        `deleteOAuthClients(filter: { unused: true, nameContains: "${client_name}" }) { count dryRun }`,
      );
      expect(deleteOAuthClients).toEqual({ count: 1, dryRun: true });
    });

    it('is not recorded when a client manages its own registration', async () => {
      const { body } = await registry.register(PUBLIC);
      const path = `/v2/oauth/register/${body.client_id as string}`;
      const key = body.registration_access_token as string;
      expect((await registry.send(path, { method: 'GET', key })).status).toBe(200);
      const put = { ...PUBLIC, client_id: body.client_id };
      expect((await registry.send(path, { method: 'PUT', key, body: put })).status).toBe(200);
      expect(await unused(true)).toContain(body.client_id);
    });
  });

  describe('the pool of unused clients', () => {
    afterEach(stopAll);

    it('evicts the oldest client that is old enough, with its own events', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '3' });
      const ids = [await register(), await register(), await register()];
      await age(HOUR_MS + 1000, ids.slice(0, 2));
      const fourth = await register();
      expect(await idsOf()).toEqual([ids[1], ids[2], fourth].sort());
      const { body } = await registry.register({});
      expect(await idsOf()).toEqual([ids[2], fourth, body.client_id].sort());
      expect(refusalOf(await registry.register({}))).toEqual({
        status: 503,
        error: 'temporarily_unavailable',
        // The oldest was registered a moment ago
        retryAfter: expect.any(Number),
      });
      expect(await registry.rows('oauth_client_secrets')).toBe(3);
      expect((await removals()).map(({ changes }) => changes[0]!.before)).toEqual([1, 1]);
      const { auditEvents } = await graphql(
        `{ auditEvents(first: 9, filter: { clientId: "${ids[0]}" }) { nodes { id } } }`,
      );
      expect(auditEvents.nodes).toEqual([]);
    });

    it.each(['REGISTRATION_MAX_UNUSED', 'REGISTRATION_UNUSED_TTL'])(
      'has at most 250 events, and can be read and deleted then: %s',
      async (variable) => {
        await start({ [variable]: variable === 'REGISTRATION_MAX_UNUSED' ? '3' : '30d' });
        const { body } = await registry.register({});
        const path = `/v2/oauth/register/${body.client_id}`;
        let key = body.registration_access_token as string;
        const update = async (i: number) => {
          const answer = await registry.send(path, {
            method: 'PUT',
            key,
            body: { client_id: body.client_id, client_name: `Name ${i}` },
          });
          key = answer.body.registration_access_token ?? key;
          return answer;
        };
        // One event of the registration, and two of each update
        for (let i = 0; i < 125; i++) expect((await update(i)).status).toBe(200);
        const limited = { status: 429, error: 'rate_limited', retryAfter: 3600 };
        expect(refusalOf(await update(125))).toEqual(limited);
        expect(refusalOf(await registry.send(`${path}/secrets`, { method: 'POST', key, body: {} }))).toEqual(
          limited,
        );
        expect(await registry.rows('audit_events')).toBe(252);
        expect((await registry.send(path, { method: 'GET', key })).body.client_name).toBe('Name 124');

        await recordUse(body.client_id as string);
        expect((await update(126)).status).toBe(200);
        await registry.dataSource.query('UPDATE oauth_clients SET last_used_at = NULL');
        expect((await update(127)).status).toBe(429);
        expect((await registry.send(path, { method: 'DELETE', key })).status).toBe(204);
      },
    );

    it('says in Retry-After when the oldest will be old enough, and sends no query until then', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '1', REGISTRATION_UNUSED_MIN_AGE: '2h' });
      const id = await register();
      await age(HOUR_MS + HOUR_MS / 2, [id]);
      const refusal = refusalOf(await registry.register({}));
      expect(refusal).toMatchObject({ status: 503, error: 'temporarily_unavailable' });
      expect(refusal.retryAfter).toBeGreaterThan(1790);
      expect(refusal.retryAfter).toBeLessThanOrEqual(1800);
      const statements = await statementsOf(registry.dataSource, () =>
        Promise.all(Array.from({ length: 20 }, () => registry.register({}))),
      );
      // At most the steps of a count, once a second
      expect(statements.filter((sql) => !sql.includes('created_at DESC'))).toEqual([]);
      expect(statements.length).toBeLessThanOrEqual(2);
      expect(await idsOf()).toEqual([id]);
    });

    it('has room again once clients are used, and holds only clients without an owner', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '2' });
      const ids = [await register(), await register()];
      const { apiKey } = await registry.createKey();
      const { value } = await registry.createInitialAccessToken();
      expect((await registry.register({}, apiKey)).status).toBe(201);
      expect((await registry.register({}, value)).status).toBe(201);
      expect((await registry.register({})).status).toBe(503);
      await recordUse(...ids);
      await hasRoom(registry);
    });

    it('gives the place of a registration that failed to the next one', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '2' });
      const quota = registry.app.get(AnonymousClientQuota, { strict: false });
      for (let i = 0; i < 3; i++) {
        await expect(quota.reserve(() => Promise.reject(new Error('not stored')))).rejects.toThrow(
          'not stored',
        );
      }
      const kept = [await register(), await register()];
      expect(await idsOf()).toEqual(kept);
      expect((await registry.register({})).status).toBe(503);
    });

    it('accepts registrations after its limit was lowered', async () => {
      await start();
      const ids = await Promise.all(Array.from({ length: 30 }, () => register()));
      // All in the same millisecond, so that only their number says how many may go
      await registry.dataSource.query(`UPDATE oauth_clients SET created_at = ${Date.now() - HOUR_MS - 1000}`);
      expect(await unused(true)).toHaveLength(ids.length);
      const smaller = await startAnother({ REGISTRATION_MAX_UNUSED: '5' });
      await register({}, smaller);
      expect((await unused(true)).length).toBe(5);
    });

    it('keeps its limit in a flood, in every table', async () => {
      const max = 50;
      await start({ REGISTRATION_MAX_UNUSED: String(max), REGISTRATION_UNUSED_MIN_AGE: 'off' });
      const statuses = new Set<number>();
      const sizes: number[] = [];
      const caller = async () => {
        for (let i = 0; i < FLOOD_ROUNDS; i++) {
          statuses.add((await registry.register({})).status);
          if (i % 4 === 0) sizes.push(await registry.rows('oauth_clients'));
        }
      };
      await Promise.all(Array.from({ length: 50 }, caller));
      expect([...statuses]).toEqual([201]);
      // One instance knows what it has admitted, so it has no slack
      expect(Math.max(...sizes)).toBeLessThanOrEqual(max);
      const left = await registry.rows('oauth_clients');
      expect(await registry.rows('oauth_client_secrets')).toBe(left);
      const events = await registry.dataSource.query<{ action: string; changes: string }[]>(
        'SELECT action, changes FROM audit_events',
      );
      expect(events.filter(({ action }) => action === 'client.created').length).toBe(left);
      const removed = events
        .filter(({ action }) => action === 'unused_clients.removed')
        .map(({ changes }) => (JSON.parse(changes) as [{ before: number }])[0].before);
      expect(removed.reduce((sum, count) => sum + count, 0)).toBe(50 * FLOOD_ROUNDS - left);
    });

    if (engine === 'postgres') {
      it('of three instances is exceeded by no more than they add in a second, and for no longer', async () => {
        const max = 60;
        const env = { REGISTRATION_MAX_UNUSED: String(max), REGISTRATION_UNUSED_MIN_AGE: 'off' };
        await start(env);
        const instances = [registry, await startAnother(env), await startAnother(env)];
        // Each counts now, and knows of a pool that is all but empty
        for (const instance of instances) await register({}, instance);
        const callers = instances.flatMap((instance) => Array<Registry>(10).fill(instance));
        await Promise.all(
          callers.map(async (instance) => {
            for (let i = 0; i < 10; i++) await register({}, instance);
          }),
        );
        expect(await registry.rows('oauth_clients')).toBeLessThanOrEqual(instances.length * max);
        for (let size = Infinity; size > max; size = await registry.rows('oauth_clients')) {
          await new Promise((done) => setTimeout(done, 200));
          for (const instance of instances) await register({}, instance);
        }
      });
    }

    it('keeps a client that was registered again, which takes no second place', async () => {
      await start({ REGISTRATION_REUSE: 'true', REGISTRATION_MAX_UNUSED: '2' });
      const shared = await register(PUBLIC);
      const other = await register({});
      await age(2 * HOUR_MS, [shared, other]);
      expect(await register(PUBLIC)).toBe(shared);
      const third = await register({});
      expect(await idsOf()).toEqual([shared, third].sort());
      expect((await registry.register({})).status).toBe(503);
      expect(await register(PUBLIC)).toBe(shared);
    });
  });

  describe('REGISTRATION_UNUSED_TTL', () => {
    afterEach(stopAll);

    it('removes clients unused since then, once, on any number of instances', async () => {
      await start({ REGISTRATION_UNUSED_TTL: '1d' });
      const ids = await Promise.all(Array.from({ length: 12 }, () => register()));
      const { apiKey } = await registry.createKey();
      const owned = (await registry.register({}, apiKey)).body.client_id as string;
      const [used, fresh, ...old] = ids as [string, string, ...string[]];
      await recordUse(used);
      await age(25 * HOUR_MS, [used, owned, ...old]);
      // SQLite has one process per file
      const other = engine === 'postgres' ? await startAnother({ REGISTRATION_UNUSED_TTL: '1d' }) : registry;
      await Promise.all([registry, other].map((each) => each.app.get(Retention, { strict: false }).run()));
      expect(await idsOf()).toEqual([used, fresh, owned].sort());
      const removed = await removals();
      expect(removed.map(({ changes }) => changes[0]!.before).reduce((sum, n) => sum + n, 0)).toBe(10);
      expect(removed[0]).toMatchObject({ clientId: null, channel: 'JOB', actor: { type: 'SYSTEM' } });
    });

    it('is off by default, and a dry run removes nothing', async () => {
      await start();
      const id = await register();
      await age(1000 * 24 * HOUR_MS, [id]);
      await registry.app.get(Retention, { strict: false }).run();
      const summary = await registry.app
        .get(ClientUseService, { strict: false })
        .unusedSince(new Date(Date.now() - HOUR_MS));
      expect(summary).toEqual({ count: 1, oldest: summary.newest, newest: expect.any(Date) });
      expect(await idsOf()).toEqual([id]);
    });

    it('keeps the events of an operator about a removed client', async () => {
      await start({ REGISTRATION_UNUSED_TTL: '1d' });
      const id = await register();
      for (const mutation of ['disableOAuthClient', 'enableOAuthClient'])
        await graphql(`mutation { ${mutation}(clientId: "${id}") { client { version } } }`);
      await age(25 * HOUR_MS, [id]);
      await registry.app.get(Retention, { strict: false }).run();
      expect(await idsOf()).toEqual([]);
      const { auditEvents } = await graphql(
        `{ auditEvents(first: 9, filter: { clientId: "${id}" }) { nodes { action } } }`,
      );
      expect(auditEvents.nodes).toEqual([{ action: 'CLIENT_ENABLED' }, { action: 'CLIENT_DISABLED' }]);
    });
  });

  if (engine === 'sqlite') {
    it('unused clients are found by their partial index', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '1', REGISTRATION_UNUSED_MIN_AGE: 'off' });
      const statements = await statementsOf(registry.dataSource, async () => {
        await register({});
        await register({});
      });
      const searches = statements.filter((sql) => /SELECT.*"source" = 'dynamic'/s.test(sql));
      const plans = searches.map(async (sql) => {
        const text = sql.replace(/:\w+|\?/g, '1');
        return JSON.stringify(await registry.dataSource.query(`EXPLAIN QUERY PLAN ${text}`));
      });
      // The count, which a slow machine repeats, and the eviction
      expect(plans.length).toBeGreaterThanOrEqual(2);
      for (const plan of await Promise.all(plans)) expect(plan).toContain('oauth_clients_unused');
      await stopAll();
    });
  }
});
