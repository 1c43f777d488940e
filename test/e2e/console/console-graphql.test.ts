import * as Operation from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';
import { Operator, UNKNOWN_ID } from '../../support/graphql/operator.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';

const MS_PER_DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * MS_PER_DAY);

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  const run = <T, V extends object>(
    document: Operation.TypedDocumentString<T, V>,
    variables: V,
    of = registry,
    key = of.adminKey,
  ): Promise<T> => new Operator(of, key).do(document, variables);
  const refused = <T, V extends object>(document: Operation.TypedDocumentString<T, V>, variables: V) =>
    new Operator(registry).refused(document, variables);
  const create = async (orgId: string, overrides: object = {}): Promise<string> => {
    const { apiKey } = await registry.createKey({ orgId });
    return (await registry.createClient(aClient(overrides), apiKey)).body.data.client_id;
  };

  describe('viewer', () => {
    it('is the key that was shown', async () => {
      const { id, apiKey, orgId } = await registry.createKey({ role: 'admin', name: 'Ada', userId: 'ada' });
      expect(await run(Operation.ViewerDocument, {}, registry, apiKey)).toEqual({
        viewer: { apiKeyId: id, name: 'Ada', orgId, userId: 'ada', role: 'ADMIN', sessionExpiresAt: null },
      });
    });

    it('is the subject of a JWT, which is not a key', async () => {
      const issuer = await TokenIssuer.start();
      const trusting = await Registry.start(engine, { ...issuer.env, AUTH_JWT_ADMIN: 'role=admin' });
      const jwt = await issuer.sign({ role: 'admin', org_id: 'acme', sub: 'alice' });
      const answer = await run(Operation.ViewerDocument, {}, trusting, jwt);
      await trusting.stop();
      issuer.stop();
      expect(answer).toEqual({
        viewer: {
          apiKeyId: null,
          name: null,
          orgId: 'acme',
          userId: 'alice',
          role: 'ADMIN',
          sessionExpiresAt: null,
        },
      });
    });
  });

  describe('expiringSecrets', () => {
    let own: Registry;
    const clients: string[] = [];
    const issue = async (clientId: string, expiresAt: Date) =>
      (await run(Operation.IssueSecretDocument, { clientId, expiresAt: expiresAt.toISOString() }, own))
        .issueOAuthClientSecret.secret.id;
    const expected: string[] = [];
    beforeAll(async () => {
      own = await Registry.start(engine);
      for (let i = 0; i < 3; i++) clients.push((await own.createClient(aClient())).body.data.client_id);
      const [a, b, deleted] = clients as [string, string, string];
      const third = await issue(a, inDays(3));
      const first = await issue(b, inDays(1));
      const second = await issue(a, inDays(2));
      expected.push(first, second, third);
      await issue(a, inDays(40));
      const revoked = await issue(b, inDays(1));
      await run(Operation.RevokeSecretDocument, { clientId: b, secretId: revoked }, own);
      const over = await issue(b, inDays(1));
      await own.dataSource.query(`UPDATE oauth_client_secrets SET expires_at = 1 WHERE id = '${over}'`);
      await issue(deleted, inDays(1));
      await run(Operation.DeleteClientDocument, { clientId: deleted }, own);
    });
    afterAll(() => own.stop());
    const ask = async (variables: object = {}) =>
      (await run(Operation.ExpiringSecretsDocument, { before: inDays(30).toISOString(), ...variables }, own))
        .expiringSecrets;

    it('are those that will end by themselves, the soonest first, each with its client', async () => {
      const { totalCount, nodes, pageInfo } = await ask();
      expect(nodes.map(({ secret }) => secret.id)).toEqual(expected);
      expect(nodes.map(({ client }) => client.clientId)).toEqual([clients[1], clients[0], clients[0]]);
      expect(nodes[0]!.secret.hint).toMatch(/^[\w-]{4}$/);
      expect(totalCount).toBe(3);
      expect(pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    });

    it('are returned page by page', async () => {
      const seen: string[] = [];
      let after: string | null = null;
      for (let pages = 0; pages < 3; pages++) {
        const page: Operation.ExpiringSecretsQuery['expiringSecrets'] = await ask({ first: 1, after });
        seen.push(...page.nodes.map(({ secret }) => secret.id));
        expect(page.pageInfo).toMatchObject({ hasNextPage: pages < 2, hasPreviousPage: pages > 0 });
        after = page.pageInfo.endCursor;
      }
      expect(seen).toEqual(expected);
      expect(await ask({ before: inDays(2.5).toISOString() })).toMatchObject({ totalCount: 2 });
    });

    it('are read with a constant number of statements', async () => {
      const statements = await statementsOf(own.dataSource, () => ask());
      // Which secrets fit into the page, their rows, those of their clients, and the count; in addition to those about the caller's key
      expect(statements.filter((statement) => /FROM "?oauth_client/.test(statement))).toHaveLength(4);
    });

    const encoded = (text: string) => Buffer.from(text).toString('base64url');
    it.each(['x', encoded('["2", "a"]'), encoded('[2]'), encoded('[9e15, "a"]'), encoded('[1.5, "a"]')])(
      'the cursor %s is rejected',
      async (after) => {
        expect(
          await refused(Operation.ExpiringSecretsDocument, { after, before: inDays(1).toISOString() }),
        ).toEqual({ code: 'BAD_USER_INPUT', fields: ['after'] });
      },
    );
  });

  describe('apiKeys', () => {
    it('are found by when they expire, role, organization, and whether they can be used', async () => {
      const orgId = 'keys-of-this-test';
      const make = (overrides: object = {}) => registry.createKey({ orgId, ...overrides });
      const soon = await make({ expiresAt: inDays(10) });
      const late = await make({ expiresAt: inDays(90), role: 'admin' });
      const never = await make();
      const revoked = await make({ expiresAt: inDays(10) });
      await run(Operation.RevokeKeyDocument, { id: revoked.id });
      const expired = await make({ expiresAt: inDays(10) });
      await registry.dataSource.query(
        `UPDATE api_keys SET expires_at = ${Date.now() - 1} WHERE id = '${expired.id}'`,
      );
      const find = async (filter: Operation.ApiKeyFilter) => {
        const { apiKeys } = await run(Operation.FindKeysDocument, { filter: { orgId, ...filter } });
        expect(apiKeys.totalCount).toBe(apiKeys.nodes.length);
        return apiKeys.nodes.map(({ id }) => id);
      };
      const expiresBefore = inDays(30).toISOString();
      expect(await find({})).toEqual([expired.id, revoked.id, never.id, late.id, soon.id]);
      expect(await find({ active: true })).toEqual([never.id, late.id, soon.id]);
      expect(await find({ active: false })).toEqual([expired.id, revoked.id]);
      expect(await find({ expiresBefore })).toEqual([expired.id, revoked.id, soon.id]);
      expect(await find({ expiresBefore, active: true })).toEqual([soon.id]);
      expect(await find({ role: 'ADMIN' })).toEqual([late.id]);
      expect(await find({ role: null, active: null, expiresBefore: null })).toHaveLength(5);
      const { apiKeys: all } = await run(Operation.FindKeysDocument, { first: 100 });
      expect(all.totalCount).toBe(await registry.rows('api_keys'));
    });

    it.each(['', 'x\0', 'x'.repeat(256)])('an invalid organization is rejected', async (orgId) => {
      expect(await refused(Operation.FindKeysDocument, { filter: { orgId } })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['filter.orgId'],
      });
    });
  });

  describe('clients by their ids', () => {
    const find = async (filter: Operation.OAuthClientFilter) => {
      const { oauthClients } = await run(Operation.FindClientsDocument, { filter, first: 100 });
      expect(oauthClients.totalCount).toBe(oauthClients.nodes.length);
      return oauthClients.nodes.map(({ clientId }) => clientId).sort();
    };

    it('match all filters, and exclude deleted ones', async () => {
      const [a, b, other] = [await create('ids-1'), await create('ids-1'), await create('ids-2')];
      expect(await find({ ids: [b, a, b, UNKNOWN_ID, "x' OR 1=1", '"]'] })).toEqual([a, b].sort());
      expect(await find({ ids: [a, other], orgId: 'ids-1' })).toEqual([a]);
      expect(await find({ ids: [] })).toEqual([]);
      await run(Operation.DeleteClientDocument, { clientId: a });
      expect(await find({ ids: [a, b] })).toEqual([b]);
      expect(await find({ ids: [a, b], deleted: true })).toEqual([a]);
    });

    it('are counted by their kinds', async () => {
      const ids = [await create('ids-3'), await create('ids-3', { client_type: 'public' })];
      const { body } = await registry.graphql(
        'query ($ids: [ID!]) { oauthClientStats(filter: { ids: $ids }) { total byClientType { clientType count } } }',
        { ids },
      );
      expect(body.data.oauthClientStats).toEqual({
        total: 2,
        byClientType: [
          { clientType: 'PUBLIC', count: 1 },
          { clientType: 'CONFIDENTIAL', count: 1 },
        ],
      });
    });

    it('are 100 at most, and no nonsense', async () => {
      expect(await find({ ids: Array.from({ length: 100 }, () => UNKNOWN_ID) })).toEqual([]);
      for (const ids of [Array.from({ length: 101 }, () => UNKNOWN_ID), [''], ['a\0b']]) {
        expect(await refused(Operation.FindClientsDocument, { filter: { ids } })).toEqual({
          code: 'BAD_USER_INPUT',
          fields: ['filter.ids'],
        });
      }
    });
  });

  describe('undoes a bulk change', () => {
    const statuses = async (ids: string[]) =>
      Promise.all(
        ids.map(async (clientId) => {
          const { oauthClient } = await run(Operation.ReadClientDocument, { clientId });
          return oauthClient && oauthClient.status;
        }),
      );

    it('disables and enables the selected clients only', async () => {
      const ids = [await create('undo-1'), await create('undo-1')];
      const other = await create('undo-1');
      const filter = { ids };
      const dry = await run(Operation.DisableClientsDocument, { filter });
      expect(dry.disableOAuthClients).toEqual({ count: 2, dryRun: true });
      await run(Operation.DisableClientsDocument, { filter, dryRun: false, expectedCount: 2 });
      expect(await statuses([...ids, other])).toEqual(['DISABLED', 'DISABLED', 'ACTIVE']);
      const enable = { filter, dryRun: false, expectedCount: 2 };
      const done = await run(Operation.EnableClientsDocument, enable);
      expect(done.enableOAuthClients).toEqual({ count: 2, dryRun: false });
      expect(await statuses([...ids, other])).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE']);
      const { auditEvents } = await run(Operation.ReadEventsDocument, { filter: { clientId: ids[0]! } });
      expect(auditEvents.nodes.map(({ action }) => action)).toEqual([
        'CLIENT_ENABLED',
        'CLIENT_DISABLED',
        'CLIENT_CREATED',
      ]);
      // None of them is disabled any more
      expect(await refused(Operation.EnableClientsDocument, enable)).toEqual({ code: 'PRECONDITION_FAILED' });
    });

    it('deleted ones are restored with their secrets', async () => {
      const ids = [await create('undo-2'), await create('undo-2')];
      const filter = { orgId: 'undo-2' };
      await run(Operation.DeleteClientsDocument, { filter, dryRun: false });
      expect(await statuses(ids)).toEqual([null, null]);
      const dry = await run(Operation.RestoreClientsDocument, { filter });
      expect(dry.restoreOAuthClients).toEqual({ count: 2, dryRun: true });
      expect(await statuses(ids)).toEqual([null, null]);
      await run(Operation.RestoreClientsDocument, { filter: { ids }, dryRun: false, expectedCount: 2 });
      expect(await statuses(ids)).toEqual(['ACTIVE', 'ACTIVE']);
      const { oauthClient } = await run(Operation.ReadClientDocument, { clientId: ids[0]! });
      expect(oauthClient).toMatchObject({ deletedAt: null, version: 3 });
      expect(oauthClient!.secrets.nodes).toHaveLength(1);
      const { auditEvents } = await run(Operation.ReadEventsDocument, { filter: { clientId: ids[0]! } });
      expect(auditEvents.nodes.map(({ action }) => action)).toEqual([
        'CLIENT_RESTORED',
        'CLIENT_DELETED',
        'CLIENT_CREATED',
      ]);
    });

    it('never to all for want of a condition', async () => {
      const answer = { code: 'BAD_USER_INPUT', fields: ['filter'] };
      const enable = (filter: Operation.OAuthClientFilter) =>
        refused(Operation.EnableClientsDocument, { filter, dryRun: false });
      const restore = (filter: Operation.OAuthClientFilter) =>
        refused(Operation.RestoreClientsDocument, { filter, dryRun: false });
      for (const filter of [{}, { status: 'DISABLED' as const }, { orgId: 'acme', deleted: true }]) {
        expect(await enable(filter)).toEqual(answer);
      }
      for (const filter of [{}, { deleted: true }]) expect(await restore(filter)).toEqual(answer);
    });

    it('enabling active clients changes nothing', async () => {
      const orgId = 'undo-3';
      const id = await create(orgId);
      await run(Operation.DisableClientDocument, { clientId: id });
      const filter = { orgId, status: 'ACTIVE' as const };
      const { enableOAuthClients } = await run(Operation.EnableClientsDocument, { filter, dryRun: false });
      expect(enableOAuthClients.count).toBe(0);
      expect(await statuses([id])).toEqual(['DISABLED']);
    });
  });

  it('the overview needs one request', async () => {
    const { status, body } = await registry.graphql(
      `query ($before: DateTime!) {
        viewer { apiKeyId name orgId userId role sessionExpiresAt }
        oauthClientStats { total byClientType { clientType count } bySource { source count } byStatus { status count } byGrantType { grantType count } createdPerDay { date count } }
        registrationsPerDay { date results { result count } }
        clientAuthentications { date results { result count } }
        expiringSecrets(first: 20, before: $before) { totalCount nodes { secret { id hint createdAt expiresAt lastUsedAt } client { clientId name orgId } } }
        apiKeys(first: 20, filter: { expiresBefore: $before, active: true }) { totalCount nodes { id name hint orgId userId role expiresAt } }
        auditEvents(first: 20) { nodes { id at action clientId targetId channel address actor { type id } changes { field before after } } }
      }`,
      { before: inDays(30).toISOString() },
    );
    expect([status, body.errors]).toEqual([200, undefined]);
    expect(Object.values(body.data as object).every(Boolean)).toBe(true);
  });
});
