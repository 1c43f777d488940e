import { randomUUID } from 'node:crypto';
import { ClientUseService } from '../../../src/clients/use/client-use.service.js';
import { Retention } from '../../../src/jobs/retention.js';
import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/statements.js';
import { lockClients } from '../../support/write-lock.js';

const HOUR_MS = 3_600_000;
const PUBLIC = { token_endpoint_auth_method: 'none', redirect_uris: ['http://localhost:8080/cb'] };
/** Of 50 callers. */
const FLOOD_ROUNDS = Number(process.env.FLOOD_ROUNDS ?? 6);
const UNKNOWN_ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';

onEachEngine((engine) => {
  let registry: Registry;
  const started: Registry[] = [];
  const start = async (env: Record<string, string> = {}) => {
    registry = await Registry.start(engine, env);
    started.push(registry);
  };
  /** On the same database. On SQLite, whoever writes while the other does waits for nothing: they are one process. */
  const startAnother = async (env: Record<string, string> = {}) => {
    const other = await Registry.start(engine, { ...env, DATABASE_URL: registry.databaseUrl });
    started.push(other);
    return other;
  };
  const stopAll = async () => {
    for (const each of started.splice(0).reverse()) await each.stop();
  };

  const idsOf = async (condition = '') => {
    const rows = await registry.dataSource.query<{ id: string }[]>(
      `SELECT id FROM oauth_clients ${condition} ORDER BY id`,
    );
    return rows.map(({ id }) => id);
  };
  const age = (ms: number, ids: readonly string[]) =>
    registry.dataSource.query(
      `UPDATE oauth_clients SET created_at = created_at - ${ms}, last_registered_at = last_registered_at - ${ms}
       WHERE id IN (${ids.map((id) => `'${id}'`).join()})`,
    );
  const register = async (body: object = {}, at = registry): Promise<string> => {
    const answer = await at.register(body);
    expect(answer.status).toBe(201);
    return answer.body.client_id as string;
  };
  const graphql = async (query: string, variables: object = {}) => {
    const { body } = await registry.graphql(query, variables);
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return body.data;
  };
  const mutate = (field: string) => graphql(`mutation { ${field} }`);
  const recordUse = async (...clientIds: string[]): Promise<number> => {
    const mutation = 'mutation ($ids: [ID!]!) { recordOAuthClientUse(clientIds: $ids) { count } }';
    return (await graphql(mutation, { ids: clientIds })).recordOAuthClientUse.count;
  };
  const clientOf = async (id: string) =>
    (
      await graphql(
        `
          query ($id: ID!) {
            oauthClient(clientId: $id) {
              lastUsedAt
              registrationCount
              version
              updatedAt
              verified
              status
            }
          }
        `,
        { id },
      )
    ).oauthClient;
  const unused = async (isUnused: boolean, nameContains?: string): Promise<string[]> => {
    const query =
      'query ($filter: OAuthClientFilter) { oauthClients(first: 100, filter: $filter) { nodes { clientId } } }';
    const { oauthClients } = await graphql(query, { filter: { unused: isUnused, nameContains } });
    const nodes = oauthClients.nodes as { clientId: string }[];
    return nodes.map(({ clientId }) => clientId).sort();
  };
  /** As soon as the instance counts again: once a second, and less often where that takes long. */
  const hasRoom = async (at: Registry) => {
    for (let status = 503; status !== 201; status = (await at.register({})).status)
      await new Promise((done) => setTimeout(done, 100));
  };
  const removals = async () => {
    const { auditEvents } = await graphql(
      '{ auditEvents(first: 100, filter: { action: UNUSED_CLIENTS_REMOVED }) { nodes { clientId door actor { type } changes { before } } } }',
    );
    return auditEvents.nodes as { changes: { before: number }[] }[];
  };
  const refusalOf = ({ status, body, headers }: Answer) => ({
    status,
    error: body.error,
    retryAfter: Number(headers.get('retry-after')),
  });

  describe('a client is known to be used', () => {
    beforeAll(() => start());
    afterAll(stopAll);

    it('once an authorization server says so, at most once an hour, and it is no change of it', async () => {
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

    it('a thousand of them at a time, and no more', async () => {
      const id = await register();
      expect(await recordUse(...Array<string>(999).fill(UNKNOWN_ID), id)).toBe(1);
      const { body } = await registry.graphql(
        'mutation ($ids: [ID!]!) { recordOAuthClientUse(clientIds: $ids) { count } }',
        { ids: Array<string>(1001).fill(id) },
      );
      expect(body.errors[0].extensions).toEqual({
        code: 'BAD_USER_INPUT',
        invalid_fields: { clientIds: ['must be at most 1000'] },
      });
    });

    it('by two servers at once', async () => {
      const ids = await Promise.all(Array.from({ length: 40 }, () => register()));
      const counts = await Promise.all([recordUse(...ids), recordUse(...[...ids].reverse())]);
      expect(counts[0] + counts[1]).toBe(40);
      expect((await unused(true)).filter((id) => ids.includes(id))).toEqual([]);
    });

    it('and listed apart from those that are not, which are anonymous, active and not vouched for', async () => {
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

    it('but not because it says so itself: a flood could do that, too', async () => {
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

    it('evicts the oldest for a new one, once it is old enough, and the trail forgets what it did itself', async () => {
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

    it('says when the oldest will be old enough, and asks the database nothing until then', async () => {
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
      // At most a count, once a second
      expect(statements.filter((sql) => !sql.includes('COUNT'))).toEqual([]);
      expect(statements.length).toBeLessThanOrEqual(2);
      expect(await idsOf()).toEqual([id]);
    });

    it('has room again once clients are used, and is only for those that nobody owns', async () => {
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

    it('is not left by those who end their own registration, or a flood would stay until it is purged', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '5' });
      const end = async ({ body }: Answer) => {
        const path = `/v2/oauth/register/${body.client_id as string}`;
        const key = body.registration_access_token as string;
        expect((await registry.send(path, { method: 'DELETE', key })).status).toBe(204);
        return body.client_id as string;
      };
      for (let i = 0; i < 3; i++) await end(await registry.register({}));
      expect(await idsOf()).toEqual([]);
      expect(await registry.rows('oauth_client_secrets')).toBe(0);
      const events = await registry.dataSource.query(
        `SELECT 1 FROM audit_events WHERE door = 'registration' AND action <> 'unused_client.deleted'`,
      );
      expect(events).toEqual([]);
      const used = await registry.register({});
      await recordUse(used.body.client_id as string);
      const id = await end(used);
      expect(await idsOf('WHERE deleted_at IS NOT NULL')).toEqual([id]);
    });

    const deletions = async () => {
      const { auditEvents } = await graphql(
        '{ auditEvents(first: 100, filter: { action: UNUSED_CLIENT_DELETED }) { nodes { clientId address door actor { type } changes { field before after removed } } } }',
      );
      return auditEvents.nodes as { clientId: string; changes: object[] }[];
    };
    const deleteItself = ({ body }: Answer, address: string) =>
      registry.send(`/v2/oauth/register/${body.client_id as string}`, {
        method: 'DELETE',
        key: body.registration_access_token as string,
        headers: { 'x-forwarded-for': address },
      });

    it.each<[string, Record<string, unknown>[], { names: string[]; redirectHosts: string[] }]>([
      [
        'a redirect URI of more than 256 bytes',
        [
          { client_name: 'x', redirect_uris: [`https://evil.example/cb?${'a'.repeat(300)}`] },
          { client_name: 'x', redirect_uris: ['https://good.example/cb'] },
        ],
        { names: ['x'], redirectHosts: ['evil.example', 'good.example'] },
      ],
      [
        'a name in another language among many, taken back',
        [
          {
            client_name: 'x',
            'client_name#en': 'Evil Bank',
            ...Object.fromEntries(['de', 'fr', 'it'].map((tag) => [`client_name#${tag}`, tag.repeat(60)])),
            redirect_uris: ['https://evil.example/cb'],
          },
          { client_name: 'x', redirect_uris: ['https://evil.example/cb'] },
        ],
        {
          names: ['x', 'Evil Bank', 'de'.repeat(60), 'fr'.repeat(60), 'it'.repeat(60)],
          redirectHosts: ['evil.example'],
        },
      ],
      [
        'long names after a short one, in many bytes',
        ['Evil Bank', ...['あ', 'い', 'う'].map((letter) => letter.repeat(250))].map((client_name) => ({
          client_name,
          redirect_uris: ['https://evil.example/cb'],
        })),
        {
          names: ['Evil Bank', ...['あ', 'い', 'う'].map((letter) => letter.repeat(250))],
          redirectHosts: ['evil.example'],
        },
      ],
      [
        'one host, then six long ones',
        [
          { client_name: 'x', redirect_uris: ['https://evil.example/cb'] },
          {
            client_name: 'x',
            redirect_uris: Array.from(
              { length: 6 },
              (_, i) => `https://${`${'a'.repeat(60)}.`.repeat(3)}${i}.example/`,
            ),
          },
        ],
        {
          names: ['x'],
          redirectHosts: [
            'evil.example',
            ...Array.from({ length: 6 }, (_, i) => `${`${'a'.repeat(60)}.`.repeat(3)}${i}.example`),
          ],
        },
      ],
    ])('keeps what a client was called that ended itself, and where it led: %s', async (_, bodies, kept) => {
      await start({ REGISTRATION_MAX_UNUSED: '5', TRUST_PROXY: '1' });
      const [first, ...updates] = bodies;
      let answer = await registry.register(first!);
      for (const update of updates) {
        const { client_id, registration_access_token } = answer.body;
        answer = await registry.send(`/v2/oauth/register/${client_id as string}`, {
          method: 'PUT',
          key: registration_access_token as string,
          body: { client_id, ...update },
        });
        expect(answer.status).toBe(200);
        answer.body.registration_access_token ??= registration_access_token;
      }
      expect((await deleteItself(answer, '203.0.113.9')).status).toBe(204);
      const [event] = await deletions();
      const removed = (event!.changes as { field: string; removed: string[] }[]).map(({ field, removed }) => [
        field,
        removed.toSorted(),
      ]);
      expect(Object.fromEntries(removed)).toEqual({
        names: kept.names.toSorted(),
        redirectHosts: kept.redirectHosts.toSorted(),
      });
    });

    it('keeps one event of a client that ended itself: all its names, its redirect hosts, and the address', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '5', TRUST_PROXY: '1' });
      const registered = await registry.register({
        client_name: 'Your bank',
        redirect_uris: ['https://evil.example/cb', 'https://evil.example/cb2'],
      });
      const id = registered.body.client_id as string;
      const replaced = await registry.send(`/v2/oauth/register/${id}`, {
        method: 'PUT',
        key: registered.body.registration_access_token as string,
        body: {
          client_id: id,
          client_name: 'Nothing to see',
          redirect_uris: [
            'com.example.app:/cb',
            ...Array.from({ length: 40 }, (_, i) => `https://h${i}.example/`),
          ],
        },
      });
      expect(replaced.status).toBe(200);
      expect((await deleteItself(replaced, '203.0.113.9')).status).toBe(204);
      const [event, ...others] = await deletions();
      expect(others).toEqual([]);
      expect(event).toMatchObject({
        clientId: id,
        address: '203.0.113.9',
        door: 'REGISTRATION',
        actor: { type: 'REGISTRATION_TOKEN' },
      });
      expect(event!.changes).toEqual([
        { field: 'names', before: null, after: null, removed: ['Your bank', 'Nothing to see'] },
        {
          field: 'redirectHosts',
          before: null,
          after: null,
          removed: expect.arrayContaining(['com.example.app:', 'evil.example', 'h0.example']),
        },
      ]);
      const rows = await registry.dataSource.query(`SELECT 1 FROM audit_events WHERE client_id = '${id}'`);
      expect(rows).toHaveLength(1);
    });

    it('lets an address end so many unused registrations in an hour that what stays of them fills no disk', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '100', TRUST_PROXY: '1' });
      const statuses: number[] = [];
      let last: Answer | undefined;
      let registered = await registry.register({});
      for (let i = 0; i < 62 && (last?.status ?? 204) === 204; i++) {
        registered = await registry.register({});
        last = await deleteItself(registered, '203.0.113.9');
        statuses.push(last.status);
      }
      expect(statuses).toEqual([...Array<number>(60).fill(204), 429]);
      expect(refusalOf(last!)).toMatchObject({ status: 429, error: 'rate_limited' });
      expect(refusalOf(last!).retryAfter).toBeGreaterThan(3_500);
      // It is there as before, and others go on
      expect(await idsOf()).toContain(registered.body.client_id);
      expect((await deleteItself(registered, '203.0.113.10')).status).toBe(204);
      expect(await registry.rows('audit_events')).toBeLessThan(70);
    });

    it('lets everybody else end theirs when somebody floods what is left of them, whose events go first', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '100', TRUST_PROXY: '1' });
      const hex = (Date.now() - HOUR_MS / 2).toString(16).padStart(12, '0');
      const idOf = (i: number) =>
        `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(i).padStart(12, '0')}`;
      // The oldest are of others. Of one site, each of sixteen networks has left as many as a caller may
      const others = Array.from({ length: 40 }, (_, i) => `198.51.100.${i}`);
      const flood = Array.from({ length: 960 }, (_, i) => `2001:db8:1:${i % 16}::${i}`);
      const rows = [...others, ...flood].map(
        (address, i) =>
          `('${idOf(i)}', 'registration_token', '${idOf(i)}', 'registration', 'unused_client.deleted', '${idOf(i)}', '${idOf(i)}', '${address}', NULL, '[]')`,
      );
      await registry.dataSource.query(
        `INSERT INTO audit_events (id, actor_type, actor_id, door, action, client_id, target_id, address, request_id, changes) VALUES ${rows.join()}`,
      );
      const left = async () => {
        const events: { address: string }[] = await registry.dataSource.query(
          `SELECT address FROM audit_events WHERE action = 'unused_client.deleted' ORDER BY id`,
        );
        return events.map(({ address }) => address);
      };
      const refused = await deleteItself(await registry.register({}), '2001:db8:1:ffff::1');
      expect(refusalOf(refused)).toMatchObject({ status: 429, error: 'rate_limited' });
      const honest = ['203.0.113.9', '203.0.113.10'];
      for (const address of honest) {
        expect((await deleteItself(await registry.register({}), address)).status).toBe(204);
      }
      expect(await left()).toEqual([...others, ...flood.slice(2), ...honest]);
    });

    it('forgets what is left of it after 30 days where AUDIT_RETENTION is off', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '5' });
      const ids = [];
      for (let i = 0; i < 2; i++) {
        const registered = await registry.register({});
        await deleteItself(registered, '');
        ids.push(registered.body.client_id as string);
      }
      const hex = (Date.now() - 31 * 24 * HOUR_MS).toString(16).padStart(12, '0');
      await registry.dataSource.query(
        `UPDATE audit_events SET id = '${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000' WHERE client_id = '${ids[0]}'`,
      );
      await registry.app.get(Retention, { strict: false }).run();
      expect((await deletions()).map(({ clientId }) => clientId)).toEqual([ids[1]]);
    });

    it('does not lock those out who come after it was made smaller', async () => {
      await start();
      const ids = await Promise.all(Array.from({ length: 30 }, () => register()));
      // All in the same millisecond, so that only their number says how many may go
      await registry.dataSource.query(`UPDATE oauth_clients SET created_at = ${Date.now() - HOUR_MS - 1000}`);
      expect(await unused(true)).toHaveLength(ids.length);
      const smaller = await startAnother({ REGISTRATION_MAX_UNUSED: '5' });
      await register({}, smaller);
      expect((await unused(true)).length).toBe(5);
    });

    it('keeps within its bound in a flood, and leaves no more rows than that', async () => {
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
      // One instance knows what it has let in, so it has no slack
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

    it('keeps a client that was registered again, which needs no other place', async () => {
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

    it('removes what nobody has used since, once, on any number of instances', async () => {
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
      expect(removed[0]).toMatchObject({ clientId: null, door: 'SYSTEM', actor: { type: 'SYSTEM' } });
    });

    it('is off unless set, and a look beforehand removes nothing', async () => {
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

    it('keeps what an operator did to a client in the trail', async () => {
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

  describe('REGISTRATION_REUSE', () => {
    beforeAll(() => start({ REGISTRATION_REUSE: 'true' }));
    afterAll(stopAll);

    /** What no other case registers. */
    let named = { ...PUBLIC, client_name: '', scope: '' };
    beforeEach(() => {
      named = { ...PUBLIC, client_name: randomUUID(), scope: 'read' };
    });

    it('answers what asks for the same with the same client, counts it, and lets nobody manage it', async () => {
      const first = await registry.register(named);
      const second = await registry.register(Object.fromEntries(Object.entries(named).reverse()));
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.body).toEqual(first.body);
      expect(Object.keys(first.body as object)).toEqual([
        'client_id',
        'client_id_issued_at',
        'client_name',
        'token_endpoint_auth_method',
        'grant_types',
        'redirect_uris',
        'response_types',
        'scope',
      ]);
      const id = first.body.client_id as string;
      expect(await clientOf(id)).toMatchObject({ registrationCount: 2, version: 1 });
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const body = method === 'PUT' ? { ...named, client_id: id } : undefined;
        const answer = await registry.send(`/v2/oauth/register/${id}`, { method, key: 'x', body });
        expect(answer.status).toBe(401);
      }
      await expect(
        mutate(`reissueRegistrationAccessToken(clientId: "${id}") { registrationAccessToken }`),
      ).rejects.toThrow('BAD_USER_INPUT');
    });

    it.each([
      ['another name', { client_name: 'editor' }],
      ['no name', { client_name: undefined }],
      ['another redirect URI', { redirect_uris: ['http://localhost:8081/cb'] }],
      ['another scope', { scope: 'read write' }],
      ['a translation', { 'client_name#ja': 'エディタ' }],
      ['another version', { software_version: '2' }],
    ])('not what differs: %s', async (_, difference) => {
      expect(await register({ ...named, ...difference })).not.toBe(await register(named));
    });

    it('not confidential clients, not those that somebody owns, and none at all where it is off', async () => {
      const confidential = { ...named, token_endpoint_auth_method: 'client_secret_basic' };
      const { apiKey } = await registry.createKey();
      const { value } = await registry.createInitialAccessToken();
      for (const [body, key] of [
        [confidential, null],
        [named, apiKey],
        [named, value],
      ] as const) {
        const answers = [await registry.register(body, key), await registry.register(body, key)];
        expect(answers[0]!.body.client_id).not.toBe(answers[1]!.body.client_id);
        expect(answers[0]!.body.registration_access_token).toEqual(expect.any(String));
      }
      const plain = await startAnother();
      expect(await register(named, plain)).not.toBe(await register(named, plain));
    });

    it.each<[string, number[]]>([
      ['who came first', [0]],
      ['who came later', [1]],
      ['both', [0, 1]],
    ])('one who hangs up fails nobody who waits for the same client: %s', async (_, gone) => {
      const isArrived = () => new Promise((done) => setTimeout(done, 300));
      const unlock = await lockClients(registry);
      // While this one is written, the next wait for their turn
      const before = registry.register({ ...named, client_name: randomUUID() });
      await isArrived();
      const callers = [];
      for (let i = 0; i < 4; i++) {
        const hangUp = new AbortController();
        const body = JSON.stringify(named);
        const headers = { 'content-type': 'application/json' };
        const { signal } = hangUp;
        const answer = fetch(`${registry.url}/v2/oauth/register`, { method: 'POST', body, headers, signal });
        callers.push({
          hangUp,
          answer: answer.then(
            ({ status }) => status,
            () => 'gone',
          ),
        });
        await isArrived();
      }
      for (const i of gone) callers[i]!.hangUp.abort();
      await isArrived();
      await unlock();
      expect((await before).status).toBe(201);
      expect(await Promise.all(callers.map(({ answer }) => answer))).toEqual(
        callers.map((_, i) => (gone.includes(i) ? 'gone' : 201)),
      );
    });

    it('nothing is registered for callers of whom all have hung up', async () => {
      const unlock = await lockClients(registry);
      const before = registry.register({ ...named, client_name: randomUUID() });
      await new Promise((done) => setTimeout(done, 300));
      const hangUp = new AbortController();
      const { signal } = hangUp;
      const [body, headers] = [JSON.stringify(named), { 'content-type': 'application/json' }];
      const answers = [1, 2].map(() =>
        fetch(`${registry.url}/v2/oauth/register`, { method: 'POST', body, headers, signal }),
      );
      await new Promise((done) => setTimeout(done, 300));
      hangUp.abort();
      expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual([
        'rejected',
        'rejected',
      ]);
      await new Promise((done) => setTimeout(done, 300));
      await unlock();
      expect((await before).status).toBe(201);
      const known = await clientOf(await register(named));
      expect(known).toMatchObject({ registrationCount: 1 });
    });

    it('gives one client to all who come at once, through whichever instance, and counts each', async () => {
      const other = engine === 'postgres' ? await startAnother({ REGISTRATION_REUSE: 'true' }) : registry;
      const neighbour = { redirect_uris: PUBLIC.redirect_uris, client_name: randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) => [
          (i % 2 ? other : registry).register(named),
          (i % 2 ? other : registry).register(neighbour),
        ]).flat(),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      const shared = new Set(answers.filter((_, i) => i % 2 === 0).map(({ body }) => body.client_id));
      expect(shared.size).toBe(1);
      expect(await clientOf([...shared][0] as string)).toMatchObject({ registrationCount: 40 });
      expect(new Set(answers.map(({ body }) => body.client_id)).size).toBe(41);
    });

    it.each([
      [
        'changed',
        'updateOAuthClient(clientId: "ID", version: 1, input: { logoUri: "https://a.example/" })',
        null,
      ],
      ['disabled', 'disableOAuthClient(clientId: "ID")', 'enableOAuthClient(clientId: "ID")'],
      ['deleted', 'deleteOAuthClient(clientId: "ID")', 'restoreOAuthClient(clientId: "ID")'],
    ])(
      'gives a client that an operator has %s to nobody any more, whatever becomes of it',
      async (_, change, back) => {
        const id = await register(named);
        const operate = (field: string) => mutate(`${field.replace('ID', id)} { client { clientId } }`);
        await operate(change);
        const next = await register(named);
        expect(next).not.toBe(id);
        if (back) await operate(back);
        expect(await register(named)).toBe(next);
      },
    );

    it('nor one that was disabled with many others, or whose registration somebody manages now', async () => {
      const first = await register(named);
      const filter = `{ unused: true, nameContains: "${named.client_name}" }`;
      await mutate(`disableOAuthClients(filter: ${filter}, dryRun: false) { count }`);
      const second = await register(named);
      await mutate(`reissueRegistrationAccessToken(clientId: "${second}") { registrationAccessToken }`);
      const third = await register(named);
      expect(new Set([first, second, third]).size).toBe(3);
    });

    it('goes on with a client that an operator vouches for: the same is still what he saw', async () => {
      const id = await register(named);
      await mutate(`setOAuthClientVerified(clientId: "${id}", verified: true) { client { version } }`);
      expect(await register(named)).toBe(id);
      expect(await clientOf(id)).toMatchObject({ verified: true, registrationCount: 2 });
    });

    it('asks the database three things for a client that is there: to find it, to lock it, and to count', async () => {
      await register(named);
      const statements = await statementsOf(registry.dataSource, () => register(named));
      // Not what else runs meanwhile, as the clock of purges
      const own = statements.filter((sql) => /\boauth_clients\b/.test(sql));
      expect(own.map((sql) => sql.slice(0, 6))).toEqual(['SELECT', 'SELECT', 'UPDATE']);
      if (engine === 'sqlite') {
        const plan = await registry.dataSource.query(`EXPLAIN QUERY PLAN ${own[0]!.replace('?', "'x'")}`);
        expect(JSON.stringify(plan)).toContain('oauth_clients_metadata_hash');
      }
    });
  });

  describe('REGISTRATION_RESERVED_NAMES', () => {
    afterEach(stopAll);
    const RESERVED = { REGISTRATION_RESERVED_NAMES: 'Example Desktop, Acme, *Globex*' };

    it('lets software be called after the server that it connects to, and tells a developer what to do', async () => {
      await start(RESERVED);
      for (const client_name of ['Claude Code (acme)', 'Executor for Acme']) {
        expect((await registry.register({ ...PUBLIC, client_name })).status).toBe(201);
      }
      const faultOf = async (client_name: string) =>
        (await registry.register({ ...PUBLIC, client_name })).body.invalid_fields as unknown;
      for (const name of ['Acme', 'Acme Inc', 'The Acme App', 'Official Acme', 'Тhе Асmе Арр']) {
        expect(await faultOf(name)).toEqual({
          client_name: [
            'must not begin with the reserved name "Acme", in any language; put the name of your software first, ' +
              'as in "Example for Acme", or ask the operator of this server to create the client',
          ],
        });
      }
      expect(await faultOf('Tools for Globex')).toEqual({
        client_name: [
          'must not contain the reserved name "Globex", in any language; choose another name, ' +
            'or ask the operator of this server to create the client',
        ],
      });
    });

    it('refuses names that pose as one, in every language, and names the field', async () => {
      await start(RESERVED);
      for (const names of [
        { client_name: 'Example Desktop' },
        { client_name: 'ЕхаmрIе-Dеsktор (official)' },
        { client_name: 'Editor', 'client_name#fr': 'ＡＣＭＥ' },
      ]) {
        const { status, body } = await registry.register({ ...PUBLIC, ...names });
        expect([status, body.error, Object.keys(body.invalid_fields as object)]).toEqual([
          400,
          'invalid_client_metadata',
          ['client_name'],
        ]);
      }
      expect(
        (await registry.register({ client_name: 'Acme' }, (await registry.createKey()).apiKey)).status,
      ).toBe(400);
      expect((await registry.register({ client_name: 'Editor' })).status).toBe(201);
      expect(await registry.rows('oauth_clients')).toBe(1);
    });

    it('holds for changes too, but for a name that the client has already', async () => {
      await start();
      const acme = (await registry.register({ ...PUBLIC, client_name: 'Acme Tool' })).body;
      const editor = (await registry.register({ ...PUBLIC, client_name: 'Editor' })).body;
      const stricter = await startAnother(RESERVED);
      const put = ({ client_id, registration_access_token: key }: Answer['body'], client_name: string) =>
        stricter.send(`/v2/oauth/register/${client_id as string}`, {
          method: 'PUT',
          key: key as string,
          body: { ...PUBLIC, client_id, client_name },
        });
      const refused = await put(editor, 'Acme Tool');
      expect([refused.status, Object.keys(refused.body.invalid_fields as object)]).toEqual([
        400,
        ['client_name'],
      ]);
      const { status, body } = await put(acme, 'Acme Tool');
      expect(status).toBe(200);
      expect((await put(body, 'Acme Tools')).status).toBe(400);
    });

    it('takes no other text of a client for a name that it has already', async () => {
      await start(RESERVED);
      const sent = { ...PUBLIC, client_name: 'Editor', 'tos_uri#fr': 'https://globex.example/' };
      const { body } = await registry.register(sent);
      const { client_id, registration_access_token: key } = body;
      const { status } = await registry.send(`/v2/oauth/register/${client_id as string}`, {
        method: 'PUT',
        key: key as string,
        body: { ...sent, client_id, client_name: 'https://globex.example/' },
      });
      expect(status).toBe(400);
    });
  });

  describe('REGISTRATION_REDIRECT_HOSTS', () => {
    afterEach(stopAll);
    it('refuses what leads elsewhere, when registering and when changing', async () => {
      await start({ REGISTRATION_REDIRECT_HOSTS: 'localhost *.example.com !evil.example.com cursor:' });
      const statusOf = async (uri: string) => {
        const { status, body } = await registry.register({ ...PUBLIC, redirect_uris: [uri] });
        return status === 400 ? body.error : status;
      };
      const results: Record<string, unknown> = {};
      for (const uri of [
        'http://localhost:9/cb',
        'https://a.example.com/cb',
        'cursor://cb/x',
        'https://evil.example.com/cb',
        'https://EVIL.example.com:8443/cb',
        'https://other.example/cb',
        'vscode://cb/x',
      ])
        results[uri] = await statusOf(uri);
      expect(results).toEqual({
        'http://localhost:9/cb': 201,
        'https://a.example.com/cb': 201,
        'cursor://cb/x': 201,
        'https://evil.example.com/cb': 'invalid_redirect_uri',
        'https://EVIL.example.com:8443/cb': 'invalid_redirect_uri',
        'https://other.example/cb': 'invalid_redirect_uri',
        'vscode://cb/x': 'invalid_redirect_uri',
      });
      const { body } = await registry.register(PUBLIC);
      const changed = await registry.send(`/v2/oauth/register/${body.client_id as string}`, {
        method: 'PUT',
        key: body.registration_access_token as string,
        body: { ...PUBLIC, client_id: body.client_id, redirect_uris: ['https://evil.example.com/cb'] },
      });
      expect([changed.status, changed.body.error]).toEqual([400, 'invalid_redirect_uri']);
    });
  });

  if (engine === 'sqlite') {
    it('finds unused clients by their own index, however many others there are', async () => {
      await start({ REGISTRATION_MAX_UNUSED: '1', REGISTRATION_UNUSED_MIN_AGE: 'off' });
      const statements = await statementsOf(registry.dataSource, async () => {
        await register({});
        await register({});
        await unused(true);
      });
      const searches = statements.filter((sql) => /SELECT.*"source" = 'dynamic'/s.test(sql));
      const plans = searches.map(async (sql) => {
        const text = sql.replace(/:\w+|\?/g, '1');
        return JSON.stringify(await registry.dataSource.query(`EXPLAIN QUERY PLAN ${text}`));
      });
      // The count, which a slow machine repeats, the eviction and the list
      expect(plans.length).toBeGreaterThanOrEqual(3);
      for (const plan of await Promise.all(plans)) expect(plan).toContain('oauth_clients_unused');
      await stopAll();
    });
  }

  it('what is off costs no statement', async () => {
    await start();
    const statements = await statementsOf(registry.dataSource, () => register(PUBLIC));
    await stopAll();
    expect(statements.filter((sql) => /SELECT COUNT|UPDATE|DELETE/.test(sql))).toEqual([]);
  });
});
