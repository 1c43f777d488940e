import Telnyx from 'telnyx';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

/** What the samples of the contract ask for, in the words that each SDK puts on the wire. */
const CREATE = {
  allowed_grant_types: ['client_credentials'],
  allowed_scopes: ['admin'],
  client_type: 'public',
  name: 'My OAuth client',
};
const REGISTER_PHP = {
  client_name: 'My OAuth Application',
  grant_types: ['authorization_code'],
  logo_uri: 'https://example.com',
  policy_uri: 'https://example.com',
  redirect_uris: ['https://example.com/callback'],
  response_types: ['string'],
  scope: 'admin',
  token_endpoint_auth_method: 'none',
  tos_uri: 'https://example.com',
};

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  const created = {
    record_type: 'oauth_client',
    client_id: expect.any(String),
    name: 'My OAuth client',
    org_id: 'default',
    user_id: 'admin',
    allowed_scopes: ['admin'],
    client_type: 'public',
    require_pkce: false,
    allowed_grant_types: ['client_credentials'],
    redirect_uris: [],
    logo_uri: null,
    tos_uri: null,
    policy_uri: null,
    client_secret: null,
    created_at: expect.any(String),
    updated_at: expect.any(String),
  };

  describe('JavaScript, with the published package', () => {
    it('creates a client', async () => {
      const client = new Telnyx({ apiKey: registry.adminKey, baseURL: `${registry.url}/v2` });

      const oauthClient = await client.oauthClients.create({
        allowed_grant_types: ['client_credentials'],
        allowed_scopes: ['admin'],
        client_type: 'public',
        name: 'My OAuth client',
      });

      expect(oauthClient.data).toEqual(created);
    });

    it.each([
      ['without a key', undefined],
      ['with a key', 'mine'],
    ])('registers a client %s', async (_, key) => {
      const options = { apiKey: key && registry.adminKey, baseURL: `${registry.url}/v2` };
      // The sample calls without arguments, which the package runs but its newer types do not know
      const client = new Telnyx(options) as unknown as { oauth: { register(): Promise<object> } };

      const response = await client.oauth.register();

      expect(response).toMatchObject({
        client_id: expect.any(String),
        client_id_issued_at: expect.any(Number),
      });
    });

    it('throws the typed errors that its users catch', async () => {
      const options = { baseURL: `${registry.url}/v2`, maxRetries: 0 };
      const create = (apiKey: string, name: string) =>
        new Telnyx({ ...options, apiKey }).oauthClients.create({
          ...CREATE,
          client_type: 'public',
          name,
        } as never);
      await expect(create('wrong', 'x')).rejects.toBeInstanceOf(Telnyx.AuthenticationError);
      await expect(create(registry.adminKey, '')).rejects.toBeInstanceOf(Telnyx.UnprocessableEntityError);
      await expect(
        new Telnyx(options).oauth.register({ redirect_uris: ['javascript:alert(1)'] }),
      ).rejects.toBeInstanceOf(Telnyx.BadRequestError);
    });
  });

  it.each(['Python', 'Go', 'Java', 'Ruby', 'CLI'])('%s creates a client', async (language) => {
    const { status, body } = await registry.send('/v2/oauth_clients', {
      key: registry.adminKey,
      body: CREATE,
      headers: { 'x-stainless-lang': language.toLowerCase(), accept: 'application/json' },
    });
    expect({ status, body }).toEqual({ status: 201, body: { data: created } });
  });

  it.each([
    ['Python', {}],
    ['Go', {}],
    ['Java', {}],
    ['Ruby', {}],
    ['CLI', {}],
    ['PHP', REGISTER_PHP],
  ])('%s registers a client', async (language, sent) => {
    const { status, body } = await registry.send('/v2/oauth/register', {
      key: registry.adminKey,
      body: sent,
      headers: { 'x-stainless-lang': language.toLowerCase(), accept: 'application/json' },
    });
    expect(status).toBe(201);
    // The PHP sample asks for the response type "string"; it is told what it got instead
    expect(body).toMatchObject({ ...sent, client_id: expect.any(String), response_types: ['code'] });
  });
});
