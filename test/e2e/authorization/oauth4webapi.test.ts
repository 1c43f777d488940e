import * as oauth from 'oauth4webapi';
import { authorizationOf, CALLBACK } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const API = 'https://api.example';
const JWT_API = 'https://jwt.example';

const HTTP = { [oauth.allowInsecureRequests]: true };

/** npm `oauth4webapi`, which checks every reply against its RFC. */
onEachEngine((engine) => {
  let registry: Registry;
  let user: string;
  let server: oauth.AuthorizationServer;
  beforeAll(async () => {
    registry = await Registry.start(engine, {
      AUTHORIZATION_CONSENT_URL: 'https://portal.example/consent',
      AUTHORIZATION_RESOURCES: `${API} ${JWT_API}=jwt`,
      SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters',
    });
    user = (await registry.createKey({ userId: 'alice' })).apiKey;
    const issuer = new URL(registry.url);
    const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...HTTP });
    server = await oauth.processDiscoveryResponse(issuer, discovered);
  });
  afterAll(() => registry.stop());
  const { answer } = authorizationOf(() => registry);

  async function registered(metadata: object): Promise<oauth.Client> {
    const reply = await oauth.dynamicClientRegistrationRequest(
      server,
      {
        client_name: 'Agent',
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'read write',
        ...metadata,
      },
      HTTP,
    );
    return oauth.processDynamicClientRegistrationResponse(reply);
  }

  async function aService(): Promise<[oauth.Client, oauth.ClientAuth]> {
    const { body } = await registry.createClient(aClient({ allowed_scopes: ['read', 'write'] }));
    const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
    return [{ client_id: id! }, oauth.ClientSecretBasic(secret!)];
  }

  /** A request of the client that its user allows, and the code exchange. */
  async function tokensOf(
    client: oauth.Client,
    authentication: oauth.ClientAuth,
    resource = API,
    options: oauth.TokenEndpointRequestOptions = {},
  ): Promise<oauth.TokenEndpointResponse> {
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const request = new URL(server.authorization_endpoint!);
    request.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'read write',
      resource,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    return exchange(client, authentication, await answer(request, true, user), state, verifier, options);
  }

  async function exchange(
    client: oauth.Client,
    authentication: oauth.ClientAuth,
    callback: URL,
    state: string,
    verifier: string,
    options: oauth.TokenEndpointRequestOptions = {},
  ): Promise<oauth.TokenEndpointResponse> {
    const parameters = oauth.validateAuthResponse(server, client, callback, state);
    const reply = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      CALLBACK,
      verifier,
      { ...HTTP, ...options },
    );
    return oauth.processAuthorizationCodeResponse(server, client, reply);
  }

  async function introspected(client: oauth.Client, authentication: oauth.ClientAuth, token: string) {
    const reply = await oauth.introspectionRequest(server, client, authentication, token, HTTP);
    return oauth.processIntrospectionResponse(server, client, reply);
  }

  async function revoke(client: oauth.Client, authentication: oauth.ClientAuth, token: string) {
    const reply = await oauth.revocationRequest(server, client, authentication, token, HTTP);
    await oauth.processRevocationResponse(reply);
  }

  /** A request that an API gets. */
  const called = (token: string, scheme = 'Bearer') =>
    new Request(`${JWT_API}/notes`, { headers: { authorization: `${scheme} ${token}` } });

  it('discovers this API as a protected resource', async () => {
    const resource = new URL(registry.url);
    const reply = await oauth.resourceDiscoveryRequest(resource, HTTP);
    expect(await oauth.processResourceDiscoveryResponse(resource, reply)).toMatchObject({
      resource: registry.url,
      authorization_servers: [registry.url],
    });
  });

  it('registers, and gets the registered metadata', async () => {
    expect(await registered({ token_endpoint_auth_method: 'client_secret_basic' })).toMatchObject({
      client_id: expect.any(String),
      client_secret: expect.any(String),
      client_secret_expires_at: 0,
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'client_secret_basic',
    });
  });

  it('exchanges a code, refreshes, introspects and revokes', async () => {
    const client = await registered({ token_endpoint_auth_method: 'none' });
    const tokens = await tokensOf(client, oauth.None());
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600, scope: 'read write' });
    const reply = await oauth.refreshTokenGrantRequest(
      server,
      client,
      oauth.None(),
      tokens.refresh_token!,
      HTTP,
    );
    const refreshed = await oauth.processRefreshTokenResponse(server, client, reply);
    const { access_token: token } = refreshed;
    expect(await introspected(client, oauth.None(), token)).toMatchObject({
      active: true,
      aud: API,
      client_id: client.client_id,
      iss: registry.url,
      sub: 'alice',
    });
    await revoke(client, oauth.None(), refreshed.refresh_token!);
    expect(await introspected(client, oauth.None(), token)).toEqual({ active: false });
  });

  it('gets errors of their RFC', async () => {
    const client = await registered({ token_endpoint_auth_method: 'none' });
    const reply = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), 'ocf_unknown', HTTP);
    await expect(oauth.processRefreshTokenResponse(server, client, reply)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    });
    const unknown = { client_id: 'unknown' };
    const rejected = await oauth.refreshTokenGrantRequest(server, unknown, oauth.None(), 'ocf_1', HTTP);
    await expect(oauth.processRefreshTokenResponse(server, unknown, rejected)).rejects.toMatchObject({
      status: 401,
      cause: [{ scheme: 'basic', parameters: { error: 'invalid_client' } }],
    });
    await expect(registered({ redirect_uris: ['javascript:alert(1)'] })).rejects.toMatchObject({
      error: 'invalid_redirect_uri',
      status: 400,
    });
  });

  it('gets a token for a service', async () => {
    const [client, authentication] = await aService();
    const reply = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      authentication,
      { scope: 'read', resource: API },
      HTTP,
    );
    const tokens = await oauth.processClientCredentialsResponse(server, client, reply);
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'read' });
    await revoke(client, authentication, tokens.access_token);
    expect(await introspected(client, authentication, tokens.access_token)).toEqual({ active: false });
  });

  it('gets a token for a service that signs with its key', async () => {
    const { privateKey, publicKey } = await oauth.generateKeyPair('ES256', { extractable: true });
    const { body } = await registry.register(
      {
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['client_credentials'],
        scope: 'read',
        jwks: { keys: [await crypto.subtle.exportKey('jwk', publicKey)] },
      },
      registry.adminKey,
    );
    const client = { client_id: body.client_id as string };
    const authentication = oauth.PrivateKeyJwt(privateKey);
    const reply = await oauth.clientCredentialsGrantRequest(server, client, authentication, {}, HTTP);
    const { access_token: token } = await oauth.processClientCredentialsResponse(server, client, reply);
    expect(await introspected(client, authentication, token)).toMatchObject({ active: true, scope: 'read' });
  });

  describe('An API that gets JWTs', () => {
    it('accepts one of a user, and rejects it for another API', async () => {
      const client = await registered({ token_endpoint_auth_method: 'none' });
      const { access_token: token } = await tokensOf(client, oauth.None(), JWT_API);
      const claims = await oauth.validateJwtAccessToken(server, called(token), JWT_API, HTTP);
      expect(claims).toMatchObject({
        iss: registry.url,
        sub: 'alice',
        client_id: client.client_id,
        scope: 'read write',
      });
      await expect(oauth.validateJwtAccessToken(server, called(token), API, HTTP)).rejects.toThrow(
        'unexpected JWT "aud"',
      );
    });

    it('accepts one of a service with a DPoP proof, and rejects it without', async () => {
      const [client, authentication] = await aService();
      const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
      const reply = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        authentication,
        { resource: JWT_API },
        { DPoP, ...HTTP },
      );
      const tokens = await oauth.processClientCredentialsResponse(server, client, reply);
      expect(tokens.token_type).toBe('dpop');
      let proven!: Request;
      await oauth.protectedResourceRequest(
        tokens.access_token,
        'GET',
        new URL(`${JWT_API}/notes`),
        undefined,
        undefined,
        {
          DPoP,
          [oauth.customFetch]: (url, { method, headers }) => {
            proven = new Request(url, { method, headers });
            return Promise.resolve(new Response());
          },
        },
      );
      expect(await oauth.validateJwtAccessToken(server, proven, JWT_API, HTTP)).toMatchObject({
        cnf: { jkt: await DPoP.calculateThumbprint() },
      });
      await expect(
        oauth.validateJwtAccessToken(server, called(tokens.access_token, 'DPoP'), JWT_API, HTTP),
      ).rejects.toThrow('DPoP');
    });
  });

  it('pushes an authorization request', async () => {
    const client = await registered({ token_endpoint_auth_method: 'client_secret_post' });
    const authentication = oauth.ClientSecretPost(client.client_secret as string);
    const verifier = oauth.generateRandomCodeVerifier();
    const reply = await oauth.pushedAuthorizationRequest(
      server,
      client,
      authentication,
      {
        redirect_uri: CALLBACK,
        response_type: 'code',
        scope: 'read',
        state: 'state of the client',
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      HTTP,
    );
    const { request_uri: reference } = await oauth.processPushedAuthorizationResponse(server, client, reply);
    const request = new URL(server.authorization_endpoint!);
    request.search = new URLSearchParams({
      client_id: client.client_id,
      request_uri: reference,
    }).toString();
    const callback = await answer(request, true, user);
    const tokens = await exchange(client, authentication, callback, 'state of the client', verifier);
    expect(tokens).toMatchObject({ scope: 'read', token_type: 'bearer' });
  });
});
