import * as openid from 'openid-client';
import { authorizationOf, CALLBACK } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const API = 'https://api.example';

/** npm `openid-client`, as applications use it. */
onEachEngine((engine) => {
  let registry: Registry;
  let user: string;
  beforeAll(async () => {
    registry = await Registry.start(engine, {
      AUTHORIZATION_CONSENT_URL: 'https://portal.example/consent',
      AUTHORIZATION_RESOURCES: API,
    });
    user = (await registry.createKey({ userId: 'alice' })).apiKey;
  });
  afterAll(() => registry.stop());
  const { answer } = authorizationOf(() => registry);

  /** All that the application is told: where we are. */
  const OPTIONS: openid.DynamicClientRegistrationRequestOptions = {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  };

  const registered = (metadata: object, authentication?: openid.ClientAuth) =>
    openid.dynamicClientRegistration(
      new URL(registry.url),
      {
        client_name: 'Agent',
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'read write',
        ...metadata,
      },
      authentication,
      OPTIONS,
    );
  const publicClient = () => registered({ token_endpoint_auth_method: 'none' }, openid.None());

  /** Sends the user to us. */
  async function anAnswer(config: openid.Configuration, allowed = true, parameters = {}) {
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const expectedState = openid.randomState();
    const request = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'read write',
      resource: API,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      ...parameters,
    });
    return { url: await answer(request, allowed, user), checks: { pkceCodeVerifier, expectedState } };
  }

  async function tokensOf(config: openid.Configuration, options?: openid.DPoPOptions, parameters = {}) {
    const { url, checks } = await anAnswer(config, true, parameters);
    return openid.authorizationCodeGrant(config, url, checks, undefined, options);
  }

  it('discovers the server by its issuer', async () => {
    const config = await openid.discovery(new URL(registry.url), 'client', undefined, openid.None(), OPTIONS);
    expect(config.serverMetadata()).toMatchObject({
      issuer: registry.url,
      authorization_response_iss_parameter_supported: true,
    });
    expect(config.serverMetadata().supportsPKCE()).toBe(true);
  });

  it('exchanges a code with PKCE, and refreshes the tokens', async () => {
    const config = await publicClient();
    const tokens = await tokensOf(config);
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'read write' });
    expect(tokens.expiresIn()).toBeGreaterThan(3500);
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token!, { scope: 'read' });
    expect(refreshed).toMatchObject({ token_type: 'bearer', scope: 'read' });
    expect(refreshed.access_token).not.toBe(tokens.access_token);
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
  });

  it('rejects an answer of another issuer, and one that names none', async () => {
    const config = await publicClient();
    const { url, checks } = await anAnswer(config);
    const foreign = new URL(url);
    foreign.searchParams.set('iss', 'https://evil.example');
    await expect(openid.authorizationCodeGrant(config, foreign, checks)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('unexpected "iss"') },
    });
    foreign.searchParams.delete('iss');
    await expect(openid.authorizationCodeGrant(config, foreign, checks)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('"iss" (issuer) missing') },
    });
    await expect(openid.authorizationCodeGrant(config, url, checks)).resolves.toBeDefined();
  });

  it('gets errors of their RFC', async () => {
    const config = await publicClient();
    const denied = await anAnswer(config, false);
    await expect(openid.authorizationCodeGrant(config, denied.url, denied.checks)).rejects.toMatchObject({
      error: 'access_denied',
    });
    const { url, checks } = await anAnswer(config);
    const wrong = { ...checks, pkceCodeVerifier: openid.randomPKCECodeVerifier() };
    await expect(openid.authorizationCodeGrant(config, url, wrong)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    });
    const unknown = new openid.Configuration(config.serverMetadata(), 'unknown', undefined, openid.None());
    openid.allowInsecureRequests(unknown);
    await expect(openid.refreshTokenGrant(unknown, 'ocf_unknown')).rejects.toMatchObject({
      status: 401,
      cause: [{ scheme: 'basic', parameters: { error: 'invalid_client' } }],
    });
  });

  describe('A service gets a token', () => {
    const authentications: [string, (secret: string) => openid.ClientAuth][] = [
      ['client_secret_basic', (secret) => openid.ClientSecretBasic(secret)],
      ['client_secret_post', (secret) => openid.ClientSecretPost(secret)],
    ];

    it.each(authentications)('with %s', async (_, authentication) => {
      const { body } = await registry.createClient(aClient({ allowed_scopes: ['read', 'write'] }));
      const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
      const config = await openid.discovery(
        new URL(registry.url),
        id!,
        undefined,
        authentication(secret!),
        OPTIONS,
      );
      const tokens = await openid.clientCredentialsGrant(config, { scope: 'read', resource: API });
      expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'read' });
      expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
        active: true,
        aud: API,
        client_id: id,
      });
      await openid.tokenRevocation(config, tokens.access_token);
      expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
    });

    it('with a signature by its key', async () => {
      const { privateKey, publicKey } = await openid.randomDPoPKeyPair('ES256', { extractable: true });
      const jwk = await crypto.subtle.exportKey('jwk', publicKey);
      const { body } = await registry.register(
        {
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['client_credentials'],
          scope: 'read',
          jwks: { keys: [{ ...jwk, kid: 'first' }] },
        },
        registry.adminKey,
      );
      const config = await openid.discovery(
        new URL(registry.url),
        body.client_id as string,
        undefined,
        openid.PrivateKeyJwt({ key: privateKey, kid: 'first' }),
        OPTIONS,
      );
      const tokens = await openid.clientCredentialsGrant(config);
      expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
        active: true,
        client_id: body.client_id as string,
      });
      await openid.tokenRevocation(config, tokens.access_token);
      expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
    });
  });

  it('binds tokens to a DPoP key', async () => {
    const config = await publicClient();
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());
    const jkt = await DPoP.calculateThumbprint();
    const tokens = await tokensOf(config, { DPoP }, { dpop_jkt: jkt });
    expect(tokens.token_type).toBe('dpop');
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      token_type: 'DPoP',
      cnf: { jkt },
    });
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token!, undefined, { DPoP });
    expect(refreshed.token_type).toBe('dpop');
    const other = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());
    await expect(
      openid.refreshTokenGrant(config, refreshed.refresh_token!, undefined, { DPoP: other }),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('pushes an authorization request, and sends the user on with its reference only', async () => {
    const { body } = await registry.register({
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      scope: 'read',
    });
    const { client_id: id, client_secret: secret } = body as Record<string, string>;
    const config = await openid.discovery(
      new URL(registry.url),
      id!,
      undefined,
      openid.ClientSecretBasic(secret),
      OPTIONS,
    );
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const request = await openid.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: CALLBACK,
      scope: 'read',
      resource: API,
      state: 'state of the client',
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    expect([...request.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    const tokens = await openid.authorizationCodeGrant(config, await answer(request, true, user), {
      pkceCodeVerifier,
      expectedState: 'state of the client',
    });
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      active: true,
      aud: API,
      sub: 'alice',
    });
  });

  it('revokes a grant with its refresh token', async () => {
    const config = await publicClient();
    const tokens = await tokensOf(config);
    await openid.tokenRevocation(config, tokens.refresh_token!);
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
  });
});
