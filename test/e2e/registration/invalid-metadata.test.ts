import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { INTERFACES, requestsTo } from '../../support/requests.js';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { sendTo, expectRefused } = requestsTo(() => registry);

  describe('registration', () => {
    it.each([
      'client_name#',
      'client_name#not a tag',
      'client_name#-',
      'redirect_uris#ja',
      '#ja',
      'require_pkce',
      'client_type',
    ])('rejects %s, which is registered nowhere', async (member) => {
      await expectRefused(
        () => sendTo('register', { [member]: 'text' }),
        INTERFACES.register.refusal([member]),
      );
    });

    it('rejects jwks and jwks_uri together', async () => {
      const body = { jwks: { keys: [{ kty: 'RSA' }] }, jwks_uri: 'https://example.com/jwks.json' };
      await expectRefused(() => sendTo('register', body), INTERFACES.register.refusal(['jwks']));
    });

    it.each([
      ['NUL', { kid: 'a\0b' }],
      ['a lone surrogate', { kid: 'a\ud800' }],
      ['a member constructor', { constructor: 'text' }],
      ['a member constructor that is an object', { constructor: { name: 'Object' } }],
      ['a member toString', { toString: 'text' }],
      ['a member hasOwnProperty', { hasOwnProperty: 1 }],
      ['a member then', { then: 'text' }],
    ])(
      'keeps a public key as it came, with members that it does not know (RFC 7517 §4): %s',
      async (_, member) => {
        const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43), ...member }] };
        const answer = await sendTo('register', { jwks });
        expect({ status: answer.status, jwks: JSON.stringify(answer.body?.jwks) }).toEqual({
          status: 201,
          jwks: JSON.stringify(jwks),
        });
      },
    );

    it.each([
      ['client_id', 'my-own'],
      ['client_secret', 'my-own'],
      ['client_id_issued_at', 1],
      ['client_secret_expires_at', 1],
      ['registration_access_token', 'my-own'],
      ['registration_client_uri', 'https://example.com/my-own'],
    ])('D13: never takes %s from a request', async (member, value) => {
      const answer = await sendTo('register', { [member]: value });
      expect(answer.status).toBe(201);
      expect(answer.body[member]).not.toEqual(value);
    });

    it('D4: rejects the authentication method none for client_credentials', async () => {
      const body = { token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] };
      await expectRefused(
        () => sendTo('register', body),
        INTERFACES.register.refusal(['token_endpoint_auth_method']),
      );
    });

    it('names every invalid member in one reply', async () => {
      const body = {
        redirect_uris: ['http://example.com/callback'],
        client_name: 'a\u202eb',
        'client_name#ja': 1,
        'logo_uri#ja': 'javascript:alert(1)',
        grant_types: ['unknown'],
        response_types: 'code',
        scope: 'a"b',
        token_endpoint_auth_method: 'client_secret_jwt',
        token_endpoint_auth_signing_alg: 1,
        logo_uri: '/logo.png',
        tos_uri: null,
        policy_uri: {},
        client_uri: 'ftp://example.com',
        contacts: [1],
        jwks_uri: '',
        jwks: {},
        software_id: '',
        software_version: [],
        application_type: 'console',
        initiate_login_uri: 'http://example.com',
        post_logout_redirect_uris: ['/'],
        unknown: true,
        constructor: {},
      };
      await expectRefused(() => sendTo('register', body), INTERFACES.register.refusal(Object.keys(body)));
    });
  });
});
