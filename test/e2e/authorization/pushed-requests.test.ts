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
import { Registry } from '../../support/registry.js';

const REQUEST_URI = /^urn:ietf:params:oauth:request_uri:[\w-]{20,}$/;

onEachEngine((engine) => {
  let registry: Registry;
  let user: string;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    user = (await registry.createKey()).apiKey;
  });
  afterAll(() => registry.stop());
  const { register, aRequest, authorize, decide, exchangeCode } = authorizationOf(() => registry);

  const confidential = () => register({ token_endpoint_auth_method: 'client_secret_basic' });

  /** Sends a request of a public client, with what a case changes; undefined leaves a parameter out. */
  function push(
    client: TestClient,
    overrides: Record<string, string | undefined> = {},
    headers: Record<string, string> = {},
  ) {
    const { verifier, parameters } = aRequest(client, overrides);
    const sent = Object.entries(parameters).filter((entry): entry is [string, string] => !!entry[1]);
    const body = new URLSearchParams(sent).toString();
    const reply = registry.send('/v2/oauth/par', { body, headers: { ...FORM, ...headers } });
    return { verifier, reply };
  }

  const openPushed = async (client: TestClient, requestUri: string, others = {}) =>
    authorize({ client_id: client.id, request_uri: requestUri, ...others });

  const rows = async () =>
    JSON.stringify(await registry.dataSource.query<unknown[]>('SELECT * FROM oauth_tokens'));

  it('A pushed request leads to the consent page once, and then to tokens', async () => {
    const client = await register();
    const { verifier, reply } = push(client, { scope: 'read' });
    const { status, body, headers } = await reply;
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(body).toEqual({ request_uri: expect.stringMatching(REQUEST_URI) as string, expires_in: 60 });
    const requestUri = body.request_uri as string;
    expect(await rows()).not.toContain(requestUri.split(':').at(-1));
    const opened = await Promise.all([1, 2, 3].map(() => openPushed(client, requestUri)));
    const pages = opened.filter((each) => each.location !== null);
    expect([pages.length, opened.map((each) => each.status).sort()]).toEqual([1, [303, 400, 400]]);
    const token = pages[0]!.location!.searchParams.get('consent_token')!;
    const location = new URL((await decide(token, true, user)).body.redirect_uri as string);
    expect(location.searchParams.get('state')).toBe('state of the client');
    const tokens = await exchangeCode(client, location.searchParams.get('code')!, verifier);
    expect([tokens.status, tokens.body.scope]).toEqual([200, 'read']);
  });

  it('A confidential client authenticates, by form and by JSON', async () => {
    const client = await confidential();
    const { parameters } = aRequest(client);
    const headers = basic(client.id, client.secret!);
    expect((await push(client, {}, headers).reply).status).toBe(201);
    const json = await registry.send('/v2/oauth/par', { body: parameters, headers });
    expect(json.status).toBe(201);
    expect((await openPushed(client, json.body.request_uri as string)).status).toBe(303);
  });

  it.each([
    ['no secret', async () => [await confidential(), {}] as const],
    [
      'a wrong secret',
      async () => {
        const client = await confidential();
        return [client, basic(client.id, 'wrong')] as const;
      },
    ],
    ['an unknown client_id', () => Promise.resolve([{ id: 'unknown', secret: null }, {}] as const)],
  ])('With %s it is rejected, and nothing is stored', async (_, given) => {
    const [client, headers] = await given();
    const before = await rows();
    const { status, body } = await push(client, {}, headers).reply;
    expect([status, body.error, await rows()]).toEqual([401, 'invalid_client', before]);
  });

  it.each([
    ['a redirect URI of somebody else', { redirect_uri: 'https://evil.example/' }, 'invalid_request'],
    ['no redirect URI', { redirect_uri: undefined }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a scope that the client has not registered', { scope: 'admin' }, 'invalid_scope'],
    ['more scopes than a client can have', { scope: TOO_MANY_SCOPES }, 'invalid_scope'],
    ['an unknown resource', { resource: 'https://unknown.example' }, 'invalid_target'],
    ['a state that is too long', { state: 'x'.repeat(5000) }, 'invalid_request'],
    ['a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'],
    ['a request object', { request: 'x.y.z' }, 'invalid_request'],
  ])('With %s it is an error, and nothing is stored', async (_, overrides, error) => {
    const client = await register();
    const before = await rows();
    const { status, body } = await push(client, overrides).reply;
    expect([status, body.error, await rows()]).toEqual([400, error, before]);
  });

  it('With a DPoP header that is empty it is an error', async () => {
    const { status, body } = await push(await register(), {}, { dpop: '' }).reply;
    expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
  });

  it('Several resources are granted, by form and by JSON', async () => {
    const resource = ['http://localhost:9000', 'http://localhost:9001'];
    const client = await register();
    const { parameters } = aRequest(client);
    const form = new URLSearchParams(parameters as Record<string, string>);
    for (const each of resource) form.append('resource', each);
    for (const [body, headers] of [
      [form.toString(), FORM],
      [{ ...parameters, resource }, {}],
    ] as const) {
      const { apiKey, orgId } = await registry.createKey();
      const pushed = await registry.send('/v2/oauth/par', { body, headers });
      expect(pushed.status).toBe(201);
      const { location } = await openPushed(client, pushed.body.request_uri as string);
      await decide(location!.searchParams.get('consent_token')!, true, apiKey);
      const { body: found } = await registry.graphql(
        'query ($orgId: String!) { oauthGrants(filter: { orgId: $orgId }) { nodes { scopes { resource } } } }',
        { orgId },
      );
      expect(found.data.oauthGrants.nodes).toEqual([
        { scopes: resource.map((each) => ({ resource: each })) },
      ]);
    }
  });

  it.each([
    ['more than ten resources', Array(11).fill('http://localhost:9000'), 'invalid_target'],
    ['a resource that is unknown', ['http://localhost:9000', 'https://unknown.example'], 'invalid_target'],
    ['a resource that is no text', ['http://localhost:9000', 1], 'invalid_request'],
    ['resources that are no list', { 0: 'http://localhost:9000' }, 'invalid_request'],
  ])('With %s it is an error', async (_, resource, error) => {
    const { parameters } = aRequest(await register());
    const { status, body } = await registry.send('/v2/oauth/par', { body: { ...parameters, resource } });
    expect([status, body.error]).toEqual([400, error]);
  });

  it('With a parameter that is repeated it is an error', async () => {
    const { parameters } = aRequest(await register());
    const body = `${new URLSearchParams(parameters as Record<string, string>).toString()}&state=other`;
    const reply = await registry.send('/v2/oauth/par', { body, headers: FORM });
    expect([reply.status, reply.body.error]).toEqual([400, 'invalid_request']);
  });

  describe('A request_uri', () => {
    it('counts alone: other parameters of the browser are ignored', async () => {
      const client = await register();
      const { body } = await push(client, { scope: 'read' }).reply;
      const { location } = await openPushed(client, body.request_uri as string, {
        redirect_uri: 'https://evil.example/',
        scope: 'write',
        state: 'of an attacker',
      });
      const token = location!.searchParams.get('consent_token')!;
      const consent = await registry.send(`/v2/oauth/consent/${token}`, { method: 'GET', key: user });
      expect(consent.body.data).toMatchObject({ redirect_uri: CALLBACK, requested_scopes: [{ id: 'read' }] });
    });

    it('of another client, an unknown or an expired one sends the browser nowhere', async () => {
      const client = await register();
      const { body } = await push(client).reply;
      const requestUri = body.request_uri as string;
      const nowhere = { status: 400, location: null };
      expect(await openPushed(await register(), requestUri)).toEqual(nowhere);
      expect(await openPushed(client, `${requestUri}x`)).toEqual(nowhere);
      expect(await openPushed(client, 'https://app.example/request.jwt')).toEqual(nowhere);
      expect(await authorize({ request_uri: requestUri })).toEqual(nowhere);
      await registry.dataSource.query(
        `UPDATE oauth_tokens SET expires_at = 1 WHERE client_id = '${client.id}'`,
      );
      expect(await openPushed(client, requestUri)).toEqual(nowhere);
    });

    it('is not used up by HEAD, which no page of the flow supports', async () => {
      const client = await register();
      const { body } = await push(client).reply;
      const query = new URLSearchParams({ client_id: client.id, request_uri: body.request_uri as string });
      const before = await rows();
      for (const [path, allow] of [
        [`/v2/oauth/authorize?${query.toString()}`, 'GET'],
        ['/consent?consent_token=x', 'GET, POST'],
        ['/v2/oauth/login/callback?state=x', 'GET'],
      ] as const) {
        const { status, headers } = await fetch(`${registry.url}${path}`, { method: 'HEAD' });
        expect([path, status, headers.get('allow')]).toEqual([path, 405, allow]);
      }
      expect(await rows()).toBe(before);
      expect((await openPushed(client, body.request_uri as string)).status).toBe(303);
    });

    it('is no consent token, code or access token', async () => {
      const { body } = await push(await register()).reply;
      const id = (body.request_uri as string).split(':').at(-1)!;
      expect((await decide(id, true, user)).status).toBe(404);
    });
  });

  it('A DPoP proof binds the code to its key', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const proof = async (path: string) =>
      new SignJWT({ htm: 'POST', htu: `${registry.url}${path}`, jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
        .setIssuedAt()
        .sign(privateKey);
    const client = await register();
    const { verifier, reply } = push(client, {}, { dpop: await proof('/v2/oauth/par') });
    const { location } = await openPushed(client, (await reply).body.request_uri as string);
    const { body } = await decide(location!.searchParams.get('consent_token')!, true, user);
    const code = new URL(body.redirect_uri as string).searchParams.get('code')!;
    const without = await exchangeCode(client, code, verifier);
    expect(without.status).toBe(400);
    const withKey = await exchangeCode(client, code, verifier, {}, { dpop: await proof('/v2/oauth/token') });
    expect([withKey.status, withKey.body.token_type]).toEqual([200, 'DPoP']);
  });

  it('openid-client finds the endpoint and uses it', async () => {
    const openid = await import('openid-client');
    const client = await register({ token_endpoint_auth_method: 'client_secret_post' });
    const options = { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' as const };
    const issuer = new URL(registry.url);
    const configuration = await openid.discovery(issuer, client.id, client.secret!, undefined, options);
    const codeVerifier = openid.randomPKCECodeVerifier();
    const url = await openid.buildAuthorizationUrlWithPAR(configuration, {
      redirect_uri: CALLBACK,
      state: 'the state',
      code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    const { headers } = await fetch(url, { redirect: 'manual' });
    const token = new URL(headers.get('location')!).searchParams.get('consent_token')!;
    const { body } = await decide(token, true, user);
    const tokens = await openid.authorizationCodeGrant(configuration, new URL(body.redirect_uri as string), {
      pkceCodeVerifier: codeVerifier,
      expectedState: 'the state',
    });
    expect(tokens.access_token).toMatch(/^oca_/);
  });
});
