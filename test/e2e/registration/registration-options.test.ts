import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { anonymousClients, PUBLIC } from '../../support/anonymous-clients.js';

onEachEngine((engine) => {
  let registry: Registry;
  const { start: startFirst, startAnother, stopAll, register } = anonymousClients(engine);
  const start = async (env: Record<string, string> = {}) => void (registry = await startFirst(env));

  describe('REGISTRATION_RESERVED_NAMES', () => {
    afterEach(stopAll);
    const RESERVED = { REGISTRATION_RESERVED_NAMES: 'Example Desktop, Acme, *Globex*' };

    it('accepts the name of the server that a client connects to, and the error says what to do', async () => {
      await start(RESERVED);
      for (const client_name of ['Claude Code (acme)', 'Executor for Acme']) {
        expect((await registry.register({ ...PUBLIC, client_name })).status).toBe(201);
      }
      const faultOf = async (client_name: string) =>
        (await registry.register({ ...PUBLIC, client_name })).body.invalid_fields as unknown;
      for (const name of ['Acme', 'Acme Inc', 'The Acme App', 'Official Acme', 'Тhе Асmе Арр']) {
        expect(await faultOf(name)).toEqual({
          client_name: [
            'must not begin with the reserved name "Acme" in any language; begin with the name of your software, ' +
              'such as "Example for Acme", or ask the operator of this server to create the client',
          ],
        });
      }
      expect(await faultOf('Tools for Globex')).toEqual({
        client_name: [
          'must not contain the reserved name "Globex" in any language; use another name, ' +
            'or ask the operator of this server to create the client',
        ],
      });
    });

    it('rejects names that imitate a reserved one, in every language, and names the field', async () => {
      await start(RESERVED);
      for (const names of [
        { client_name: 'Example Desktop' },
        { client_name: 'ЕхаmрIе-Dеsktор (official)' },
        { client_name: 'Editor', 'client_name#fr': 'ＡＣＭＥ' },
      ]) {
        const { status, body } = await registry.register({ ...PUBLIC, ...names });
        expect([status, body.error, Object.keys(body.invalid_fields as object)]).toEqual([
          400,
          'invalid_client_metadata',
          ['client_name'],
        ]);
      }
      expect(
        (await registry.register({ client_name: 'Acme' }, (await registry.createKey()).apiKey)).status,
      ).toBe(400);
      expect((await registry.register({ client_name: 'Editor' })).status).toBe(201);
      expect(await registry.rows('oauth_clients')).toBe(1);
    });

    it('lets a client keep a name that an operator gave it, while it leads nowhere else', async () => {
      await start(RESERVED);
      const sent = {
        ...PUBLIC,
        redirect_uris: ['https://a.example/1', 'https://a.example/2', 'http://localhost:3000/cb'],
      };
      const { body } = await registry.register({ ...sent, client_name: 'Tool' });
      const client_id = body.client_id as string;
      await registry.graphql(
        'mutation($id: ID!) { updateOAuthClient(clientId: $id, version: 1, input: {name: "Acme"}) { client { name } } setOAuthClientVerified(clientId: $id, verified: true) { client { verified } } }',
        { id: client_id },
      );
      let key = body.registration_access_token as string;
      const put = async (changes: object) => {
        const reply = await registry.send(`/v2/oauth/register/${client_id}`, {
          method: 'PUT',
          key,
          body: { ...sent, client_id, client_name: 'Acme', ...changes },
        });
        key = (reply.body.registration_access_token as string | undefined) ?? key;
        return reply;
      };
      const elsewhere: [string, object][] = [
        ['redirect_uris', { redirect_uris: ['https://evil.example/cb'] }],
        ['redirect_uris', { redirect_uris: [...sent.redirect_uris, 'https://evil.example/cb'] }],
        ['redirect_uris', { redirect_uris: ['http://localhost:3000/other'] }],
        ['logo_uri', { logo_uri: 'https://evil.example/acme.png' }],
        ['initiate_login_uri', { initiate_login_uri: 'https://evil.example/login' }],
        ['tos_uri', { 'tos_uri#fr': 'https://evil.example/' }],
      ];
      for (const [member, changes] of elsewhere) {
        const { status, body: refused } = await put(changes);
        expect([status, refused.invalid_fields]).toEqual([
          400,
          {
            client_name: [
              `must not be a name with the reserved name "Acme" if ${member} has other URIs; send the registered URIs, ` +
                'or another name, or ask the operator of this server to change the client',
            ],
          },
        ]);
      }
      const kept = await registry.graphql(
        'query($id: ID!) { oauthClient(clientId: $id) { name verified redirectUris } }',
        { id: client_id },
      );
      expect(kept.body.data).toEqual({
        oauthClient: { name: 'Acme', verified: true, redirectUris: sent.redirect_uris },
      });
      // What honest software changes with a new version
      for (const changes of [
        {},
        { software_version: '2', contacts: ['ops@a.example'], scope: 'read' },
        { redirect_uris: ['https://a.example/2', 'http://localhost:4000/cb'] },
        { redirect_uris: ['https://a.example/2'] },
      ]) {
        const reply = await put(changes);
        expect([reply.status, reply.body.client_name]).toEqual([200, 'Acme']);
      }
      const renamed = await put({ client_name: 'Tool', redirect_uris: ['https://evil.example/cb'] });
      expect(renamed.status).toBe(200);
      expect((await put({ redirect_uris: ['https://evil.example/cb'] })).status).toBe(400);
    });

    it('applies to updates, except for a name that the client has already', async () => {
      await start();
      const acme = (await registry.register({ ...PUBLIC, client_name: 'Acme Tool' })).body;
      const editor = (await registry.register({ ...PUBLIC, client_name: 'Editor' })).body;
      const stricter = await startAnother(RESERVED);
      const put = ({ client_id, registration_access_token: key }: Answer['body'], client_name: string) =>
        stricter.send(`/v2/oauth/register/${client_id as string}`, {
          method: 'PUT',
          key: key as string,
          body: { ...PUBLIC, client_id, client_name },
        });
      const refused = await put(editor, 'Acme Tool');
      expect([refused.status, Object.keys(refused.body.invalid_fields as object)]).toEqual([
        400,
        ['client_name'],
      ]);
      const { status, body } = await put(acme, 'Acme Tool');
      expect(status).toBe(200);
      expect((await put(body, 'Acme Tools')).status).toBe(400);
    });

    it('does not treat another text of a client as a name that it has already', async () => {
      await start(RESERVED);
      const sent = { ...PUBLIC, client_name: 'Editor', 'tos_uri#fr': 'https://globex.example/' };
      const { body } = await registry.register(sent);
      const { client_id, registration_access_token: key } = body;
      const { status } = await registry.send(`/v2/oauth/register/${client_id as string}`, {
        method: 'PUT',
        key: key as string,
        body: { ...sent, client_id, client_name: 'https://globex.example/' },
      });
      expect(status).toBe(400);
    });
  });

  describe('REGISTRATION_REDIRECT_HOSTS', () => {
    afterEach(stopAll);
    it('rejects other redirect hosts in registrations and updates', async () => {
      await start({ REGISTRATION_REDIRECT_HOSTS: 'localhost *.example.com !evil.example.com cursor:' });
      const statusOf = async (uri: string) => {
        const { status, body } = await registry.register({ ...PUBLIC, redirect_uris: [uri] });
        return status === 400 ? body.error : status;
      };
      const results: Record<string, unknown> = {};
      for (const uri of [
        'http://localhost:9/cb',
        'https://a.example.com/cb',
        'cursor://cb/x',
        'https://evil.example.com/cb',
        'https://EVIL.example.com:8443/cb',
        'https://other.example/cb',
        'vscode://cb/x',
      ])
        results[uri] = await statusOf(uri);
      expect(results).toEqual({
        'http://localhost:9/cb': 201,
        'https://a.example.com/cb': 201,
        'cursor://cb/x': 201,
        'https://evil.example.com/cb': 'invalid_redirect_uri',
        'https://EVIL.example.com:8443/cb': 'invalid_redirect_uri',
        'https://other.example/cb': 'invalid_redirect_uri',
        'vscode://cb/x': 'invalid_redirect_uri',
      });
      const { body } = await registry.register(PUBLIC);
      const changed = await registry.send(`/v2/oauth/register/${body.client_id as string}`, {
        method: 'PUT',
        key: body.registration_access_token as string,
        body: { ...PUBLIC, client_id: body.client_id, redirect_uris: ['https://evil.example.com/cb'] },
      });
      expect([changed.status, changed.body.error]).toEqual([400, 'invalid_redirect_uri']);
    });
  });

  describe('REGISTRATION_REDIRECT_HOSTS, beyond redirect URIs', () => {
    beforeAll(() => start({ REGISTRATION_REDIRECT_HOSTS: 'localhost *.example.com !evil.example.com' }));
    afterAll(stopAll);

    it.each([
      ['initiate_login_uri', (uri: string) => uri, ''],
      ['post_logout_redirect_uris', (uri: string) => [uri], 'entry 1 '],
    ])('holds %s to the redirect hosts that are allowed and denied', async (member, valueOf, entry) => {
      const send = (uri: string) =>
        registry.register({ redirect_uris: ['https://a.example.com/cb'], [member]: valueOf(uri) });
      const allowed = await send('https://b.example.com/start');
      expect([allowed.status, allowed.body[member]]).toEqual([201, valueOf('https://b.example.com/start')]);
      const other = await send('https://other.example/start');
      expect([other.status, other.body.error, other.body.invalid_fields]).toEqual([
        400,
        'invalid_client_metadata',
        { [member]: [`${entry}must be an https or http URI with an allowed host: localhost, *.example.com`] },
      ]);
      const denied = await send('https://evil.example.com/start');
      expect([denied.status, denied.body.invalid_fields]).toEqual([
        400,
        { [member]: [`${entry}must not have a host or scheme that this server denies`] },
      ]);
      const { body } = allowed;
      const changed = await registry.send(`/v2/oauth/register/${body.client_id as string}`, {
        method: 'PUT',
        key: body.registration_access_token as string,
        body: {
          client_id: body.client_id,
          redirect_uris: ['https://a.example.com/cb'],
          [member]: valueOf('https://other.example/start'),
        },
      });
      expect([changed.status, Object.keys(changed.body.invalid_fields as object)]).toEqual([400, [member]]);
    });
  });

  describe('REGISTRATION_MODE', () => {
    it.each([
      ['open', 201, 201],
      ['token', 401, 201],
      ['closed', 403, 403],
    ])('%s: anonymous %d, with a key %d', async (mode, anonymous, member) => {
      const guarded = await Registry.start(engine, { REGISTRATION_MODE: mode });
      const { apiKey } = await guarded.createKey();
      const statuses = [(await guarded.register({})).status, (await guarded.register({}, apiKey)).status];
      // A caller that may not register learns no invalid fields
      const bad = (await guarded.register({ made_up: 1 })).status;
      const rows = await guarded.rows('oauth_clients');
      await guarded.stop();
      expect(statuses).toEqual([anonymous, member]);
      expect(bad).toBe(anonymous === 201 ? 400 : anonymous);
      expect(rows).toBe(statuses.filter((status) => status === 201).length);
    });
  });

  describe('REGISTRATION_ALLOWED_SCOPES, REGISTRATION_DEFAULT_SCOPES and REGISTRATION_ALLOWED_GRANT_TYPES', () => {
    let narrow: Registry;
    beforeAll(async () => {
      narrow = await Registry.start(engine, {
        REGISTRATION_ALLOWED_SCOPES: 'read write',
        REGISTRATION_DEFAULT_SCOPES: 'read admin',
        REGISTRATION_ALLOWED_GRANT_TYPES: 'client_credentials',
      });
    });
    afterAll(() => narrow.stop());

    it.each([
      ['some of it', 'read admin', 'read'],
      ['nothing in particular: the default, as far as it is allowed', undefined, 'read'],
    ])('grant what was requested and is allowed: %s', async (_, scope, granted) => {
      const { status, body } = await narrow.register({
        scope,
        grant_types: ['client_credentials', 'authorization_code'],
        redirect_uris: PUBLIC.redirect_uris,
      });
      expect({ status, scope: body.scope, grants: body.grant_types }).toEqual({
        status: 201,
        scope: granted,
        grants: ['client_credentials'],
      });
    });

    it.each([
      ['no scope', { scope: 'admin', grant_types: ['client_credentials'] }, 'scope'],
      ['no grant', { grant_types: ['refresh_token'] }, 'grant_types'],
      [
        'only a grant that takes a secret',
        { token_endpoint_auth_method: 'none' },
        'token_endpoint_auth_method',
      ],
    ])('reject a registration that is left with %s, and name what is allowed', async (_, body, field) => {
      const answer = await narrow.register(body);
      expect({ status: answer.status, fields: Object.keys(answer.body.invalid_fields) }).toEqual({
        status: 400,
        fields: [field],
      });
    });

    it('D1: grant all that is allowed by default', async () => {
      const { status, body } = await narrow.register({});
      expect({ status, grants: body.grant_types, scope: body.scope }).toEqual({
        status: 201,
        grants: ['client_credentials'],
        scope: 'read',
      });
    });

    it('do not apply to REST', async () => {
      const { status } = await narrow.createClient({
        name: 'mine',
        client_type: 'public',
        allowed_scopes: ['admin'],
        allowed_grant_types: ['refresh_token'],
      });
      expect(status).toBe(201);
    });
  });

  it('options that are off cost no statement', async () => {
    await start();
    const statements = await statementsOf(registry.dataSource, () => register(PUBLIC));
    await stopAll();
    expect(statements.filter((sql) => /SELECT COUNT|UPDATE|DELETE/.test(sql))).toEqual([]);
  });
});
