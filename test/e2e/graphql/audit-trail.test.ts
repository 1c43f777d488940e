import { AuditTrail } from '../../../src/audit/audit-trail.js';
import { SYSTEM } from '../../../src/audit/audit-event.js';
import { ClientsService } from '../../../src/clients/registry/clients.service.js';
import { Retention } from '../../../src/jobs/retention.js';
import * as Operation from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { HASH_PREFIX } from '../../support/replies/leaks.js';
import { aClient, Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { CALLBACK, Operator } from '../../support/graphql/operator.js';

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    operator = new Operator(registry);
  });
  afterAll(() => registry.stop());

  describe('the audit log', () => {
    it('records changes by the other interfaces, with their actor', async () => {
      const { apiKey, id: keyId } = await registry.createKey();
      const { body } = await registry.createClient(aClient(), apiKey);
      const clientId = body.data.client_id as string;
      const path = `/v2/oauth/clients/${clientId}`;
      const put = await registry.send(path, { method: 'PUT', key: apiKey, body: { name: 'Renamed' } });
      expect(put.status).toBe(200);
      const secret = await registry.send(`${path}/secrets`, { key: apiKey, body: {} });
      await registry.send(`${path}/secrets/${secret.body.data.id as string}`, {
        method: 'DELETE',
        key: apiKey,
      });
      await registry.send(path, { method: 'DELETE', key: apiKey });
      const events = await operator.events({ clientId });
      expect(events.map(({ action }) => action)).toEqual([
        'CLIENT_DELETED',
        'CLIENT_SECRET_REVOKED',
        'CLIENT_SECRET_ISSUED',
        'CLIENT_UPDATED',
        'CLIENT_CREATED',
      ]);
      for (const event of events) {
        expect(event).toMatchObject({
          actor: { type: 'API_KEY', id: keyId },
          channel: 'REST',
          address: '127.0.0.1',
          requestId: expect.any(String),
        });
      }
      expect(events[3]!.changes).toEqual([{ field: 'name', before: 'My OAuth client', after: 'Renamed' }]);
    });

    it('records software that manages its own registration', async () => {
      const { body } = await registry.register({ redirect_uris: CALLBACK });
      const clientId = body.client_id as string;
      const path = `/v2/oauth/register/${clientId}`;
      const put = await registry.send(path, {
        method: 'PUT',
        key: body.registration_access_token as string,
        body: { client_id: clientId, redirect_uris: CALLBACK, client_name: 'n' },
      });
      await registry.send(path, { method: 'DELETE', key: put.body.registration_access_token as string });
      const events = await operator.events({ clientId });
      expect(events.map(({ action, actor }) => [action, actor.type, actor.id])).toEqual([
        ['CLIENT_DELETED', 'REGISTRATION_TOKEN', clientId],
        ['REGISTRATION_TOKEN_ISSUED', 'REGISTRATION_TOKEN', clientId],
        ['CLIENT_UPDATED', 'REGISTRATION_TOKEN', clientId],
        ['CLIENT_CREATED', 'ANONYMOUS', null],
      ]);
    });

    it('holds no secret, token, key or hash', async () => {
      const { clientSecret, client } = await operator.create();
      const { body } = await registry.register({ redirect_uris: CALLBACK });
      const { createApiKey } = await operator.do(Operation.CreateKeyDocument, {
        input: { name: 'ci', orgId: 'acme', userId: 'bob' },
      });
      const { value } = await registry.createInitialAccessToken();
      const issued = await operator.do(Operation.IssueSecretDocument, { clientId: client.clientId });
      const all = JSON.stringify(await registry.dataSource.query('SELECT * FROM audit_events'));
      for (const secret of [
        clientSecret,
        body.client_secret,
        body.registration_access_token,
        createApiKey.value,
        value,
        issued.issueOAuthClientSecret.clientSecret,
        registry.adminKey,
        HASH_PREFIX,
      ] as string[]) {
        expect(all).not.toContain(secret);
      }
      expect(all).toContain(client.clientId);
    });

    it('is filtered by time, interface, action and actor, and read page by page', async () => {
      const registry = await Registry.start(engine);
      const operator = new Operator(registry);
      await operator.create({ name: 'before' });
      await new Promise((done) => setTimeout(done, 20));
      const since = new Date().toISOString();
      const ids: string[] = [];
      for (let i = 0; i < 7; i++) ids.unshift((await operator.create({ name: `c${i}` })).client.clientId);
      await new Promise((done) => setTimeout(done, 20));
      const until = new Date().toISOString();
      await new Promise((done) => setTimeout(done, 20));
      await registry.register({});
      const during = await operator.events({ since, until });
      const byChannel = await operator.events({ channel: 'REGISTRATION' });
      const anonymous = await operator.events({ actorType: 'ANONYMOUS' });
      const unknown = await operator.events({ actorId: 'unknown' });
      const walked: string[] = [];
      let after: string | null | undefined;
      do {
        const { auditEvents } = await operator.do(Operation.ReadEventsDocument, {
          filter: { action: 'CLIENT_CREATED', since, until },
          first: 3,
          after,
        });
        expect(auditEvents.pageInfo.hasPreviousPage).toBe(after !== undefined);
        walked.push(...auditEvents.nodes.map(({ clientId }) => clientId!));
        after = auditEvents.pageInfo.hasNextPage ? auditEvents.pageInfo.endCursor : null;
      } while (after);
      const foreign = await operator.refused(Operation.ReadEventsDocument, { after: 'nonsense' });
      await registry.stop();
      expect(during.map(({ clientId }) => clientId)).toEqual(ids);
      expect(walked).toEqual(ids);
      expect([byChannel.length, anonymous.length, unknown.length]).toEqual([1, 1, 0]);
      for (const { at } of during) expect(at >= since && at < until).toBe(true);
      expect(foreign).toEqual({ code: 'BAD_USER_INPUT', fields: ['after'] });
    });

    it('cannot be changed or removed through any interface', async () => {
      const schema = await registry.graphqlSchema();
      const names = Object.keys(schema.getMutationType()!.getFields());
      expect(names.filter((name) => /audit|event|history/i.test(name))).toEqual([]);
      for (const method of ['POST', 'PUT', 'DELETE', 'GET']) {
        const answer = await registry.send('/v2/audit_events', { method, key: registry.adminKey });
        expect(answer.status).toBe(404);
      }
    });

    it('is purged after AUDIT_RETENTION, and not before', async () => {
      const registry = await Registry.start(engine, { AUDIT_RETENTION: '1d' });
      const operator = new Operator(registry);
      const { client } = await operator.create();
      // An id of two days ago
      const old = (Date.now() - 2 * 86_400_000).toString(16).padStart(12, '0');
      await registry.dataSource.query(
        `UPDATE audit_events SET id = '${old.slice(0, 8)}-${old.slice(8)}' || substr(id, 14) WHERE action <> 'client.created'`,
      );
      await registry.app.get(Retention, { strict: false }).run();
      const left = await operator.events({});
      await registry.stop();
      expect(left.map(({ action, clientId }) => [action, clientId])).toEqual([
        ['CLIENT_CREATED', client.clientId],
      ]);
    });

    it('commits with the change, or neither is stored', async () => {
      const registry = await Registry.start(engine);
      const clients = registry.app.get(ClientsService, { strict: false });
      const operator = new Operator(registry);
      const { client } = await operator.create();
      const before = [await registry.rows('audit_events'), await registry.rows('oauth_clients')];
      const tooLong = { ...SYSTEM, requestId: null, channel: 'job' as const, address: null };
      // An actor that the database cannot store: the change must not stay without its event
      const unstorable = { ...tooLong, actor: { type: 'jwt' as const, id: '\0'.repeat(300) } };
      const byUnstorable = clients
        .remove({ id: client.clientId }, null, engine === 'postgres' ? unstorable : (null as never))
        .catch((error: unknown) => error);
      expect(await byUnstorable).toBeInstanceOf(Error);
      const after = [await registry.rows('audit_events'), await registry.rows('oauth_clients')];
      const still = await operator.read(client.clientId);
      await registry.stop();
      expect(after).toEqual(before);
      expect(still!.deletedAt).toBeNull();
    });
  });

  describe('lists load related rows in batches', () => {
    const CLIENTS = 100;
    let registry: Registry;
    let operator: Operator;
    beforeAll(async () => {
      registry = await Registry.start(engine);
      operator = new Operator(registry);
      for (let i = 0; i < CLIENTS; i++) {
        const { client } = await operator.create({ name: `c${i}` });
        if (i % 10 === 0) await operator.do(Operation.IssueSecretDocument, { clientId: client.clientId });
      }
      // The first use of a key is written down
      await operator.events({});
    });
    afterAll(() => registry.stop());

    // In addition to the one for the key, which is not looked up again within the second
    const statements = async (work: () => Promise<unknown>) =>
      (await statementsOf(registry.dataSource, work)).filter((statement) => !statement.includes('api_keys'));

    it('a page of 100 clients with their secrets costs two statements', async () => {
      let page: Operation.PageWithChildrenQuery | undefined;
      const asked = await statements(async () => {
        page = await operator.do(Operation.PageWithChildrenDocument, { first: CLIENTS });
      });
      expect(asked).toHaveLength(2);
      const counts = page!.oauthClients.nodes.map(({ secrets }) => secrets.nodes.length);
      expect([counts.length, counts.reduce((sum, n) => sum + n)]).toEqual([CLIENTS, CLIENTS + 10]);
    });

    it('a page of 100 clients with their history costs two statements', async () => {
      const variables = { first: CLIENTS, events: 1 };
      let page: Operation.PageWithHistoryQuery | undefined;
      const asked = await statements(async () => {
        page = await operator.do(Operation.PageWithHistoryDocument, variables);
      });
      expect(asked).toHaveLength(2);
      const [last] = page!.oauthClients.nodes.filter(({ history }) => history.pageInfo.hasNextPage);
      expect(last!.history.edges.map(({ node }) => node.action)).toEqual(['CLIENT_SECRET_ISSUED']);
      const next = await operator.do(Operation.PageWithHistoryDocument, {
        ...variables,
        after: last!.history.pageInfo.endCursor,
      });
      const same = next.oauthClients.nodes.find(({ clientId }) => clientId === last!.clientId)!;
      expect(same.history.edges.map(({ node }) => node.action)).toEqual(['CLIENT_CREATED']);
      expect(same.history.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    });

    it('reads a page of the audit log with one statement at any size', async () => {
      const trail = registry.app.get(AuditTrail, { strict: false });
      const asked = await statements(() => trail.page({}, { size: 50, after: null }));
      expect(asked).toHaveLength(1);
    });
  });

  it('records the address of the proxy if the proxy forwards none', async () => {
    const registry = await Registry.start(engine, { TRUST_PROXY: '1' });
    const operator = new Operator(registry);
    const addresses: (string | null)[] = [];
    for (const from of ['x'.repeat(100), '192.0.2.7:4711', '[2001:db8::1]:443', '2001:DB8:0::1']) {
      const { status, body } = await registry.send('/v2/oauth/register', {
        body: {},
        headers: { 'x-forwarded-for': from },
      });
      expect(status).toBe(201);
      addresses.push((await operator.events({ clientId: body.client_id as string }))[0]!.address ?? null);
    }
    await registry.stop();
    expect(addresses).toEqual(['127.0.0.1', '192.0.2.7', '2001:db8::1', '2001:db8::1']);
  });
});
