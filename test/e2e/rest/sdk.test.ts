import Telnyx from 'telnyx';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

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

    it('throws its typed errors', async () => {
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
    // The PHP sample asks for the response type "string"; the reply says what it got instead
    expect(body).toMatchObject({ ...sent, client_id: expect.any(String), response_types: ['code'] });
  });

  describe('the published SDK', () => {
    it('creates, retrieves, updates, lists and deletes a client, with its typed errors', async () => {
      const { apiKey } = await registry.createKey();
      const sdk = new Telnyx({ apiKey, baseURL: `${registry.url}/v2`, maxRetries: 0 });
      const created = (
        await sdk.oauthClients.create({
          name: 'sdk',
          client_type: 'public',
          allowed_scopes: ['a'],
          allowed_grant_types: ['client_credentials'],
        })
      ).data!;
      expect((await sdk.oauthClients.retrieve(created.client_id)).data).toEqual(created);
      const updated = await sdk.oauthClients.update(created.client_id, { name: 'renamed' });
      expect(updated.data!.name).toBe('renamed');
      await expect(sdk.oauthClients.update(created.client_id, { name: '' })).rejects.toBeInstanceOf(
        Telnyx.UnprocessableEntityError,
      );
      await sdk.oauthClients.delete(created.client_id);
      await expect(sdk.oauthClients.retrieve(created.client_id)).rejects.toBeInstanceOf(Telnyx.NotFoundError);
    });

    it('walks all pages', async () => {
      const { apiKey } = await registry.createKey();
      const sdk = new Telnyx({ apiKey, baseURL: `${registry.url}/v2` });
      const names = Array.from({ length: 45 }, (_, i) => `c${i}`);
      for (const name of names) await registry.createClient(aClient({ name }), apiKey);
      const walked: string[] = [];
      for await (const client of sdk.oauthClients.list()) walked.push(client.name);
      expect(walked).toEqual(names.reverse());
    });

    async function aWalk(
      clients: number,
      pageSize: number,
      afterEachPage: (sdk: Telnyx) => Promise<unknown>,
    ) {
      const { apiKey } = await registry.createKey();
      const sdk = new Telnyx({ apiKey, baseURL: `${registry.url}/v2` });
      const before = await Promise.all(Array.from({ length: clients }, () => createWith(sdk)));
      const walk = async () => {
        const seen: string[] = [];
        for await (const { client_id: id } of sdk.oauthClients.list({ page: { size: pageSize } } as never)) {
          seen.push(id);
          if (seen.length % pageSize === 0) await afterEachPage(sdk);
        }
        return seen;
      };
      return { before, walk, sdk };
    }

    const createWith = async (sdk: Telnyx) => {
      const { name, ...rest } = aClient();
      return (await sdk.oauthClients.create({ name, ...rest } as never)).data!.client_id;
    };

    it('misses no client during concurrent creates', async () => {
      const { before, walk } = await aWalk(50, 7, (sdk) => Promise.all([createWith(sdk), createWith(sdk)]));
      const seen = await walk();
      expect(before.filter((id) => !seen.includes(id))).toEqual([]);
      expect(seen.length).toBeGreaterThan(before.length);
    });

    it('reaches the end during concurrent creates and deletes', async () => {
      const doomed: string[] = [];
      let deleted = 0;
      const { before, walk } = await aWalk(100, 7, async (sdk) => {
        doomed.push(await createWith(sdk), await createWith(sdk));
        const going = doomed.splice(0, 2);
        deleted += going.length;
        await Promise.all(going.map((id) => sdk.oauthClients.delete(id)));
      });
      doomed.push(...before.slice(0, 20));
      const seen = await walk();
      const staying = before.slice(20);
      // A page number counts from the newest: a deletion moves one client to a page that was read before, and no more
      expect(staying.filter((id) => !seen.includes(id)).length).toBeLessThanOrEqual(deleted);
      expect(deleted).toBeGreaterThan(20);
    });
  });
});
