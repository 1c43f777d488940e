import { randomUUID } from 'node:crypto';
import {
  calculateJwkThumbprint,
  CompactSign,
  createRemoteJWKSet,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
} from 'jose';
import { SigningKeys } from '../../../src/authorization/keys/signing-keys.js';
import { authorizationOf, basic, type TestClient, TOO_MANY_SCOPES } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const API = 'https://api.example';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine, {
      AUTHORIZATION_RESOURCES: `${API}=jwt https://mcp.example/mcp`,
      AUTHORIZATION_RESTRICTED_SCOPES: 'admin',
      RATE_LIMIT_TOKEN: '50/1m',
      SIGNING_KEY_SECRET: 'a secret for tests of 32 characters'.replaceAll(' ', '-'),
    });
  });
  afterAll(() => registry.stop());
  const { token, introspect } = authorizationOf(() => registry);

  async function aService(overrides: object = {}, key = registry.adminKey): Promise<TestClient> {
    const { body } = await registry.createClient(
      aClient({ allowed_scopes: ['read', 'write'], ...overrides }),
      key,
    );
    return { id: body.data.client_id as string, secret: body.data.client_secret as string };
  }
  const credentials = (parameters: Record<string, string> = {}) => ({
    grant_type: 'client_credentials',
    ...parameters,
  });

  describe('A confidential client', () => {
    it('gets an opaque token, which is stored as a hash only', async () => {
      const { id, secret } = await aService();
      const { status, headers, body } = await token(credentials(), basic(id, secret!));
      expect([status, headers.get('cache-control'), headers.get('pragma')]).toEqual([
        200,
        'no-store',
        'no-cache',
      ]);
      expect(body).toEqual({
        access_token: expect.stringMatching(/^oca_[\w-]{43}$/),
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'read write',
      });
      const stored = await registry.dataSource.query(
        'SELECT * FROM oauth_tokens WHERE client_id IS NOT NULL',
      );
      expect(JSON.stringify(stored)).toContain(id);
      expect(JSON.stringify(stored)).not.toContain((body.access_token as string).slice(4));
    });

    it('authenticates in the header, in a form, in JSON and by an assertion', async () => {
      const { id, secret } = await aService();
      const inBody = credentials({ client_id: id, client_secret: secret! });
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      const signing = await registry.register(
        {
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['client_credentials'],
          scope: 'read',
          jwks: { keys: [await exportJWK(publicKey)] },
        },
        registry.adminKey,
      );
      const assertion = await new SignJWT({ jti: randomUUID() })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(signing.body.client_id as string)
        .setSubject(signing.body.client_id as string)
        .setAudience(registry.url)
        .setExpirationTime('1m')
        .sign(privateKey);
      const byAssertion = credentials({
        client_assertion: assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      });
      const answers = [
        await token(credentials(), basic(id, secret!)),
        await token(inBody),
        await registry.send('/v2/oauth/token', { body: inBody }),
        // SDKs send their API key with every request
        await registry.send('/v2/oauth/token', { body: inBody, key: registry.adminKey }),
        await token(byAssertion),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect(await token(byAssertion)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    });

    it.each<[string, Record<string, string>, string | null]>([
      ['all of its scopes by default', {}, 'read write'],
      ['those of its scopes that it requests', { scope: 'write admin' }, 'write'],
      ['an error for scopes that it did not register', { scope: 'admin openid' }, null],
      ['an error for more scopes than it can have', { scope: TOO_MANY_SCOPES }, null],
    ])('gets %s', async (_, parameters, scope) => {
      const { id, secret } = await aService({ allowed_scopes: ['read', 'write', 'openid'] });
      const { status, body } = await token(credentials(parameters), basic(id, secret!));
      if (scope === null) expect([status, body.error]).toEqual([400, 'invalid_scope']);
      else expect([status, body.scope]).toEqual([200, scope]);
    });

    it('gets a JWT that verifies with the published keys, if the resource wants one', async () => {
      const { id, secret } = await aService();
      const { body } = await token(credentials({ resource: `${API}/` }), basic(id, secret!));
      const keys = createRemoteJWKSet(new URL(`${registry.url}/v2/oauth/jwks`));
      const { payload, protectedHeader } = await jwtVerify(body.access_token as string, keys, {
        issuer: registry.url,
        audience: API,
        typ: 'at+jwt',
      });
      expect(protectedHeader.alg).toBe('ES256');
      expect(payload).toMatchObject({ client_id: id, sub: id, org_id: 'default', scope: 'read write' });
      expect(payload.exp! - payload.iat!).toBe(3600);
      expect((await introspect(body.access_token as string)).body).toMatchObject({ active: true, aud: API });
      // Signed by this server, but two parsers could read it differently
      const { key, kid } = await registry.app.get(SigningKeys).current();
      const twice = JSON.stringify(payload).replace('{', '{"jti":"another",');
      const ambiguous = await new CompactSign(Buffer.from(twice))
        .setProtectedHeader({ ...protectedHeader, kid })
        .sign(key);
      expect((await introspect(ambiguous)).body).toEqual({ active: false });
      const forged = `${(body.access_token as string).slice(0, -4)}AAAA`;
      expect((await introspect(forged)).body).toEqual({ active: false });
    });

    it('gets a token that is bound to its key by a DPoP proof, which is accepted once', async () => {
      const { id, secret } = await aService();
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      const jwk = await exportJWK(publicKey);
      const aProof = (htu: string) =>
        new SignJWT({ jti: randomUUID(), htm: 'POST', htu })
          .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
          .setIssuedAt()
          .sign(privateKey);
      const dpop = await aProof(`${registry.url}/v2/oauth/token`);
      const send = (proof: string) => token(credentials(), { ...basic(id, secret!), dpop: proof });
      const { status, body } = await send(dpop);
      expect([status, body.token_type]).toEqual([200, 'DPoP']);
      expect((await introspect(body.access_token as string)).body).toMatchObject({
        token_type: 'DPoP',
        cnf: { jkt: await calculateJwkThumbprint(jwk) },
      });
      const replayed = await send(dpop);
      expect([replayed.status, replayed.body.error]).toEqual([400, 'invalid_dpop_proof']);
      const foreign = await send(await aProof('https://evil.example/v2/oauth/token'));
      expect([foreign.status, foreign.body.error]).toEqual([400, 'invalid_dpop_proof']);
      const empty = await send('');
      expect([empty.status, empty.body.error]).toEqual([400, 'invalid_dpop_proof']);
    });

    it.each<[string, Record<string, string>, number, string]>([
      ['an unknown resource', { resource: 'https://evil.example' }, 400, 'invalid_target'],
      ['an unknown grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
      ['a grant type that it did not register', { grant_type: 'refresh_token' }, 400, 'unauthorized_client'],
      ['no grant type', { grant_type: '' }, 400, 'invalid_request'],
    ])('is rejected with %s', async (_, parameters, status, error) => {
      const { id, secret } = await aService();
      const answer = await token(credentials(parameters), basic(id, secret!));
      expect([answer.status, answer.body.error]).toEqual([status, error]);
    });

    it('is rejected with two methods, wrong credentials and malformed headers', async () => {
      const { id, secret } = await aService();
      const other = await aService();
      const two = await token(credentials({ client_id: id, client_secret: secret! }), basic(id, secret!));
      expect([two.status, two.body.error]).toEqual([400, 'invalid_request']);
      for (const headers of [
        basic(id, other.secret!),
        basic(randomUUID(), secret!),
        basic(id, `${secret}x`),
      ]) {
        const { status, headers: sent, body } = await token(credentials(), headers);
        expect([status, body.error, sent.get('www-authenticate')]).toEqual([
          401,
          'invalid_client',
          'Basic realm="oauth", error="invalid_client"',
        ]);
      }
      const malformed = await token(credentials(), { authorization: 'Basic !' });
      expect([malformed.status, malformed.body.error]).toEqual([400, 'invalid_request']);
      const none = await token(credentials({ client_id: id }));
      expect([none.status, none.body.error]).toEqual([401, 'invalid_client']);
    });
  });

  it('A public client is rejected, although it registered the grant type', async () => {
    const { body } = await registry.createClient(aClient({ client_type: 'public' }));
    const { status, body: refused } = await token(credentials({ client_id: body.data.client_id as string }));
    expect([status, refused.error]).toEqual([400, 'unauthorized_client']);
  });

  it('An anonymous client is rejected until an administrator has verified it', async () => {
    const { body: registered } = await registry.register({
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'],
      scope: 'admin read',
    });
    const parameters = credentials({
      client_id: registered.client_id as string,
      client_secret: registered.client_secret as string,
    });
    expect(await token(parameters)).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
    await registry.graphql(
      'mutation ($id: ID!) { setOAuthClientVerified(clientId: $id, verified: true) { client { clientId } } }',
      {
        id: registered.client_id as string,
      },
    );
    expect(await token(parameters)).toMatchObject({ status: 200, body: { scope: 'admin read' } });
  });

  it('A client that requests too many tokens is told to wait, and others are not', async () => {
    const busy = await aService();
    const statuses = new Set<number>();
    for (let i = 0; i < 60; i++)
      statuses.add((await token(credentials(), basic(busy.id, busy.secret!))).status);
    expect(statuses).toEqual(new Set([200, 429]));
    const other = await aService();
    expect((await token(credentials(), basic(other.id, other.secret!))).status).toBe(200);
  });

  it('A page of another origin can call the endpoints of clients, and no others', async () => {
    const origin = 'https://inspector.example';
    const allowed = async (path: string) => {
      const reply = await fetch(registry.url + path, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      return reply.headers.get('access-control-allow-origin');
    };
    for (const path of ['/v2/oauth/token', '/v2/oauth/jwks', '/.well-known/oauth-authorization-server']) {
      expect([path, await allowed(path)]).toEqual([path, '*']);
    }
    for (const path of ['/v2/oauth/grants', '/v2/oauth/consent/x', '/consent', '/v2/oauth/clients']) {
      expect([path, await allowed(path)]).toEqual([path, null]);
    }
  });

  describe('A token', () => {
    const aToken = async ({ id, secret }: TestClient) =>
      (await token(credentials(), basic(id, secret!))).body.access_token as string;

    it('is known to its client, and to keys by their role', async () => {
      const member = await registry.createKey();
      const service = await aService({}, member.apiKey);
      const value = await aToken(service);
      const isActive = async (key: string | null, headers = {}) =>
        (await introspect(value, key, headers)).body.active as boolean;
      const other = await aService();
      expect(await isActive(null, basic(service.id, service.secret!))).toBe(true);
      expect(await isActive(null, basic(other.id, other.secret!))).toBe(false);
      expect(await isActive(member.apiKey)).toBe(true);
      expect(await isActive((await registry.createKey()).apiKey)).toBe(false);
      for (const role of ['service', 'admin'] as const) {
        expect(await isActive((await registry.createKey({ role })).apiKey)).toBe(true);
      }
      const viewer = await registry.createKey({ role: 'viewer' });
      expect((await introspect(value, viewer.apiKey)).status).toBe(403);
      expect((await introspect(value, null)).status).toBe(401);
      expect((await introspect('oca_unknown')).body).toEqual({ active: false });
    });

    it.each(['disabled', 'deleted'])('ends at once if its client is %s', async (what) => {
      const service = await aService();
      const value = await aToken(service);
      if (what === 'deleted') {
        await registry.send(`/v2/oauth/clients/${service.id}`, { method: 'DELETE', key: registry.adminKey });
      } else {
        await registry.graphql(
          'mutation ($id: ID!) { disableOAuthClient(clientId: $id) { client { clientId } } }',
          {
            id: service.id,
          },
        );
      }
      expect((await introspect(value)).body).toEqual({ active: false });
      expect((await token(credentials(), basic(service.id, service.secret!))).status).toBe(401);
    });

    it('is revoked by its client only, and the reply is the same for any other', async () => {
      const service = await aService();
      const other = await aService();
      const value = await aToken(service);
      const revoke = async ({ id, secret }: TestClient) =>
        (await registry.send('/v2/oauth/revoke', { body: { token: value }, headers: basic(id, secret!) }))
          .status;
      expect(await revoke(other)).toBe(200);
      expect((await introspect(value)).body.active).toBe(true);
      expect(await revoke(service)).toBe(200);
      expect((await introspect(value)).body).toEqual({ active: false });
      expect(await revoke(service)).toBe(200);
    });
  });
});
