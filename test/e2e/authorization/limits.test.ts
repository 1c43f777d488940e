import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { authorizationOf, basic } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  afterEach(() => registry.stop());
  const { aCode, aRequest, authorize, introspect, refresh, register, token } = authorizationOf(
    () => registry,
  );

  it('counts the bytes of authorization requests against the limit of their address', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: '20000/1h' });
    const { parameters } = aRequest(await register(), { state: 'x'.repeat(4000) });
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await authorize(parameters)).status);
    expect(statuses.slice(0, 2)).toEqual([303, 303]);
    expect(statuses.at(-1)).toBe(429);
  });

  /** An anonymous client with a key of its own, and how it signs assertions. */
  async function aSigningClient() {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const { id } = await register({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [await exportJWK(publicKey)] },
    });
    const sign = (audience: string) =>
      new SignJWT({ jti: randomUUID() })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(audience)
        .setExpirationTime('1m')
        .sign(privateKey);
    return { id, sign };
  }

  it('counts the assertions of anonymous clients of an authorization server per client', async () => {
    // Registrations count against the limit of their address
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: '30000/1h' });
    const { apiKey } = await registry.createKey({ role: 'service' });
    const [one, other] = [await aSigningClient(), await aSigningClient()];
    const authenticate = async ({ id, sign }: typeof one) => {
      const audience = 'https://login.example';
      const body = { client_id: id, client_assertion: await sign(audience), audience };
      return (await registry.send('/v2/oauth/clients/authenticate', { key: apiKey, body })).status;
    };
    const statuses = [];
    for (let i = 0; i < 20; i++) statuses.push(await authenticate(one));
    expect([statuses[0], statuses.at(-1)]).toEqual([200, 429]);
    expect(await authenticate(other)).toBe(200);
  });

  it('counts the assertions of anonymous clients against the same limit', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: '5000/1h' });
    const { sign } = await aSigningClient();
    const send = async () => {
      const body = { token: 'x', client_assertion: await sign(registry.url) };
      return (await registry.send('/v2/oauth/introspect', { body })).status;
    };
    const statuses = [];
    for (let i = 0; i < 25; i++) statuses.push(await send());
    expect([statuses[0], statuses.at(-1)]).toEqual([200, 429]);
  });

  it('judges no more invalid credentials at once than may be invalid', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '5/1h' });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => [
        introspect('x', `bad-${i}`),
        registry.send('/v2/oauth/grants', { body: {}, key: `worse-${i}` }),
      ]).flat(),
    );
    const judged = answers.filter(({ status }) => status === 401);
    expect(judged).toHaveLength(5);
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true);
  });

  it('counts failed clients by address, also if the secret is in the body, and never rejects a valid one', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '5/1h' });
    const method = { token_endpoint_auth_method: 'client_secret_post' };
    const clients = await Promise.all(Array.from({ length: 7 }, () => register(method)));
    const send = async (id: string, secret: string | null) =>
      (
        await registry.send('/v2/oauth/introspect', {
          body: { token: 'x', client_id: id, client_secret: secret },
        })
      ).status;
    const statuses = [];
    for (const { id } of clients) statuses.push(await send(id, 'wrong'));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(await send(clients[0]!.id, clients[0]!.secret)).toBe(200);
  });

  it('counts failed clients by address, also beside a token that is valid elsewhere', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '5/1h' });
    const { body } = await registry.register({ redirect_uris: ['https://app.example/cb'] });
    const key = body.registration_access_token as string;
    const path = new URL(body.registration_client_uri as string).pathname;
    expect((await registry.send(path, { method: 'GET', key })).status).toBe(200);
    const method = { token_endpoint_auth_method: 'client_secret_post' };
    const clients = await Promise.all(Array.from({ length: 7 }, () => register(method)));
    const statuses = [];
    for (const { id } of clients) {
      const parameters = { token: 'x', client_id: id, client_secret: 'wrong' };
      statuses.push((await registry.send('/v2/oauth/revoke', { key, body: parameters })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  it('leaves an anonymous client in the unused pool that only authenticates itself', async () => {
    registry = await Registry.start(engine);
    const { id, secret } = await register({ token_endpoint_auth_method: 'client_secret_post' });
    const body = { token: 'x', client_id: id, client_secret: secret };
    expect((await registry.send('/v2/oauth/introspect', { body })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { body: found } = await registry.graphql(
      'query ($id: ID!) { oauthClients(filter: { ids: [$id], unused: true }) { totalCount } }',
      { id },
    );
    expect(found.data.oauthClients.totalCount).toBe(1);
  });

  const from = (address: string) => ({ 'x-forwarded-for': address });
  const credentials = { grant_type: 'client_credentials' };
  async function aService(overrides: object = {}) {
    const { body } = await registry.createClient(aClient({ allowed_scopes: ['read'], ...overrides }));
    return basic(body.data.client_id as string, body.data.client_secret as string);
  }

  it('counts token requests of a public client by address, so that a stranger locks out none of its users', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN: '5/1h', TRUST_PROXY: '1' });
    const client = await register();
    const { apiKey } = await registry.createKey();
    const { body } = await (await aCode(client, apiKey)).exchange();
    const statuses = [];
    for (let i = 0; i < 7; i++) {
      statuses.push((await token({ client_id: client.id }, from('198.51.100.1'))).status);
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429]);
    const answer = await refresh(client, body.refresh_token as string, {}, from('198.51.100.2'));
    expect(answer.status).toBe(200);
  });

  it('counts token requests of all public clients of an address together', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN: '3/1h', TRUST_PROXY: '1' });
    const clients = [
      await register(),
      await register(),
      await register(),
      await register(),
      await register(),
    ];
    const statuses = [];
    for (const { id } of clients) {
      for (let i = 0; i < 3; i++) {
        statuses.push((await token({ client_id: id }, from('198.51.100.1'))).status);
      }
    }
    expect(statuses).toEqual([...Array<number>(12).fill(400), 429, 429, 429]);
    expect((await token({ client_id: clients[0]!.id }, from('198.51.100.2'))).status).toBe(400);
  });

  it.each(['/v2/oauth/introspect', '/v2/oauth/revoke'])(
    'counts requests of public clients at %s',
    async (path) => {
      registry = await Registry.start(engine, { RATE_LIMIT_TOKEN: '3/1h' });
      const { id } = await register();
      const statuses = [];
      for (let i = 0; i < 5; i++) {
        statuses.push((await registry.send(path, { body: { client_id: id, token: 'x' } })).status);
      }
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
    },
  );

  it('counts token requests of a confidential client once it is authenticated, from all addresses together', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN: '3/1h', TRUST_PROXY: '1' });
    const service = await aService();
    const [id = ''] = Buffer.from(service.authorization.slice(6), 'base64').toString().split(':');
    for (let i = 0; i < 5; i++) {
      expect((await token(credentials, { ...basic(id, 'wrong'), ...from('198.51.100.1') })).status).toBe(401);
    }
    const statuses = [];
    for (let i = 2; i < 6; i++) {
      statuses.push((await token(credentials, { ...service, ...from(`198.51.100.${i}`) })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('counts each KB that a token request stores as a request', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN: '20/1h' });
    const scopes = Array.from({ length: 100 }, (_, i) => `${i}-`.padEnd(100, 'x'));
    const [large, small] = [await aService({ allowed_scopes: scopes }), await aService()];
    const statusesOf = async (service: Record<string, string>) => {
      const statuses = [];
      for (let i = 0; i < 4; i++) statuses.push((await token(credentials, service)).status);
      return statuses;
    };
    expect(await statusesOf(large)).toEqual([200, 200, 429, 429]);
    expect(await statusesOf(small)).toEqual([200, 200, 200, 200]);
  });

  it('checks at most as many invalid secrets in headers at once as may be invalid', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '5/1h' });
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => register({ token_endpoint_auth_method: 'client_secret_basic' })),
    );
    const answers = await Promise.all(clients.map(({ id }) => token(credentials, basic(id, 'wrong'))));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
  });

  it('still checks recently valid secrets in headers when others at the address were invalid', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '3/1h' });
    const [service, other] = [await aService(), await aService()];
    expect((await token(credentials, service)).status).toBe(200);
    const bad = basic((await register({ token_endpoint_auth_method: 'client_secret_basic' })).id, 'wrong');
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await token(credentials, bad)).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    expect((await token(credentials, service)).status).toBe(200);
    expect((await token(credentials, other)).status).toBe(429);
    // A header that the client did not authenticate with was not checked
    const { id, secret } = await register({ token_endpoint_auth_method: 'client_secret_post' });
    const inBody = { token: 'x', client_id: id, client_secret: secret };
    const send = () => registry.send('/v2/oauth/introspect', { body: inBody, key: 'unchecked' });
    expect((await send()).status).toBe(429);
  });

  it('remembers valid credentials once, however they are spelled', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '3/1h' });
    const service = await aService();
    const { apiKey } = await registry.createKey();
    const list = (authorization: string) =>
      registry.send('/v2/oauth/grants', { method: 'GET', key: null, headers: { authorization } });
    expect((await token(credentials, service)).status).toBe(200);
    expect((await list(`Bearer ${apiKey}`)).status).toBe(200);
    for (let i = 0; i < 4; i++) await list(`Bearer bad-${i}`);
    const encoded = service.authorization.slice(6);
    const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(':');
    const escaped = basic(`%${id.charCodeAt(0).toString(16)}${id.slice(1)}`, secret).authorization;
    for (const authorization of [`basic   ${encoded}`, escaped]) {
      expect((await token(credentials, { authorization })).status).toBe(200);
    }
    for (const authorization of [`bearer ${apiKey}`, `BEARER   ${apiKey}`]) {
      expect((await list(authorization)).status).toBe(200);
    }
  });

  it('counts no secret of an unknown client, in a header as in a body', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '3/1h' });
    for (let i = 0; i < 6; i++) {
      expect((await token(credentials, basic(randomUUID(), 'x'))).status).toBe(401);
    }
  });

  it('rejects more than 100 parameters, which take the engine time that grows with their square', async () => {
    registry = await Registry.start(engine);
    const client = await register();
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`p${i}`, 'x']));
    expect(await authorize({ ...aRequest(client).parameters, ...many })).toEqual({
      status: 400,
      location: null,
    });
    for (const path of ['/v2/oauth/token', '/v2/oauth/par', '/v2/oauth/introspect', '/v2/oauth/revoke']) {
      const { status, body } = await registry.send(path, { body: { client_id: client.id, ...many } });
      expect([path, status, body.error, body.error_description]).toEqual([
        path,
        400,
        'invalid_request',
        'The body has more than 100 parameters.',
      ]);
    }
  });
});
