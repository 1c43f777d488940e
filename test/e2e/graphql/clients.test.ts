import * as Operation from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { CALLBACK, Operator, UNKNOWN_ID } from '../../support/graphql/operator.js';

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

  describe('creates', () => {
    it('a client for any organization, with its secret this once', async () => {
      const { client, clientSecret } = await operator.create({ orgId: 'other-org', userId: 'bob' });
      expect(clientSecret).toMatch(/^[\w-]{43}$/);
      expect(client).toMatchObject({ orgId: 'other-org', userId: 'bob', source: 'ADMIN', version: 1 });
      const { apiKey } = await registry.createKey({ orgId: 'other-org' });
      const seen = await registry.send(`/v2/oauth/clients/${client.clientId}`, {
        method: 'GET',
        key: apiKey,
      });
      expect(seen.body.data).toMatchObject({ client_id: client.clientId, client_secret: null });
      const [event] = await operator.events({ clientId: client.clientId });
      expect(event).toMatchObject({
        ...origin,
        action: 'CLIENT_CREATED',
        clientId: client.clientId,
        targetId: client.clientId,
      });
      expect(event!.changes).toEqual(
        expect.arrayContaining([
          { field: 'name', before: null, after: 'My client' },
          { field: 'clientType', before: null, after: 'confidential' },
          { field: 'allowedGrantTypes', before: null, after: ['client_credentials'] },
        ]),
      );
    });

    it('a public client, without a secret, with every field', async () => {
      const input = {
        clientType: 'PUBLIC',
        tokenEndpointAuthMethod: 'NONE',
        allowedGrantTypes: ['AUTHORIZATION_CODE'],
        allowedScopes: ['read'],
        redirectUris: CALLBACK,
        requirePkce: true,
        logoUri: 'https://example.com',
        policyUri: 'https://example.com/p',
        tosUri: 'https://example.com/t',
        clientUri: 'https://example.com',
        contacts: ['ops@example.com'],
        jwksUri: 'https://example.com/jwks',
        softwareId: 's',
        softwareVersion: '1',
        applicationType: 'NATIVE',
        initiateLoginUri: 'https://example.com/login',
        postLogoutRedirectUris: ['https://example.com/bye'],
        translations: [{ member: 'client_name#ja', value: 'クライアント' }],
      } as const;
      const { client, clientSecret } = await operator.create(input as never);
      expect(clientSecret).toBeNull();
      // An address comes back exactly as it was given
      expect(client).toMatchObject(input);
    });

    it('a client whose URL is a literal or a variable, and rejects a URL that is not a string', async () => {
      const create = (address: string) =>
        registry.graphql(`mutation { createOAuthClient(input: {
          orgId: "acme", name: "n", clientType: PUBLIC, allowedGrantTypes: [REFRESH_TOKEN], logoUri: ${address}
        }) { client { logoUri } } }`);
      const good = await create('"https://example.com"');
      expect(good.body.data.createOAuthClient.client).toEqual({ logoUri: 'https://example.com' });
      const none = await create('null');
      expect(none.body.data.createOAuthClient.client).toEqual({ logoUri: null });
      for (const address of ['1', 'true', '{}', '[1]', 'ENUM']) {
        const { status, body } = await create(address);
        expect([status, body.errors[0].extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
      }
      for (const logoUri of [1, true, {}, [1]]) {
        const { body } = await registry.graphql(
          'mutation ($u: URL) { createOAuthClient(input: {orgId: "a", name: "n", clientType: PUBLIC, allowedGrantTypes: [REFRESH_TOKEN], logoUri: $u}) { clientSecret } }',
          { u: logoUri },
        );
        expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
      }
    });

    it('nothing that is invalid, and names every invalid field by its GraphQL name', async () => {
      const before = [await registry.rows('oauth_clients'), await registry.rows('audit_events')];
      expect(
        await operator.refused(Operation.CreateClientDocument, {
          input: {
            orgId: ' ',
            userId: '\u202e',
            name: '',
            clientType: 'PUBLIC',
            tokenEndpointAuthMethod: 'CLIENT_SECRET_BASIC',
            allowedGrantTypes: ['AUTHORIZATION_CODE'],
            allowedScopes: ['a b'],
            redirectUris: ['javascript:alert(1)'],
            logoUri: 'ftp://example.com',
            jwks: { keys: [] },
            translations: [{ member: 'client_name', value: 'x' }],
          },
        }),
      ).toEqual({
        code: 'BAD_USER_INPUT',
        fields: expect.arrayContaining([
          'orgId',
          'userId',
          'name',
          'tokenEndpointAuthMethod',
          'allowedScopes',
          'redirectUris',
          'logoUri',
          'jwks',
          'translations',
        ]),
      });
      expect([await registry.rows('oauth_clients'), await registry.rows('audit_events')]).toEqual(before);
    });
  });

  describe('updates', () => {
    it('the fields of the input, clears those that are null, and keeps the rest', async () => {
      const { client } = await operator.create({ logoUri: 'https://example.com/l', contacts: ['a@b'] });
      const { updateOAuthClient } = await operator.do(Operation.UpdateClientDocument, {
        clientId: client.clientId,
        version: 1,
        input: { name: 'Renamed', logoUri: null, allowedScopes: ['read'] },
      });
      expect(updateOAuthClient.client).toEqual({
        ...client,
        name: 'Renamed',
        logoUri: null,
        allowedScopes: ['read'],
        version: 2,
        updatedAt: expect.any(String),
      });
      const [event] = await operator.events({ clientId: client.clientId, action: 'CLIENT_UPDATED' });
      expect(event).toMatchObject(origin);
      expect(event!.changes).toEqual([
        { field: 'name', before: 'My client', after: 'Renamed' },
        { field: 'allowedScopes', before: [], after: ['read'] },
        { field: 'logoUri', before: 'https://example.com/l', after: null },
      ]);
    });

    it('nothing if the version is stale, the input is invalid, or there is no such client', async () => {
      const { client } = await operator.create();
      const { clientId } = client;
      const update = (version: number, input: Operation.UpdateOAuthClientInput, id = clientId) =>
        operator.refused(Operation.UpdateClientDocument, { clientId: id, version, input });
      expect(await update(2, { name: 'x' })).toEqual({ code: 'PRECONDITION_FAILED' });
      expect(await update(1, { name: '' })).toEqual({ code: 'BAD_USER_INPUT', fields: ['name'] });
      expect(await update(1, { name: null, allowedGrantTypes: null })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['name', 'allowedGrantTypes'],
      });
      expect(await update(1, { name: 'x' }, UNKNOWN_ID)).toEqual({ code: 'NOT_FOUND' });
      expect(await update(1, { name: 'x' }, 'nonsense')).toEqual({ code: 'NOT_FOUND' });
      expect(await operator.actions(clientId)).toEqual(['CLIENT_CREATED']);
    });

    it('once for ten concurrent requests with the same version', async () => {
      const { client } = await operator.create();
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, (_, i) =>
          operator.do(Operation.UpdateClientDocument, {
            clientId: client.clientId,
            version: 1,
            input: { name: `n${i}` },
          }),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await operator.actions(client.clientId)).toEqual(['CLIENT_UPDATED', 'CLIENT_CREATED']);
    });
  });

  it('sets and clears the verified mark of a client', async () => {
    const { client } = await operator.create();
    const { clientId } = client;
    const set = (verified: boolean) => operator.do(Operation.SetVerifiedDocument, { clientId, verified });
    expect((await set(true)).setOAuthClientVerified.client).toMatchObject({ verified: true, version: 2 });
    expect((await set(false)).setOAuthClientVerified.client).toMatchObject({ verified: false, version: 3 });
    expect(await operator.actions(clientId)).toEqual([
      'CLIENT_UNVERIFIED',
      'CLIENT_VERIFIED',
      'CLIENT_CREATED',
    ]);
    const stale = { clientId, verified: true, version: 1 };
    expect(await operator.refused(Operation.SetVerifiedDocument, stale)).toEqual({
      code: 'PRECONDITION_FAILED',
    });
    expect(
      await operator.refused(Operation.SetVerifiedDocument, { clientId: UNKNOWN_ID, verified: true }),
    ).toEqual({ code: 'NOT_FOUND' });
  });

  it('a verified client is no longer verified after a change by its owner', async () => {
    const { body } = await registry.register(
      { redirect_uris: CALLBACK, client_name: 'Honest' },
      registry.adminKey,
    );
    const clientId = body.client_id as string;
    const verify = () => operator.do(Operation.SetVerifiedDocument, { clientId, verified: true });
    const verified = async () => (await operator.read(clientId))!.verified;
    const atRest = (change: object) =>
      registry.send(`/v2/oauth/clients/${clientId}`, { method: 'PUT', key: registry.adminKey, body: change });
    await verify();
    await atRest({ name: 'Bank' });
    expect(await verified()).toBe(false);
    const [event] = await operator.events({ clientId });
    expect(event!.changes).toEqual([
      { field: 'name', before: 'Honest', after: 'Bank' },
      { field: 'verified', before: true, after: false },
    ]);
    await verify();
    await registry.send(`/v2/oauth/register/${clientId}`, {
      method: 'PUT',
      key: body.registration_access_token as string,
      body: { client_id: clientId, client_name: 'Bank', redirect_uris: ['https://evil.example/cb'] },
    });
    expect(await verified()).toBe(false);
    await verify();
    const { version } = (await operator.read(clientId))!;
    await operator.do(Operation.UpdateClientDocument, { clientId, version, input: { name: 'Checked' } });
    expect(await verified()).toBe(true);
  });

  it.each<[string, object, boolean]>([
    ['fewer scopes', { allowed_scopes: ['read'] }, true],
    ['PKCE from now on', { require_pkce: true }, true],
    ['fewer redirect URIs', { redirect_uris: ['https://a.example/2'] }, true],
    ['another scope', { allowed_scopes: ['read', 'write', 'admin'] }, false],
    ['another grant', { allowed_grant_types: ['authorization_code', 'client_credentials'] }, false],
  ])('a change by a member to %s keeps the client verified only if it restricts it', async (_, to, stays) => {
    const { apiKey: key } = await registry.createKey();
    const { body } = await registry.createClient(
      {
        name: 'App',
        client_type: 'confidential',
        allowed_grant_types: ['authorization_code'],
        allowed_scopes: ['read', 'write'],
        redirect_uris: ['https://a.example/1', 'https://a.example/2'],
      },
      key,
    );
    const clientId = body.data.client_id as string;
    await operator.do(Operation.SetVerifiedDocument, { clientId, verified: true });
    const put = await registry.send(`/v2/oauth/clients/${clientId}`, { method: 'PUT', key, body: to });
    expect(put.status).toBe(200);
    expect((await operator.read(clientId))!.verified).toBe(stays);
    const [event] = await operator.events({ clientId });
    expect(event!.changes.some(({ field }) => field === 'verified')).toBe(!stays);
  });

  it.each<[string, object, boolean]>([
    ['fewer scopes and grants', { scope: 'read', grant_types: ['authorization_code'] }, true],
    ['another scope', { scope: 'read write admin' }, false],
    ['another authentication method', { token_endpoint_auth_method: 'client_secret_post' }, false],
    ['another type', { token_endpoint_auth_method: 'none' }, false],
    ['keys', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }] } }, false],
    ['other contacts', { contacts: ['evil@evil.example'] }, false],
    ['another software id', { software_id: 'other' }, false],
  ])(
    'a change by registered software to %s keeps the client verified only if it restricts it',
    async (_, to, stays) => {
      const sent = {
        redirect_uris: CALLBACK,
        client_name: 'Honest',
        scope: 'read write',
        grant_types: ['authorization_code', 'refresh_token'],
        contacts: ['ops@a.example'],
        software_id: 'app',
      };
      const { body } = await registry.register(sent);
      const clientId = body.client_id as string;
      await operator.do(Operation.SetVerifiedDocument, { clientId, verified: true });
      const put = await registry.send(`/v2/oauth/register/${clientId}`, {
        method: 'PUT',
        key: body.registration_access_token as string,
        body: { client_id: clientId, ...sent, ...to },
      });
      expect(put.status).toBe(200);
      expect((await operator.read(clientId))!.verified).toBe(stays);
    },
  );

  it('an update to equal values changes no version and records no event', async () => {
    const { client } = await operator.create();
    const { clientId } = client;
    const same = { name: client.name, allowedScopes: client.allowedScopes, logoUri: null };
    await operator.do(Operation.UpdateClientDocument, { clientId, version: 1, input: same });
    expect((await operator.read(clientId))!.version).toBe(1);
    await operator.do(Operation.UpdateClientDocument, { clientId, version: 1, input: {} });
    expect(await operator.actions(clientId)).toEqual(['CLIENT_CREATED']);
  });

  it('each mutation of a request sees the changes of earlier ones', async () => {
    const { client } = await operator.create();
    await operator.do(Operation.IssueSecretDocument, { clientId: client.clientId });
    const ids = (await operator.read(client.clientId))!.secrets.nodes.map(({ id }) => id);
    const { body } = await registry.graphql(
      `mutation ($c: ID!, $a: ID!, $b: ID!) {
        a: revokeOAuthClientSecret(clientId: $c, secretId: $a) { client { secrets { nodes { id } } } }
        b: revokeOAuthClientSecret(clientId: $c, secretId: $b, force: true) { client { secrets { nodes { id } } } }
        c: disableOAuthClient(clientId: $c) { client { history(first: 1) { nodes { action } } } }
      }`,
      { c: client.clientId, a: ids[0], b: ids[1] },
    );
    expect(body.data).toEqual({
      a: { client: { secrets: { nodes: [{ id: ids[1] }] } } },
      b: { client: { secrets: { nodes: [] } } },
      c: { client: { history: { nodes: [{ action: 'CLIENT_DISABLED' }] } } },
    });
  });

  it('finds clients by a part of their name, wildcard characters included', async () => {
    for (const name of ['Invoices 100%', 'invoices_2027', 'back\\slash'])
      await operator.create({ name, orgId: 'find' });
    const find = async (nameContains: string) => {
      const filter = { nameContains, orgId: 'find' };
      const { oauthClients } = await operator.do(Operation.FindClientsDocument, { filter });
      return oauthClients.nodes.map(({ name }) => name).sort();
    };
    expect(await find('INVOICES')).toEqual(['Invoices 100%', 'invoices_2027']);
    expect(await find('0%')).toEqual(['Invoices 100%']);
    expect(await find('s_2')).toEqual(['invoices_2027']);
    expect(await find('k\\s')).toEqual(['back\\slash']);
  });
});
