import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  authorizationOf,
  basic,
  CALLBACK,
  FORM,
  type TestClient,
  TOO_MANY_SCOPES,
} from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const API = 'https://api.example';

/** What other tests of this folder do not send: each has the error of its RFC, and nothing is stored. */
onEachEngine((engine) => {
  let registry: Registry;
  let user: string;
  beforeAll(async () => {
    registry = await Registry.start(engine, { AUTHORIZATION_RESOURCES: API });
    user = (await registry.createKey()).apiKey;
  });
  afterAll(() => registry.stop());
  const {
    register,
    createClient,
    aRequest,
    authorize,
    ask,
    decide,
    aCode,
    exchangeCode,
    refresh,
    token,
    introspect,
  } = authorizationOf(() => registry);

  const stored = () =>
    registry.dataSource.query<unknown[]>('SELECT hash, consumed_at FROM oauth_tokens ORDER BY hash');

  const disable = (id: string) =>
    registry.graphql('mutation ($id: ID!) { disableOAuthClient(clientId: $id) { client { clientId } } }', {
      id,
    });

  /** A query in which parameters can be repeated. */
  const query = (parameters: Record<string, string | undefined>, ...more: [string, string][]) =>
    new URLSearchParams([...Object.entries(parameters as Record<string, string>), ...more]).toString();

  /** The answer to the browser that a client sends to us. */
  async function browse(search: string) {
    const reply = await fetch(`${registry.url}/v2/oauth/authorize?${search}`, { redirect: 'manual' });
    const location = reply.headers.get('location');
    return { status: reply.status, location: location === null ? null : new URL(location) };
  }

  const NOWHERE = { status: 400, location: null };

  describe('An authorization request', () => {
    it.each([
      ['no URI', 'callback'],
      ['empty', ''],
      ['relative', '/callback'],
      ['one with a fragment', `${CALLBACK}#here`],
      ['one with a user', 'https://app.example@evil.example/callback'],
      ['one with another path', `${CALLBACK}/../other`],
      ['one with another case', CALLBACK.toUpperCase()],
      ['one with a query', `${CALLBACK}?next=https://evil.example`],
      ['one with a line break', `${CALLBACK}\r\nLocation: https://evil.example`],
      ['a script', 'javascript:alert(1)'],
    ])('whose redirect URI is %s sends the browser nowhere', async (_, redirectUri) => {
      const before = await stored();
      const request = aRequest(await createClient(), { redirect_uri: redirectUri });
      expect(await authorize(request.parameters)).toEqual(NOWHERE);
      expect(await stored()).toEqual(before);
    });

    it.each([
      ['redirect_uri', 'https://evil.example/callback'],
      ['redirect_uri', CALLBACK],
      ['client_id', 'another'],
    ])('that repeats %s as %s sends the browser nowhere', async (name, value) => {
      const { parameters } = aRequest(await createClient());
      expect(await browse(query(parameters, [name, value]))).toEqual(NOWHERE);
    });

    it('of a client that is disabled or deleted sends the browser nowhere', async () => {
      const [disabled, deleted] = [await createClient(), await createClient()];
      await disable(disabled.id);
      await registry.send(`/v2/oauth/clients/${deleted.id}`, { method: 'DELETE', key: registry.adminKey });
      for (const client of [disabled, deleted]) {
        expect(await authorize(aRequest(client).parameters)).toEqual(NOWHERE);
      }
    });

    it.each<[string, Record<string, string | undefined>, string]>([
      ['no response type', { response_type: undefined }, 'invalid_request'],
      ['a hybrid response type', { response_type: 'code id_token' }, 'unsupported_response_type'],
      ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
      // RFC 7636 §4.3: the default is plain
      ['a challenge without its method', { code_challenge_method: undefined }, 'invalid_request'],
      ['a method without a challenge', { code_challenge: undefined }, 'invalid_request'],
      ['a challenge that is too short', { code_challenge: 'short' }, 'invalid_request'],
      ['a challenge of other characters', { code_challenge: '='.repeat(43) }, 'invalid_request'],
      ['a relative resource', { resource: '/mcp' }, 'invalid_target'],
      ['a resource with a fragment', { resource: `${API}#part` }, 'invalid_target'],
      ['a scope of other characters', { scope: 'read"' }, 'invalid_scope'],
      ['more scopes than a client can have', { scope: TOO_MANY_SCOPES }, 'invalid_scope'],
    ])('with %s sends the client an error', async (_, changes, error) => {
      const before = await stored();
      const { location } = await authorize(aRequest(await createClient(), changes).parameters);
      const { searchParams: told, origin } = location!;
      expect([origin, told.get('error'), told.get('state'), told.get('iss')]).toEqual([
        'https://app.example',
        error,
        'state of the client',
        registry.url,
      ]);
      expect(told.has('code')).toBe(false);
      expect(await stored()).toEqual(before);
    });

    it('with one unknown resource among others sends the client an error', async () => {
      const { parameters } = aRequest(await createClient(), { resource: API });
      const { location } = await browse(query(parameters, ['resource', 'https://evil.example']));
      expect(location!.searchParams.get('error')).toBe('invalid_target');
    });

    it.each(['return_to', 'next', 'url', 'continue', 'redirect', 'post_logout_redirect_uri', 'iss'])(
      'leads to no address in %s',
      async (name) => {
        const { parameters } = aRequest(await createClient(), { [name]: 'https://evil.example' });
        const { location } = await authorize(parameters);
        expect(location!.href).toMatch(`${registry.url}/consent?consent_token=`);
        expect(location!.href).not.toContain('evil');
        const failed = await authorize({ ...parameters, response_type: 'x' });
        expect([failed.location!.origin, failed.location!.href.includes('evil')]).toEqual([
          'https://app.example',
          false,
        ]);
      },
    );

    it('with 64 kB of state is rejected, also if it is pushed', async () => {
      const before = await stored();
      const { parameters } = aRequest(await createClient(), { state: 'x'.repeat(65_536) });
      expect(await authorize(parameters)).toEqual({ status: 431, location: null });
      const pushed = await registry.send('/v2/oauth/par', { body: query(parameters), headers: FORM });
      expect([pushed.status, pushed.body.error]).toEqual([413, 'payload_too_large']);
      expect(await stored()).toEqual(before);
    });

    it('with line breaks in its state sends the client an error and no header', async () => {
      const state = 'x\r\nSet-Cookie: a=b\r\n\r\n<script>';
      const { parameters } = aRequest(await createClient(), { state, response_type: 'token' });
      const reply = await fetch(`${registry.url}/v2/oauth/authorize?${query(parameters)}`, {
        redirect: 'manual',
      });
      const location = reply.headers.get('location')!;
      expect([reply.headers.has('set-cookie'), /[\r\n<]/.test(location)]).toEqual([false, false]);
      expect(new URL(location).searchParams.get('state')).toBe(state);
    });
  });

  describe('A consent token', () => {
    it('of somebody else is neither shown nor decided, and stays good', async () => {
      const { consentToken } = await ask(await register());
      const other = (await registry.createKey()).apiKey;
      const show = (key: string) =>
        registry.send(`/v2/oauth/consent/${consentToken}`, { method: 'GET', key });
      expect((await show(user)).status).toBe(200);
      expect((await show(other)).status).toBe(404);
      for (const allowed of [true, false]) {
        expect((await decide(consentToken, allowed, other)).status).toBe(404);
      }
      expect((await decide(consentToken, true, user)).status).toBe(200);
    });

    it.each(['', 'unknown', 'x'.repeat(10_000), 'a\r\nb', '../../clients', '\u0000'])(
      'that is %j is not found',
      async (consentToken) => {
        const { status } = await decide(consentToken, true, user);
        expect([404, 422]).toContain(status);
      },
    );
  });

  /** What the token endpoint answers to a code that is good, sent with other parameters. */
  describe('A code', () => {
    it.each([
      ['no code', { code: undefined }, 'invalid_request'],
      ['no redirect URI', { redirect_uri: undefined }, 'invalid_grant'],
      ['a verifier that is too short', { code_verifier: 'short' }, 'invalid_request'],
      ['another resource', { resource: API }, 'invalid_target'],
      ['an unknown resource', { resource: 'https://evil.example' }, 'invalid_target'],
      ['another grant type', { grant_type: 'refresh_token' }, 'invalid_request'],
    ])('sent with %s is not used up', async (_, changes, error) => {
      const client = await register();
      const { exchange } = await aCode(client, user);
      const before = await stored();
      const { status, body } = await exchange(changes);
      expect([status, body.error]).toEqual([400, error]);
      expect(Object.keys(body as object).sort()).toEqual(['error', 'error_description']);
      expect(await stored()).toEqual(before);
      expect((await exchange()).status).toBe(200);
    });

    it('of a request without PKCE takes no verifier (RFC 9700 §4.8.2)', async () => {
      const { body } = await registry.createClient(
        aClient({ redirect_uris: [CALLBACK], allowed_grant_types: ['authorization_code'] }),
      );
      const client = { id: body.data.client_id as string, secret: body.data.client_secret as string };
      const without = { code_challenge: undefined, code_challenge_method: undefined };
      const first = await aCode(client, user, without);
      expect((await first.exchange()).body.error).toBe('invalid_grant');
      const second = await aCode(client, user, without);
      expect((await second.exchange({ code_verifier: undefined })).status).toBe(200);
    });

    it('of a client that was disabled meanwhile is rejected', async () => {
      const client = await register();
      const { exchange } = await aCode(client, user);
      await disable(client.id);
      const { status, body } = await exchange();
      expect([status, body.error]).toEqual([401, 'invalid_client']);
    });

    it('is no access token, refresh token or consent token', async () => {
      const client = await register();
      const { code } = await aCode(client, user);
      expect((await introspect(code)).body).toEqual({ active: false });
      expect((await refresh(client, code)).body.error).toBe('invalid_grant');
      expect((await decide(code, true, user)).status).toBe(404);
    });
  });

  describe('A refresh token', () => {
    const tokensOf = async (client: TestClient) => (await (await aCode(client, user)).exchange()).body;

    it.each([
      ['a resource that was not granted', { resource: API }, 'invalid_target'],
      ['an unknown resource', { resource: 'https://evil.example' }, 'invalid_target'],
      ['a scope that was not granted', { scope: 'admin' }, 'invalid_scope'],
      ['no token', { refresh_token: undefined }, 'invalid_request'],
    ])('sent with %s is not used up', async (_, changes, error) => {
      const client = await register();
      const { refresh_token: value } = await tokensOf(client);
      const { status, body } = await refresh(client, value as string, changes);
      expect([status, body.error]).toEqual([400, error]);
      expect((await refresh(client, value as string)).status).toBe(200);
    });

    it('is rejected after its user has revoked the grant, or its client is disabled', async () => {
      const [revoked, disabled] = [await register(), await register()];
      const { apiKey: key } = await registry.createKey();
      const { body: tokens } = await (await aCode(revoked, key)).exchange();
      const { body } = await registry.send('/v2/oauth/grants', { method: 'GET', key });
      await registry.send(`/v2/oauth/grants/${body.data[0].id}`, { method: 'DELETE', key });
      const answer = await refresh(revoked, tokens.refresh_token as string);
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
      const { refresh_token: value } = await tokensOf(disabled);
      await disable(disabled.id);
      expect((await refresh(disabled, value as string)).body.error).toBe('invalid_client');
    });
  });

  describe.each(['token', 'introspect', 'revoke', 'par'])('At /v2/oauth/%s', (endpoint) => {
    const path = `/v2/oauth/${endpoint}`;
    const form = 'grant_type=client_credentials&token=x&response_type=code';
    const post = (body: string, headers: Record<string, string>) => registry.send(path, { body, headers });
    const confidential = () => register({ token_endpoint_auth_method: 'client_secret_basic' });

    it('a repeated parameter is rejected', async () => {
      const { id } = await register();
      const { status, body } = await post(`client_id=${id}&${form}&token=y`, FORM);
      expect([status, body.error]).toEqual([400, 'invalid_request']);
    });

    it('two authentication methods at once are rejected', async () => {
      const { id, secret } = await confidential();
      const twice = await post(`${form}&client_id=${id}&client_secret=${secret}`, {
        ...FORM,
        ...basic(id, secret!),
      });
      expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request']);
      expect(twice.text).not.toContain(secret!);
    });

    it('a client_id that is not that of the header is rejected', async () => {
      const { id, secret } = await confidential();
      const { status, body } = await post(`${form}&client_id=another`, { ...FORM, ...basic(id, secret!) });
      expect([status, body.error]).toEqual([400, 'invalid_request']);
    });

    it('an unknown and a disabled client are rejected alike', async () => {
      const client = await confidential();
      await disable(client.id);
      const known = await post(form, { ...FORM, ...basic(client.id, client.secret!) });
      const unknown = await post(form, { ...FORM, ...basic(randomUUID(), 'secret') });
      expect([known.status, known.body.error]).toEqual([401, 'invalid_client']);
      expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
    });

    it('JSON is a form of another kind, and its values must be strings', async () => {
      const { id } = await register();
      const { status, body } = await registry.send(path, {
        body: { client_id: id, grant_type: 1, token: ['x'] },
      });
      expect([status, body.error]).toEqual([400, 'invalid_request']);
    });

    it('a form that says to be JSON, and text, are rejected', async () => {
      const asJson = await post(form, { 'content-type': 'application/json' });
      expect([asJson.status, asJson.body.error]).toEqual([400, 'invalid_request']);
      expect((await post(form, { 'content-type': 'text/plain' })).status).toBe(415);
    });

    it('GET is rejected', async () => {
      const { status, headers } = await registry.send(`${path}?${form}`, { method: 'GET' });
      expect([status, headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    });
  });

  describe('A DPoP proof (RFC 9449 §4.3)', () => {
    /** A proof for the token endpoint with what a case changes of it. */
    async function aProof({ claims = {}, header = {}, iat = 0 }: DpopChanges = {}) {
      const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
      const secret = header.jwk === 'private' ? privateKey : publicKey;
      const htu = `${registry.url}/v2/oauth/token`;
      return new SignJWT({ jti: randomUUID(), htm: 'POST', htu, ...claims })
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', ...header, jwk: await exportJWK(secret) })
        .setIssuedAt(Math.floor(Date.now() / 1000) + iat)
        .sign(privateKey);
    }
    interface DpopChanges {
      claims?: Record<string, unknown>;
      header?: { typ?: string; jwk?: 'private' };
      iat?: number;
    }

    const send = async (dpop: string) => {
      const { body } = await registry.createClient(aClient({ allowed_scopes: ['read'] }));
      const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
      return token({ grant_type: 'client_credentials' }, { ...basic(id!, secret!), dpop });
    };

    it('that is good gives a token of its type', async () => {
      const { status, body } = await send(await aProof());
      expect([status, body.token_type]).toEqual([200, 'DPoP']);
    });

    it.each<[string, DpopChanges]>([
      ['of another method', { claims: { htm: 'GET' } }],
      ['of another endpoint', { claims: { htu: 'https://evil.example/v2/oauth/token' } }],
      ['without an endpoint', { claims: { htu: undefined } }],
      ['without a jti', { claims: { jti: undefined } }],
      ['of more than 4,096 characters', { claims: { more: 'a'.repeat(3000) } }],
      ['of another type', { header: { typ: 'JWT' } }],
      ['with its private key', { header: { jwk: 'private' } }],
      ['that is too old', { iat: -3600 }],
      ['from the future', { iat: 3600 }],
    ])('%s is rejected', async (_, changes) => {
      const before = await stored();
      const { status, body } = await send(await aProof(changes));
      expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
      expect(await stored()).toEqual(before);
    });

    it.each([
      ['no JWT', 'nonsense'],
      ['unsigned', 'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6Im5vbmUifQ.e30.'],
    ])('that is %s is rejected', async (_, dpop) => {
      const { status, body } = await send(dpop);
      expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
    });

    it('of another key does not refresh a token of a public client', async () => {
      const client = await register();
      const { verifier, consentToken } = await ask(client);
      const { body: decided } = await decide(consentToken, true, user);
      const code = new URL(decided.redirect_uri as string).searchParams.get('code')!;
      const { body } = await exchangeCode(client, code, verifier, {}, { dpop: await aProof() });
      expect(body.token_type).toBe('DPoP');
      const value = body.refresh_token as string;
      const other = await refresh(client, value, {}, { dpop: await aProof() });
      expect([other.status, other.body.error]).toEqual([400, 'invalid_grant']);
      expect((await refresh(client, value)).body.error).toBe('invalid_grant');
    });

    it('whose key is not that of dpop_jkt is rejected where a request is pushed (§10.1)', async () => {
      const { parameters } = aRequest(await register(), { dpop_jkt: 'A'.repeat(43) });
      const dpop = await aProof({ claims: { htu: `${registry.url}/v2/oauth/par` } });
      const reply = await registry.send('/v2/oauth/par', {
        body: query(parameters),
        headers: { ...FORM, dpop },
      });
      expect([reply.status, reply.body.error]).toEqual([400, 'invalid_request']);
    });

    it('is needed to exchange a code whose request has dpop_jkt (§10)', async () => {
      const { exchange } = await aCode(await register(), user, { dpop_jkt: 'A'.repeat(43) });
      const { status, body } = await exchange();
      expect([status, body.error]).toEqual([400, 'invalid_grant']);
    });
  });
});
