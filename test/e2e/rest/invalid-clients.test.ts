import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';
import { INTERFACES, requestsTo } from '../../support/requests.js';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { sendTo, expectRefused } = requestsTo(() => registry);

  describe('REST', () => {
    it.each(['name', 'allowed_scopes', 'client_type', 'allowed_grant_types'])(
      'names the missing required member: %s',
      async (member) => {
        const rest = Object.fromEntries(Object.entries(aClient()).filter(([name]) => name !== member));
        await expectRefused(() => sendTo('clients', rest), INTERFACES.clients.refusal([member]));
      },
    );

    it('names all missing required members', async () => {
      const required = ['name', 'allowed_scopes', 'client_type', 'allowed_grant_types'];
      await expectRefused(() => sendTo('clients', {}), INTERFACES.clients.refusal(required));
    });

    it.each(['client_id', 'client_secret', 'scope', 'client_uri', 'application_type', 'client_name#ja'])(
      'rejects %s, which only registration supports (additionalProperties: false)',
      async (member) => {
        await expectRefused(
          () => sendTo('clients', { ...aClient(), [member]: 'text' }),
          INTERFACES.clients.refusal([member]),
        );
      },
    );

    it('names every invalid member in one reply', async () => {
      const body = {
        name: ' ',
        allowed_scopes: ['a b'],
        client_type: 'secret',
        require_pkce: 'yes',
        allowed_grant_types: ['client_credentials', 'implicit'],
        redirect_uris: ['http://example.com/callback'],
        logo_uri: 'javascript:alert(1)',
        policy_uri: null,
        tos_uri: 1,
        unknown: true,
        constructor: {},
      };
      await expectRefused(() => sendTo('clients', body), INTERFACES.clients.refusal(Object.keys(body)));
    });

    it('names every invalid entry of a list', async () => {
      const redirect_uris = ['http://example.com/a', 'https://example.com/b', 'https://example.com/c#'];
      const answer = await expectRefused(
        () => sendTo('clients', aClient({ redirect_uris })),
        INTERFACES.clients.refusal(['redirect_uris']),
      );
      expect(answer.body.invalid_fields.redirect_uris).toHaveLength(2);
    });

    it('answers 401 to an overlong token before it validates the body', async () => {
      const answer = await expectRefused(
        () => registry.send('/v2/oauth/clients', { body: {}, key: 'a'.repeat(12_000) }),
        { status: 401, error: 'invalid_token' },
      );
      expect(answer.headers.get('www-authenticate')).toBe(registry.challenge('invalid_token'));
    });
  });
});
