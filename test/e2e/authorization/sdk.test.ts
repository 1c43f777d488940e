import Telnyx from 'telnyx';
import { authorizationOf, CALLBACK } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

/** With `test/e2e/rest/sdk.test.ts`, all 17 methods that the published package has for OAuth. */
onEachEngine((engine) => {
  let registry: Registry;
  let sdk: Telnyx;
  beforeAll(async () => {
    registry = await Registry.start(engine, { SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters' });
    sdk = new Telnyx({ apiKey: registry.adminKey, baseURL: `${registry.url}/v2` });
  });
  afterAll(() => registry.stop());
  const { register, ask, aRequest } = authorizationOf(() => registry);

  it('takes a user from consent to a token, and lists, reads and deletes the grant', async () => {
    const client = await register();
    const { verifier, consentToken } = await ask(client, { scope: 'read' });
    expect(await sdk.oauth.retrieve(consentToken)).toMatchObject({
      data: { client_id: client.id, name: 'Agent', redirect_uri: CALLBACK, verified: false },
    });
    const { redirect_uri: back } = await sdk.oauth.grants({ allowed: true, consent_token: consentToken });
    const issued = await sdk.oauth.token({
      grant_type: 'authorization_code',
      client_id: client.id,
      code: new URL(back).searchParams.get('code')!,
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    });
    expect(issued).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read' });
    expect(await sdk.oauth.introspect({ token: issued.access_token })).toMatchObject({
      active: true,
      client_id: client.id,
      aud: registry.url,
      iss: registry.url,
    });
    const grants = [];
    for await (const grant of sdk.oauthGrants.list()) grants.push(grant);
    expect(grants).toMatchObject([{ client_id: client.id, record_type: 'oauth_grant', scopes: ['read'] }]);
    const { id } = grants[0]!;
    expect((await sdk.oauthGrants.retrieve(id)).data).toMatchObject({ id, client_id: client.id });
    expect((await sdk.oauthGrants.delete(id)).data).toMatchObject({ id });
    expect(await sdk.oauth.introspect({ token: issued.access_token })).toEqual({ active: false });
    await expect(sdk.oauthGrants.retrieve(id)).rejects.toThrow(Telnyx.NotFoundError);
  });

  it('opens the consent page', async () => {
    const client = await register({ client_name: 'Agent & <b>Co</b>' });
    const { parameters } = aRequest(client);
    const page = await sdk.oauth.retrieveAuthorize(
      parameters as unknown as Telnyx.OAuthRetrieveAuthorizeParams,
    );
    expect(page).toContain('Allow Agent &amp; &lt;b&gt;Co&lt;/b&gt;?');
  });

  it('reads the keys and the metadata', async () => {
    const { keys } = await sdk.oauth.retrieveJwks();
    expect(keys).toMatchObject([{ kty: 'EC', alg: 'ES256', use: 'sig' }]);
    expect(await sdk.wellKnown.retrieveAuthorizationServerMetadata()).toMatchObject({
      issuer: registry.url,
      token_endpoint: `${registry.url}/v2/oauth/token`,
      registration_endpoint: `${registry.url}/v2/oauth/register`,
      code_challenge_methods_supported: ['S256'],
    });
    expect(await sdk.wellKnown.retrieveProtectedResourceMetadata()).toMatchObject({
      resource: registry.url,
      authorization_servers: [registry.url],
    });
  });

  it('gets typed errors', async () => {
    await expect(sdk.oauth.token({ grant_type: 'client_credentials', client_id: 'unknown' })).rejects.toThrow(
      Telnyx.AuthenticationError,
    );
    await expect(sdk.oauth.retrieve('unknown')).rejects.toThrow(Telnyx.NotFoundError);
  });
});
