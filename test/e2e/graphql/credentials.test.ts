import { Logger } from '@nestjs/common';
import { ApiKeysService } from '../../../src/auth/api-keys/api-keys.service.js';
import { AdminKeys } from '../../../src/jobs/admin-keys.js';
import * as Operation from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';
import { CALLBACK, isoSoon, Operator, UNKNOWN_ID } from '../../support/graphql/operator.js';

/** What the hourly look at the admin keys warns of. */
async function warningsOf(registry: Registry): Promise<string[]> {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  try {
    await registry.app.get(AdminKeys, { strict: false }).check();
    return warn.mock.calls.map(([line]) => String(line));
  } finally {
    warn.mockRestore();
  }
}

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  let origin: Awaited<ReturnType<Operator['origin']>>;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    operator = new Operator(registry);
    origin = await operator.origin();
  });
  afterAll(() => registry.stop());

  describe('secrets', () => {
    it('are issued with an overlap, shown once, listed without their value, and revoked', async () => {
      const { client, clientSecret } = await operator.create();
      const { clientId } = client;
      const { issueOAuthClientSecret: issued } = await operator.do(Operation.IssueSecretDocument, {
        clientId,
        expireOthersIn: 3600,
      });
      expect(issued.clientSecret).toMatch(/^[\w-]{43}$/);
      const read = (await operator.read(clientId))!;
      expect(read.secrets.nodes).toEqual([
        issued.secret,
        {
          id: expect.any(String),
          hint: clientSecret!.slice(-4),
          createdAt: expect.any(String),
          expiresAt: expect.any(String),
          lastUsedAt: null,
        },
      ]);
      expect(JSON.stringify(read)).not.toContain(clientSecret);
      await operator.do(Operation.RevokeSecretDocument, { clientId, secretId: read.secrets.nodes[1]!.id });
      expect((await operator.read(clientId))!.secrets.nodes).toEqual([issued.secret]);
      const events = await operator.events({ clientId });
      expect(events.map(({ action, targetId }) => [action, targetId])).toEqual([
        ['CLIENT_SECRET_REVOKED', read.secrets.nodes[1]!.id],
        ['CLIENT_SECRET_ISSUED', issued.secret.id],
        ['CLIENT_CREATED', clientId],
      ]);
      expect(events[1]).toMatchObject({
        ...origin,
        changes: [{ field: 'othersExpireAt', before: null, after: read.secrets.nodes[1]!.expiresAt }],
      });
    });

    it('are rejected for public clients, for the past, and if they are the last', async () => {
      const { client: publicClient } = await operator.create({ clientType: 'PUBLIC' });
      const { client } = await operator.create();
      const { clientId } = client;
      const issue = (variables: Operation.IssueSecretMutationVariables) =>
        operator.refused(Operation.IssueSecretDocument, variables);
      expect(await issue({ clientId: publicClient.clientId })).toEqual({ code: 'BAD_USER_INPUT' });
      expect(await issue({ clientId, expiresAt: isoSoon(-1), expireOthersIn: -1 })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['expiresAt', 'expireOthersIn'],
      });
      expect(await issue({ clientId: UNKNOWN_ID })).toEqual({ code: 'NOT_FOUND' });
      const [secret] = (await operator.read(clientId))!.secrets.nodes;
      const last = { clientId, secretId: secret!.id };
      expect(await operator.refused(Operation.RevokeSecretDocument, last)).toEqual({
        code: 'BAD_USER_INPUT',
      });
      expect(
        await operator.refused(Operation.RevokeSecretDocument, { clientId, secretId: UNKNOWN_ID }),
      ).toEqual({ code: 'NOT_FOUND' });
      expect(await operator.actions(clientId)).toEqual(['CLIENT_CREATED']);
      await operator.do(Operation.RevokeSecretDocument, { ...last, force: true });
      expect((await operator.read(clientId))!.secrets.nodes).toEqual([]);
    });
  });

  describe('a registration access token', () => {
    it('is replaced for software that lost it', async () => {
      const { body } = await registry.register({ redirect_uris: CALLBACK });
      const clientId = body.client_id as string;
      const { reissueRegistrationAccessToken: reissued } = await operator.do(Operation.ReissueTokenDocument, {
        clientId,
      });
      expect(reissued.registrationClientUri).toBe(body.registration_client_uri);
      const withToken = async (key: string) =>
        (await registry.send(`/v2/oauth/register/${clientId}`, { method: 'GET', key })).status;
      expect(await withToken(body.registration_access_token as string)).toBe(401);
      expect(await withToken(reissued.registrationAccessToken)).toBe(200);
      const events = await operator.events({ clientId });
      expect(events.map(({ action, actor }) => [action, actor.type])).toEqual([
        ['REGISTRATION_TOKEN_ISSUED', 'API_KEY'],
        ['CLIENT_CREATED', 'ANONYMOUS'],
      ]);
      expect(JSON.stringify(events)).not.toContain(reissued.registrationAccessToken);
    });

    it('is rejected for clients that did not register themselves', async () => {
      const { client } = await operator.create();
      const refused = (clientId: string) => operator.refused(Operation.ReissueTokenDocument, { clientId });
      expect(await refused(client.clientId)).toEqual({ code: 'BAD_USER_INPUT' });
      expect(await refused(UNKNOWN_ID)).toEqual({ code: 'NOT_FOUND' });
    });
  });

  describe('API keys', () => {
    it('are created, shown once, listed without their value, and revoked at once', async () => {
      const { createApiKey } = await operator.do(Operation.CreateKeyDocument, {
        input: { name: 'ci', orgId: 'acme', userId: 'bob', expiresAt: isoSoon() },
      });
      const { id } = createApiKey.apiKey;
      expect(createApiKey.apiKey).toEqual({ id, name: 'ci', role: 'MEMBER', orgId: 'acme' });
      expect((await registry.createClient(aClient(), createApiKey.value)).status).toBe(201);
      const { apiKeys } = await operator.do(Operation.ListKeysDocument, {});
      expect(apiKeys.nodes[0]).toMatchObject({ id, hint: createApiKey.value.slice(-4), revokedAt: null });
      expect(JSON.stringify(apiKeys)).not.toContain(createApiKey.value);
      expect(apiKeys.totalCount).toBe(await registry.rows('api_keys'));

      const { revokeApiKey } = await operator.do(Operation.RevokeKeyDocument, { id });
      expect(revokeApiKey.apiKey).toEqual({ id, revokedAt: expect.any(String) });
      expect((await registry.createClient(aClient(), createApiKey.value)).status).toBe(401);
      expect(await operator.refused(Operation.RevokeKeyDocument, { id })).toEqual({ code: 'NOT_FOUND' });
      const events = (await operator.events({ actorId: origin.actor.id })).filter(
        ({ targetId }) => targetId === id,
      );
      expect(events.map(({ action }) => action)).toEqual(['API_KEY_REVOKED', 'API_KEY_CREATED']);
      expect(events[1]!.changes).toEqual(
        expect.arrayContaining([{ field: 'orgId', before: null, after: 'acme' }]),
      );
      expect(JSON.stringify(events)).not.toContain(createApiKey.value);
    });

    it.each(['MEMBER', 'VIEWER', 'SERVICE', 'ADMIN'] as const)(
      'are created with the role %s, and found by it',
      async (role) => {
        const { createApiKey } = await operator.do(Operation.CreateKeyDocument, {
          input: { name: 'ci', orgId: 'acme', userId: 'bob', role },
        });
        const { id } = createApiKey.apiKey;
        expect(createApiKey.apiKey.role).toBe(role);
        const query = `{ apiKeys(filter: { role: ${role} }) { nodes { id role } } }`;
        const { nodes } = (await registry.graphql(query)).body.data.apiKeys as {
          nodes: { id: string; role: string }[];
        };
        expect(nodes[0]).toEqual({ id, role });
        expect(new Set(nodes.map((node) => node.role))).toEqual(new Set([role]));
      },
    );

    it('that break a rule are rejected, with every invalid field', async () => {
      const input = { name: '', orgId: ' ', userId: '\u0000', expiresAt: isoSoon(-1) };
      expect(await operator.refused(Operation.CreateKeyDocument, { input })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['name', 'orgId', 'userId', 'expiresAt'],
      });
    });

    it('the last admin key cannot be revoked, not even by two admins at once', async () => {
      const registry = await Registry.start(engine);
      const operator = new Operator(registry);
      const [own] = (await operator.do(Operation.ListKeysDocument, {})).apiKeys.nodes;
      const alone = await operator.refused(Operation.RevokeKeyDocument, { id: own!.id });
      const { createApiKey: other } = await operator.do(Operation.CreateKeyDocument, {
        input: { name: 'other', orgId: 'acme', userId: 'bob', role: 'ADMIN' },
      });
      const second = new Operator(registry, other.value);
      const results = await Promise.allSettled([
        operator.do(Operation.RevokeKeyDocument, { id: other.apiKey.id }),
        second.do(Operation.RevokeKeyDocument, { id: own!.id }),
      ]);
      const valid = await registry.dataSource.query<object[]>(
        `SELECT id FROM api_keys WHERE role = 'admin' AND revoked_at IS NULL`,
      );
      await registry.stop();
      expect(alone).toEqual({ code: 'BAD_USER_INPUT' });
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(valid).toHaveLength(1);
    });
  });

  it('the last lasting admin key cannot be revoked: one that ends within 7 days does not count', async () => {
    const registry = await Registry.start(engine);
    const operator = new Operator(registry);
    const [own] = (await operator.do(Operation.ListKeysDocument, {})).apiKeys.nodes;
    const create = (endsInMs: number) =>
      registry.createKey({ role: 'admin', expiresAt: new Date(Date.now() + endsInMs) });
    const days = 86_400_000;
    const ending = await create(2_000);
    await create(7 * days - 60_000);
    const refused = await operator.refused(Operation.RevokeKeyDocument, { id: own!.id });
    // Nor may those go that end soon, once they are all there is
    await registry.dataSource.query(
      `UPDATE api_keys SET expires_at = ${Date.now() + days} WHERE id = '${own!.id}'`,
    );
    const refusedToo = await operator.refused(Operation.RevokeKeyDocument, { id: ending.id });
    const isLasting = registry.app.get(ApiKeysService, { strict: false });
    const before = await isLasting.hasLastingAdmin();
    const warnedBefore = await warningsOf(registry);
    await create(7 * days + 60_000);
    const after = await isLasting.hasLastingAdmin();
    const warnedAfter = await warningsOf(registry);
    const revoked = await operator.do(Operation.RevokeKeyDocument, { id: own!.id });
    await registry.stop();
    expect([refused, refusedToo]).toEqual([{ code: 'BAD_USER_INPUT' }, { code: 'BAD_USER_INPUT' }]);
    expect({ before, after }).toEqual({ before: false, after: true });
    // The log warns each hour before the last admin key expires
    expect(warnedBefore).toEqual([
      'No admin key remains valid for 7 days. Create one: npm run api-key -- create --name NAME --org ORG --role admin',
    ]);
    expect(warnedAfter).toEqual([]);
    expect(revoked.revokeApiKey.apiKey.id).toBe(own!.id);
  });

  it('initial access tokens are created, shown once, listed, linked from their clients, and revoked', async () => {
    const { createInitialAccessToken } = await operator.do(Operation.CreateTokenDocument, {
      input: {
        name: 'fleet',
        orgId: 'acme',
        userId: 'bob',
        maxRegistrations: 2,
        expiresAt: isoSoon(),
        scopes: ['read'],
        grantTypes: ['AUTHORIZATION_CODE'],
        redirectHosts: ['localhost'],
      },
    });
    const { id } = createInitialAccessToken.initialAccessToken;
    const { value } = createInitialAccessToken;
    const { body } = await registry.register({ scope: 'read write' }, value);
    expect(body.scope).toBe('read');
    const listed = await operator.do(Operation.ListTokensDocument, {});
    expect(listed.initialAccessTokens.nodes[0]).toMatchObject({
      id,
      hint: value.slice(-4),
      registrations: 1,
      scopes: ['read'],
      grantTypes: ['AUTHORIZATION_CODE'],
      redirectHosts: ['localhost'],
    });
    expect(JSON.stringify(listed)).not.toContain(value);
    const found = await operator.do(Operation.FindClientsDocument, { filter: { initialAccessTokenId: id } });
    expect(found.oauthClients.nodes.map(({ clientId }) => clientId)).toEqual([body.client_id]);
    const [created] = await operator.events({ clientId: body.client_id as string });
    expect(created).toMatchObject({ actor: { type: 'INITIAL_ACCESS_TOKEN', id }, channel: 'REGISTRATION' });

    await operator.do(Operation.RevokeTokenDocument, { id });
    expect((await registry.register({}, value)).status).toBe(401);
    expect(await operator.refused(Operation.RevokeTokenDocument, { id })).toEqual({ code: 'NOT_FOUND' });
    const events = (await operator.events({ actorId: origin.actor.id })).filter(
      ({ targetId }) => targetId === id,
    );
    expect(events.map(({ action }) => action)).toEqual([
      'INITIAL_ACCESS_TOKEN_REVOKED',
      'INITIAL_ACCESS_TOKEN_CREATED',
    ]);
    const bad = {
      name: '',
      orgId: '',
      userId: 'u',
      maxRegistrations: 0,
      expiresAt: isoSoon(-1),
      scopes: [],
      redirectHosts: ['*'],
    };
    expect(await operator.refused(Operation.CreateTokenDocument, { input: bad })).toEqual({
      code: 'BAD_USER_INPUT',
      fields: ['name', 'orgId', 'maxRegistrations', 'expiresAt', 'scopes', 'redirectHosts'],
    });
  });

  it('a malformed id is not found, and an invalid inner page is rejected', async () => {
    const { client } = await operator.create();
    const { clientId } = client;
    for (const id of ['\u0000', 'x'.repeat(1000), '']) {
      expect(await operator.refused(Operation.RevokeKeyDocument, { id })).toEqual({ code: 'NOT_FOUND' });
      expect(await operator.refused(Operation.RevokeTokenDocument, { id })).toEqual({ code: 'NOT_FOUND' });
      const secret = { clientId, secretId: id };
      expect(await operator.refused(Operation.RevokeSecretDocument, secret)).toEqual({ code: 'NOT_FOUND' });
    }
    for (const page of ['first: 0', 'first: -5', 'first: 101', 'after: "nonsense"']) {
      for (const list of ['secrets', 'history']) {
        const { body } = await registry.graphql(
          `{ oauthClient(clientId: "${clientId}") { ${list}(${page}) { nodes { id } } } }`,
        );
        expect(body.errors[0].extensions).toEqual({
          code: 'BAD_USER_INPUT',
          invalid_fields: { [page.split(':')[0]!]: [expect.any(String)] },
        });
      }
    }
  });
});
