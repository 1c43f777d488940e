import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

const UUID = /^[0-9a-f-]{36}$/;
const SECRET_OF_256_BITS = /^[\w-]{43}$/;
const CALLBACK = ['https://example.com/callback'];

/** What RFC 7591 §2 and OpenID Connect register beyond the contract. */
const EXTENDED = {
  client_uri: 'https://example.com',
  contacts: ['ops@example.com', 'https://example.com/help'],
  jwks_uri: 'https://example.com/jwks.json',
  software_id: '4NRB1-0XZABZI9E6-5SM3R',
  software_version: '2.1.0',
  application_type: 'native',
  initiate_login_uri: 'https://example.com/login',
  post_logout_redirect_uris: ['https://example.com/bye', 'com.example.app:/bye'],
  'client_name#ja': 'クライアント名',
  'tos_uri#fr-CA': 'https://example.com/fr/tos',
};

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  describe('201', () => {
    it('returns all granted members, and omits members without a value', async () => {
      const before = Math.floor(Date.now() / 1000);
      const { status, body, headers } = await registry.register({
        client_name: 'My OAuth Application',
        redirect_uris: CALLBACK,
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'admin read',
        token_endpoint_auth_method: 'client_secret_post',
        logo_uri: 'https://example.com/logo.png',
        tos_uri: 'https://example.com/tos',
        policy_uri: 'https://example.com/policy',
      });
      expect({ status, body }).toEqual({
        status: 201,
        body: {
          client_id: expect.stringMatching(UUID),
          client_id_issued_at: expect.any(Number),
          client_secret: expect.stringMatching(SECRET_OF_256_BITS),
          client_secret_expires_at: 0,
          ...managementOf(body),
          client_name: 'My OAuth Application',
          redirect_uris: CALLBACK,
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
          scope: 'admin read',
          token_endpoint_auth_method: 'client_secret_post',
          logo_uri: 'https://example.com/logo.png',
          tos_uri: 'https://example.com/tos',
          policy_uri: 'https://example.com/policy',
        },
      });
      expect(body.client_id_issued_at).toBeGreaterThanOrEqual(before);
      expect(body.client_id_issued_at).toBeLessThanOrEqual(Date.now() / 1000);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('pragma')).toBe('no-cache');
    });

    it.each([
      ['an empty object', {}],
      ['no body at all, as the JavaScript SDK sends it', ''],
    ])('D1: %s asks for nothing and gets the defaults', async (_, body) => {
      const answer = await registry.register(body);
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 201,
        body: {
          client_id: expect.stringMatching(UUID),
          client_id_issued_at: expect.any(Number),
          client_secret: expect.stringMatching(SECRET_OF_256_BITS),
          client_secret_expires_at: 0,
          ...managementOf(answer.body),
          redirect_uris: [],
          grant_types: ['authorization_code'],
          response_types: ['code'],
          token_endpoint_auth_method: 'client_secret_basic',
        },
      });
    });

    it('calls a client that has no name by its client_id', async () => {
      const { body } = await registry.register({});
      const found = await registry.graphql('query($id: ID!) { oauthClient(clientId: $id) { name } }', {
        id: body.client_id,
      });
      expect(found.body.data.oauthClient.name).toBe(body.client_id);
    });

    it.each([
      ['authorization_code', ['token', 'nonsense'], ['code']],
      ['client_credentials', ['code'], []],
    ])('D3: response types follow from %s and not from the request', async (grant, asked, granted) => {
      const { status, body } = await registry.register({
        grant_types: [grant],
        response_types: asked,
        redirect_uris: CALLBACK,
      });
      expect({ status, granted: body.response_types }).toEqual({ status: 201, granted });
    });

    it('D7: without credentials the client has no owner', async () => {
      const { body } = await registry.register({});
      expect(await ownerOf(body.client_id as string)).toEqual({
        orgId: null,
        userId: null,
        source: 'DYNAMIC',
      });
    });

    it("D7: with valid credentials it belongs to the caller's organization and user", async () => {
      const { apiKey, orgId } = await registry.createKey({ userId: 'user-3' });
      const { body } = await registry.register({}, apiKey);
      expect(await ownerOf(body.client_id as string)).toEqual({ orgId, userId: 'user-3', source: 'DYNAMIC' });
    });

    it.each([
      ['a public client gets neither a secret nor an expiry', 'none', false],
      ['a confidential client gets both', 'client_secret_basic', true],
    ])('D8, D9: %s', async (_, method, hasSecret) => {
      const { body } = await registry.register({
        redirect_uris: CALLBACK,
        token_endpoint_auth_method: method,
      });
      expect([Object.hasOwn(body as object, 'client_secret'), body.client_secret_expires_at]).toEqual([
        hasSecret,
        hasSecret ? 0 : undefined,
      ]);
    });

    it.each(['', '   '])('D10: the scope %p counts as absent', async (scope) => {
      const { status, body } = await registry.register({ scope });
      expect(status).toBe(201);
      expect(body).not.toHaveProperty('scope');
    });

    it.each([
      ['a public client with authorization_code', 'none', ['authorization_code'], true],
      ['a confidential client', 'client_secret_basic', ['authorization_code'], false],
    ])('D11: %s: PKCE required is %#', async (_, method, grants, expected) => {
      const { body } = await registry.register({
        redirect_uris: CALLBACK,
        token_endpoint_auth_method: method,
        grant_types: grants,
      });
      const found = await registry.graphql('query($id: ID!) { oauthClient(clientId: $id) { requirePkce } }', {
        id: body.client_id,
      });
      expect(found.body.data.oauthClient.requirePkce).toBe(expected);
    });

    it('D12: removes duplicates in lists', async () => {
      const { body } = await registry.register({
        redirect_uris: [...CALLBACK, ...CALLBACK],
        grant_types: ['refresh_token', 'authorization_code', 'refresh_token'],
        scope: 'b a b',
      });
      expect(body).toMatchObject({
        redirect_uris: CALLBACK,
        grant_types: ['refresh_token', 'authorization_code'],
        scope: 'b a',
      });
    });
  });

  describe('400', () => {
    it('D2: invalid_redirect_uri if authorization_code is named without a redirect URI', async () => {
      const before = await registry.rows('oauth_clients');
      const { status, body, headers } = await registry.register({ grant_types: ['authorization_code'] });
      expect({ status, body }).toEqual({
        status: 400,
        body: {
          error: 'invalid_redirect_uri',
          error_description: 'Invalid fields: redirect_uris. See invalid_fields.',
          invalid_fields: {
            redirect_uris: ['must contain at least one URI for the authorization_code grant'],
          },
        },
      });
      expect(headers.get('cache-control')).toBe('no-store');
      expect(await registry.rows('oauth_clients')).toBe(before);
    });

    it('D4: a client without credentials cannot have client_credentials', async () => {
      const { status, body } = await registry.register({
        token_endpoint_auth_method: 'none',
        grant_types: ['client_credentials'],
      });
      expect({ status, error: body.error, fields: body.invalid_fields }).toEqual({
        status: 400,
        error: 'invalid_client_metadata',
        fields: {
          token_endpoint_auth_method: [
            'must not be "none" for the client_credentials grant; send a client_secret_* method',
          ],
        },
      });
    });

    it('D10: null is a wrong type, not an absent member', async () => {
      const { status, body } = await registry.register({ logo_uri: null, client_name: null });
      expect({ status, fields: body.invalid_fields }).toEqual({
        status: 400,
        fields: { logo_uri: ['must be a string'], client_name: ['must be a string'] },
      });
    });

    it.each([
      ['refresh_token alone', ['refresh_token']],
      ['refresh_token and a grant that is dropped', ['refresh_token', 'implicit']],
    ])('D15: nothing would ever issue a refresh token if a client has %s', async (_, grants) => {
      const { status, body } = await registry.register({ grant_types: grants, redirect_uris: CALLBACK });
      expect({ status, error: body.error, fields: body.invalid_fields }).toEqual({
        status: 400,
        error: 'invalid_client_metadata',
        fields: {
          grant_types: [
            'must contain a grant type in addition to refresh_token, which needs another grant; allowed grant types: ' +
              'client_credentials, authorization_code, refresh_token',
          ],
        },
      });
    });
  });

  describe('D5: REGISTRATION_METADATA', () => {
    const byProfile: Record<string, Registry> = {};
    beforeAll(async () => {
      for (const profile of ['strict', 'registered', 'lenient']) {
        byProfile[profile] = await Registry.start(engine, { REGISTRATION_METADATA: profile });
      }
    });
    afterAll(async () => {
      for (const each of Object.values(byProfile)) await each.stop();
    });

    it.each(['registered', 'lenient'])(
      '%s: what RFC 7591 registers is stored and echoed',
      async (profile) => {
        const { status, body } = await byProfile[profile]!.register({ ...EXTENDED, redirect_uris: CALLBACK });
        expect(status).toBe(201);
        expect(body).toMatchObject(EXTENDED);
      },
    );

    it('strict: it is rejected, each member by name', async () => {
      const { status, body } = await byProfile.strict!.register({ ...EXTENDED, redirect_uris: CALLBACK });
      expect({ status, error: body.error, fields: Object.keys(body.invalid_fields) }).toEqual({
        status: 400,
        error: 'invalid_client_metadata',
        fields: Object.keys(EXTENDED),
      });
    });

    it.each([
      ['strict', 'default_max_age', 400],
      ['registered', 'default_max_age', 201],
      ['lenient', 'default_max_age', 201],
      ['strict', 'made_up', 400],
      ['registered', 'made_up', 400],
      ['lenient', 'made_up', 201],
      // D13
      ['strict', 'client_id', 400],
      ['registered', 'client_id', 201],
      ['lenient', 'client_id', 201],
      ['registered', 'org_id', 400],
      ['lenient', 'org_id', 201],
    ])('%s: the member %s gives %d, and is not part of the client', async (profile, member, expected) => {
      const { status, body } = await byProfile[profile]!.register({ [member]: 'chosen' });
      expect(status).toBe(expected);
      if (status === 400) expect(Object.keys(body.invalid_fields)).toEqual([member]);
      else expect(JSON.stringify(body)).not.toContain('chosen');
    });

    it.each([
      ['strict', 400],
      ['registered', 201],
      ['lenient', 201],
    ])(
      'D5a: %s: members of other OAuth registries give %d, and are not part of it',
      async (profile, expected) => {
        const sent = {
          resource: 'https://mcp.example.com',
          code_challenge_method: 'S256',
          token_endpoint_auth_methods_supported: ['none'],
        };
        const { status, body } = await byProfile[profile]!.register(sent);
        expect(status).toBe(expected);
        if (status === 400) expect(Object.keys(body.invalid_fields)).toEqual(Object.keys(sent));
        else expect(Object.keys(body as object)).not.toEqual(expect.arrayContaining(['resource']));
      },
    );

    it.each([
      ['strict', 400],
      ['registered', 201],
      ['lenient', 201],
    ])('D10a: %s: null for the scope gives %d', async (profile, expected) => {
      const { status, body } = await byProfile[profile]!.register({ scope: null, redirect_uris: CALLBACK });
      expect(status).toBe(expected);
      if (status === 400) expect(body.invalid_fields).toEqual({ scope: ['must be a string'] });
      else expect(body).not.toHaveProperty('scope');
    });

    it.each([
      ['strict', ['authorization_code', 'implicit'], 400],
      ['registered', ['authorization_code', 'implicit'], 201],
      ['registered', ['urn:ietf:params:oauth:grant-type:device_code', 'password', 'authorization_code'], 201],
      ['registered', ['implicit'], 400],
      ['registered', ['authorization_code', 'made_up'], 400],
      ['lenient', ['authorization_code', 'made_up'], 201],
      ['lenient', ['made_up'], 400],
    ])('%s: the grants %j give %d; those not offered are dropped', async (profile, grants, expected) => {
      const { status, body } = await byProfile[profile]!.register({
        grant_types: grants,
        redirect_uris: CALLBACK,
      });
      expect(status).toBe(expected);
      if (status === 201) expect(body.grant_types).toEqual(['authorization_code']);
      else expect(Object.keys(body.invalid_fields)).toEqual(['grant_types']);
    });

    it.each([
      [
        'jwks and jwks_uri together',
        { jwks: { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB' }] }, jwks_uri: 'https://example.com/k' },
        'jwks',
      ],
      ['a private key', { jwks: { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB', d: 'y' }] } }, 'jwks'],
      ['a key set without keys', { jwks: {} }, 'jwks'],
      ['an invisible contact', { contacts: ['\u200b'] }, 'contacts'],
      ['a page that is a script', { client_uri: 'javascript:alert(1)' }, 'client_uri'],
      ['a sign-in over http', { initiate_login_uri: 'http://example.com/login' }, 'initiate_login_uri'],
      ['an invalid list', { post_logout_redirect_uris: 'https://example.com' }, 'post_logout_redirect_uris'],
      [
        'a script after signing out',
        { post_logout_redirect_uris: ['javascript:0'] },
        'post_logout_redirect_uris',
      ],
      ['an unknown application type', { application_type: 'service' }, 'application_type'],
      ['a translation that is not text', { 'client_name#ja': 1 }, 'client_name#ja'],
      ['a translated script', { 'tos_uri#de': 'javascript:alert(1)' }, 'tos_uri#de'],
      ['a translation of what has none', { 'scope#de': 'lesen' }, 'scope#de'],
    ])('registered: rejects %s', async (_, members, field) => {
      const { status, body } = await byProfile.registered!.register(members);
      expect({ status, fields: Object.keys(body.invalid_fields) }).toEqual({ status: 400, fields: [field] });
    });
  });

  describe('?dry_run', () => {
    const tryOut = (body: unknown, value = 'true') =>
      registry.send(`/v2/oauth/register?dry_run=${value}`, { body });

    it('400: a malformed one registers nothing', async () => {
      const before = await registry.rows('oauth_clients');
      const { status, body } = await registry.send('/v2/oauth/register?dryrun=true', { body: {} });
      expect({ status, error: body.error, fields: Object.keys(body.invalid_fields as object) }).toEqual({
        status: 400,
        error: 'invalid_request',
        fields: ['dryrun'],
      });
      expect(await registry.rows('oauth_clients')).toBe(before);
    });

    it('200: returns the metadata that would be granted, and stores nothing', async () => {
      const before = await registry.rows('oauth_clients');
      const asked = {
        client_name: 'n',
        redirect_uris: CALLBACK,
        grant_types: ['authorization_code', 'implicit'],
      };
      const { status, body } = await tryOut(asked);
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          client_name: 'n',
          redirect_uris: CALLBACK,
          grant_types: ['authorization_code'],
          response_types: ['code'],
          token_endpoint_auth_method: 'client_secret_basic',
        },
      });
      expect(await registry.rows('oauth_clients')).toBe(before);
      expect((await registry.register(asked)).body).toMatchObject(body as object);
    });

    it('400: returns the error of the registration', async () => {
      const asked = { redirect_uris: ['javascript:alert(1)'], made_up: 1 };
      const [tried, real] = [await tryOut(asked), await registry.register(asked)];
      expect({ status: tried.status, body: tried.body }).toEqual({ status: real.status, body: real.body });
    });

    it('requires true or false', async () => {
      expect((await tryOut({}, 'false')).status).toBe(201);
      expect((await tryOut({}, 'yes')).body).toMatchObject({
        error: 'invalid_request',
        invalid_fields: { dry_run: [expect.any(String)] },
      });
    });
  });

  /** What RFC 7592 §3 adds. */
  const managementOf = ({ client_id }: { client_id: string }) => ({
    registration_access_token: expect.stringMatching(SECRET_OF_256_BITS),
    registration_client_uri: `${registry.url}/v2/oauth/register/${client_id}`,
  });

  async function ownerOf(clientId: string): Promise<unknown> {
    const { body } = await registry.graphql(
      'query($id: ID!) { oauthClient(clientId: $id) { orgId userId source } }',
      {
        id: clientId,
      },
    );
    return body.data.oauthClient as unknown;
  }
});
