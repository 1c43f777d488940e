import { FIELDS_AT } from '../../../src/policy/fields.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ISO_DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SECRET_OF_256_BITS = /^[\w-]{43}$/;

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  describe('201', () => {
    it.each(['/v2/oauth/clients', '/v2/oauth_clients'])(
      'POST %s answers with every property of the contract',
      async (path) => {
        const { apiKey, orgId } = await registry.createKey({ userId: 'user-7' });
        const { status, body, headers } = await registry.send(path, {
          key: apiKey,
          body: aClient({
            name: '  Ünïcode 名前  ',
            allowed_scopes: ['admin', 'read'],
            allowed_grant_types: ['authorization_code', 'refresh_token'],
            redirect_uris: [
              'https://example.com/cb',
              'http://localhost:8080/cb',
              'cursor://cb',
              'com.example.app:/cb',
            ],
            require_pkce: true,
            logo_uri: 'https://example.com/logo.png',
            policy_uri: 'http://example.com/policy',
            tos_uri: 'https://example.com/tos#top',
          }),
        });
        expect({ status, body }).toEqual({
          status: 201,
          body: {
            data: {
              record_type: 'oauth_client',
              client_id: expect.stringMatching(UUID_V7),
              name: 'Ünïcode 名前',
              org_id: orgId,
              user_id: 'user-7',
              allowed_scopes: ['admin', 'read'],
              client_type: 'confidential',
              require_pkce: true,
              allowed_grant_types: ['authorization_code', 'refresh_token'],
              redirect_uris: [
                'https://example.com/cb',
                'http://localhost:8080/cb',
                'cursor://cb',
                'com.example.app:/cb',
              ],
              logo_uri: 'https://example.com/logo.png',
              tos_uri: 'https://example.com/tos#top',
              policy_uri: 'http://example.com/policy',
              client_secret: expect.stringMatching(SECRET_OF_256_BITS),
              created_at: expect.stringMatching(ISO_DATE_TIME),
              updated_at: body.data.created_at,
            },
          },
        });
        expect(headers.get('location')).toBe(`${registry.url}/v2/oauth/clients/${body.data.client_id}`);
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('pragma')).toBe('no-cache');
        expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
      },
    );

    it('sets omitted members to their defaults, or null', async () => {
      const { body } = await registry.createClient(aClient());
      expect(body.data).toMatchObject({
        org_id: 'default',
        user_id: 'admin',
        require_pkce: false,
        redirect_uris: [],
        logo_uri: null,
        tos_uri: null,
        policy_uri: null,
      });
    });

    it('D4: accepts a public client with client_credentials, as the samples of the contract create it', async () => {
      const { status, body } = await registry.createClient(aClient({ client_type: 'public' }));
      expect(status).toBe(201);
      expect(body.data).toMatchObject({ client_type: 'public', allowed_grant_types: ['client_credentials'] });
    });

    it('D8: a public client never gets a secret', async () => {
      const secretsBefore = await registry.rows('oauth_client_secrets');
      const { body } = await registry.createClient(aClient({ client_type: 'public' }));
      expect(body.data.client_secret).toBeNull();
      expect(await registry.rows('oauth_client_secrets')).toBe(secretsBefore);
    });

    it('D8: a secret is stored as a hash that names its algorithm, and nowhere in plaintext', async () => {
      const { body } = await registry.createClient(aClient());
      const { client_id: clientId, client_secret: secret } = body.data as {
        client_id: string;
        client_secret: string;
      };
      const stored = await registry.dataSource.query<{ hash: string; hint: string; client_id: string }[]>(
        `SELECT * FROM oauth_client_secrets WHERE client_id = '${clientId}'`,
      );
      expect(stored).toHaveLength(1);
      expect(stored[0]).toMatchObject({
        hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        hint: secret.slice(-4),
      });
      const everything = await Promise.all(
        ['oauth_clients', 'oauth_client_secrets'].map((table) =>
          registry.dataSource.query(`SELECT * FROM ${table}`),
        ),
      );
      expect(JSON.stringify(everything)).not.toContain(secret);
    });

    it('D11: require_pkce is as requested, also for a public client with authorization_code', async () => {
      const { body } = await registry.createClient(
        aClient({
          client_type: 'public',
          allowed_grant_types: ['authorization_code'],
          redirect_uris: ['https://example.com/cb'],
        }),
      );
      expect(body.data.require_pkce).toBe(false);
    });

    it('D12: removes duplicates in lists, and keeps the first', async () => {
      const { body } = await registry.createClient(
        aClient({
          allowed_scopes: ['b', 'a', 'b'],
          allowed_grant_types: ['refresh_token', 'client_credentials', 'refresh_token'],
          redirect_uris: ['https://example.com/2', 'https://example.com/1', 'https://example.com/2'],
        }),
      );
      expect(body.data).toMatchObject({
        allowed_scopes: ['b', 'a'],
        allowed_grant_types: ['refresh_token', 'client_credentials'],
        redirect_uris: ['https://example.com/2', 'https://example.com/1'],
      });
    });

    it('builds Location from PUBLIC_URL, never from the Host header', async () => {
      const behindProxy = await Registry.start(engine, { PUBLIC_URL: 'https://id.example/registry' });
      const { body, headers } = await behindProxy.send('/v2/oauth/clients', {
        key: behindProxy.adminKey,
        body: aClient(),
        headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
      });
      await behindProxy.stop();
      expect(headers.get('location')).toBe(
        `https://id.example/registry/v2/oauth/clients/${body.data.client_id}`,
      );
    });
  });

  describe('400', () => {
    it.each([
      ['an array', []],
      ['a string', '"text"'],
      ['nothing', undefined],
    ])('D6: invalid_request for %s', async (_, body) => {
      const answer = await registry.createClient(body);
      expect({ status: answer.status, error: answer.body.error }).toEqual({
        status: 400,
        error: 'invalid_request',
      });
      expect(answer.body.invalid_fields).toBeUndefined();
    });
  });

  describe('422', () => {
    it('D2: names the redirect URI that authorization_code needs', async () => {
      const before = await registry.rows('oauth_clients');
      const { status, body } = await registry.createClient(
        aClient({ allowed_grant_types: ['authorization_code'] }),
      );
      expect({ status, body }).toEqual({
        status: 422,
        body: {
          error: 'validation_error',
          error_description: 'Invalid fields: redirect_uris. See invalid_fields.',
          invalid_fields: {
            redirect_uris: ['must contain at least one URI for the authorization_code grant'],
          },
        },
      });
      expect(await registry.rows('oauth_clients')).toBe(before);
    });

    it('D5: rejects unknown members under every profile of the registration', async () => {
      const lenient = await Registry.start(engine, { REGISTRATION_METADATA: 'lenient' });
      const { status, body } = await lenient.createClient(
        aClient({ client_uri: 'https://example.com', token_endpoint_auth_method: 'none' }),
      );
      await lenient.stop();
      expect({ status, fields: Object.keys(body.invalid_fields) }).toEqual({
        status: 422,
        fields: ['client_uri', 'token_endpoint_auth_method'],
      });
    });

    it('D13, D16: rejects members that only the server sets, and says so', async () => {
      const { body: created } = await registry.createClient(aClient());
      const taken: string[] = FIELDS_AT.rest.map(({ name }) => name);
      const members = Object.keys(created.data as object).filter((member) => !taken.includes(member));
      expect(members).toEqual(expect.arrayContaining(['client_id', 'client_secret', 'org_id', 'created_at']));
      const sent = [...members, 'status', 'verified', 'client_secret_expires_at', 'client_id_issued_at'];
      const { status, body } = await registry.createClient(
        aClient(Object.fromEntries([...sent, 'colour'].map((member) => [member, 'chosen']))),
      );
      expect({ status, fields: body.invalid_fields }).toEqual({
        status: 422,
        fields: {
          ...Object.fromEntries(sent.map((member) => [member, ['is set by the server; omit it']])),
          colour: ['is not supported; omit it'],
        },
      });
    });
  });
});
