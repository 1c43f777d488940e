import { randomUUID } from 'node:crypto';
import { encodeCursor } from '../../../src/api/graphql/pagination/cursor.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';
import {
  change,
  create,
  expectRefused,
  NAMES,
  ONE,
  page,
  STATS,
  succeed,
} from '../../support/graphql/graphql.js';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  describe('oauthClient', () => {
    it('shows a client of any organization as it was created by REST', async () => {
      const { apiKey, orgId } = await registry.createKey();
      const asked = {
        name: 'Everything',
        client_type: 'confidential',
        require_pkce: true,
        allowed_scopes: ['read', 'write'],
        allowed_grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://example.com/callback', 'cursor://callback'],
        logo_uri: 'https://example.com/logo.png',
        policy_uri: 'https://example.com/policy',
        tos_uri: 'https://example.com/tos',
      };
      const { data } = (await registry.createClient(asked, apiKey)).body;
      expect(await succeed(registry, ONE, { clientId: data.client_id })).toEqual({
        oauthClient: {
          clientId: data.client_id,
          name: 'Everything',
          orgId,
          userId: 'user-1',
          clientType: 'CONFIDENTIAL',
          tokenEndpointAuthMethod: 'CLIENT_SECRET_BASIC',
          allowedGrantTypes: ['AUTHORIZATION_CODE', 'REFRESH_TOKEN'],
          allowedScopes: ['read', 'write'],
          redirectUris: ['https://example.com/callback', 'cursor://callback'],
          requirePkce: true,
          logoUri: 'https://example.com/logo.png',
          policyUri: 'https://example.com/policy',
          tosUri: 'https://example.com/tos',
          clientUri: null,
          contacts: [],
          jwksUri: null,
          jwks: null,
          softwareId: null,
          softwareVersion: null,
          applicationType: null,
          initiateLoginUri: null,
          postLogoutRedirectUris: [],
          translations: [],
          source: 'API',
          status: 'ACTIVE',
          verified: false,
          version: 1,
          createdAt: data.created_at,
          updatedAt: data.updated_at,
        },
      });
    });

    it('shows the metadata of an anonymous registration', async () => {
      const { body } = await registry.register({
        'client_name#ja': '名前',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/callback'],
        client_uri: 'https://example.com',
        contacts: ['ops@example.com'],
        jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }] },
        software_id: 'tool',
        software_version: '1.0',
        application_type: 'native',
        initiate_login_uri: 'https://example.com/login',
        post_logout_redirect_uris: ['http://127.0.0.1/bye'],
      });
      expect(await succeed(registry, ONE, { clientId: body.client_id })).toEqual({
        oauthClient: {
          clientId: body.client_id,
          name: body.client_id,
          orgId: null,
          userId: null,
          clientType: 'PUBLIC',
          tokenEndpointAuthMethod: 'NONE',
          allowedGrantTypes: ['AUTHORIZATION_CODE'],
          allowedScopes: [],
          redirectUris: ['http://127.0.0.1/callback'],
          requirePkce: true,
          logoUri: null,
          policyUri: null,
          tosUri: null,
          clientUri: 'https://example.com',
          contacts: ['ops@example.com'],
          jwksUri: null,
          jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }] },
          softwareId: 'tool',
          softwareVersion: '1.0',
          applicationType: 'NATIVE',
          initiateLoginUri: 'https://example.com/login',
          postLogoutRedirectUris: ['http://127.0.0.1/bye'],
          translations: [{ member: 'client_name#ja', value: '名前' }],
          source: 'DYNAMIC',
          status: 'ACTIVE',
          verified: false,
          version: 1,
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        },
      });
    });

    it.each([
      ['another', randomUUID()],
      ['an empty one', ''],
      ['a word', 'unknown'],
      ['SQL', "' OR '1'='1"],
      ['10,000 characters', 'a'.repeat(10_000)],
      ['a lone surrogate', '\ud800'],
      ['NUL', '\0'],
      ['a number', 1],
    ])('is null for an unknown id: %s', async (_, clientId) => {
      expect(await succeed(registry, ONE, { clientId })).toEqual({ oauthClient: null });
    });

    it('returns no secret and no hash of a secret', async () => {
      const { body } = await registry.createClient(aClient());
      const { client_id: clientId, client_secret: secret } = body.data;
      const stored: { client_id: string; hash: string }[] = await registry.dataSource.query(
        'SELECT client_id, hash FROM oauth_client_secrets',
      );
      const hash = stored.find(({ client_id }) => client_id === clientId)?.hash;
      expect([secret, hash]).toEqual([expect.any(String), expect.any(String)]);
      const { text } = await registry.graphql(ONE, { clientId });
      expect(text).toContain(clientId);
      expect(text).not.toContain(secret);
      expect(text).not.toContain(hash?.split(':').at(-1));
    });
  });

  describe('the filter of oauthClients', () => {
    /** Four clients of a new organization, each different from the others in every filtered field. */
    async function fourClients(): Promise<string> {
      const { apiKey, orgId } = await registry.createKey();
      const { apiKey: otherKey } = await registry.createKey({ orgId, userId: 'user-2' });
      const at = (day: number) => ({ createdAt: new Date(Date.UTC(2020, 0, day)) });
      await create(registry, apiKey, { name: 'Alpha Payments', allowed_scopes: ['read', 'write'] }, at(1));
      await create(
        registry,
        apiKey,
        {
          name: 'beta_100%',
          client_type: 'public',
          allowed_scopes: ['read:all'],
          allowed_grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: ['https://example.com/callback'],
        },
        at(2),
      );
      const registration = {
        client_name: 'Gamma\\Delta',
        scope: 'write',
        token_endpoint_auth_method: 'none',
      };
      const { body } = await registry.register(registration, otherKey);
      await change(registry, body.client_id, at(3));
      await create(
        registry,
        otherKey,
        { name: 'ALPHA two' },
        { ...at(4), status: 'disabled', verified: true },
      );
      return orgId;
    }

    const [ALPHA, BETA, GAMMA, TWO] = ['Alpha Payments', 'beta_100%', 'Gamma\\Delta', 'ALPHA two'];
    const ROWS: [string, object, (string | undefined)[]][] = [
      ['nothing but the organization', {}, [TWO, GAMMA, BETA, ALPHA]],
      [
        'nulls',
        { userId: null, nameContains: null, verified: null, createdAfter: null, status: null },
        [TWO, GAMMA, BETA, ALPHA],
      ],
      ['userId', { userId: 'user-1' }, [BETA, ALPHA]],
      ['another userId', { userId: 'user-2' }, [TWO, GAMMA]],
      ['userId in another case', { userId: 'USER-1' }, []],
      ['nameContains', { nameContains: 'Payments' }, [ALPHA]],
      ['nameContains in lower case', { nameContains: 'alpha' }, [TWO, ALPHA]],
      ['nameContains in upper case', { nameContains: 'GAMMA' }, [GAMMA]],
      ['nameContains of a space', { nameContains: ' ' }, [TWO, ALPHA]],
      ['nameContains %', { nameContains: '%' }, [BETA]],
      ['nameContains _', { nameContains: '_' }, [BETA]],
      ['nameContains \\', { nameContains: '\\' }, [GAMMA]],
      ['nameContains \\\\', { nameContains: '\\\\' }, []],
      ['nameContains \\%', { nameContains: '\\%' }, []],
      ['nameContains 0%', { nameContains: '0%' }, [BETA]],
      ['nameContains with a wildcard inside', { nameContains: 'A%a' }, []],
      ['nameContains with a one-letter wildcard', { nameContains: 'Alph_' }, []],
      ['nameContains with a quote', { nameContains: "'" }, []],
      ['nameContains SQL', { nameContains: "' OR '1'='1" }, []],
      ['clientType PUBLIC', { clientType: 'PUBLIC' }, [GAMMA, BETA]],
      ['clientType CONFIDENTIAL', { clientType: 'CONFIDENTIAL' }, [TWO, ALPHA]],
      ['grantType CLIENT_CREDENTIALS', { grantType: 'CLIENT_CREDENTIALS' }, [TWO, ALPHA]],
      ['grantType AUTHORIZATION_CODE', { grantType: 'AUTHORIZATION_CODE' }, [GAMMA, BETA]],
      ['grantType REFRESH_TOKEN', { grantType: 'REFRESH_TOKEN' }, [BETA]],
      ['scope', { scope: 'write' }, [GAMMA, ALPHA]],
      ['scope that another begins with', { scope: 'read' }, [ALPHA]],
      ['scope with the end of another', { scope: 'all' }, []],
      ['scope %', { scope: '%' }, []],
      ['source API', { source: 'API' }, [TWO, BETA, ALPHA]],
      ['source DYNAMIC', { source: 'DYNAMIC' }, [GAMMA]],
      ['source ADMIN', { source: 'ADMIN' }, []],
      ['status ACTIVE', { status: 'ACTIVE' }, [GAMMA, BETA, ALPHA]],
      ['status DISABLED', { status: 'DISABLED' }, [TWO]],
      ['verified', { verified: true }, [TWO]],
      ['not verified', { verified: false }, [GAMMA, BETA, ALPHA]],
      ['createdAfter', { createdAfter: '2020-01-02T23:59:59.999Z' }, [TWO, GAMMA]],
      ['createdAfter, exclusive', { createdAfter: '2020-01-03T00:00:00Z' }, [TWO]],
      ['createdBefore', { createdBefore: '2020-01-02T00:00:00.001Z' }, [BETA, ALPHA]],
      ['createdBefore, exclusive', { createdBefore: '2020-01-02T00:00:00.000Z' }, [ALPHA]],
      ['createdAfter with an offset', { createdAfter: '2020-01-03T01:00:00+02:00' }, [TWO, GAMMA]],
      [
        'both ends',
        { createdAfter: '2020-01-01T00:00:00Z', createdBefore: '2020-01-04T00:00:00Z' },
        [GAMMA, BETA],
      ],
      [
        'ends that exclude each other',
        { createdAfter: '2020-01-03T00:00:00Z', createdBefore: '2020-01-02T00:00:00Z' },
        [],
      ],
      ['name and status', { nameContains: 'alpha', status: 'ACTIVE' }, [ALPHA]],
      ['type and scope', { clientType: 'PUBLIC', scope: 'write' }, [GAMMA]],
      ['user and source', { userId: 'user-2', source: 'API' }, [TWO]],
      ['two that exclude each other', { clientType: 'PUBLIC', grantType: 'CLIENT_CREDENTIALS' }, []],
      [
        'everything at once',
        {
          userId: 'user-2',
          nameContains: 'TWO',
          clientType: 'CONFIDENTIAL',
          grantType: 'CLIENT_CREDENTIALS',
          scope: 'admin',
          source: 'API',
          status: 'DISABLED',
          verified: true,
          createdAfter: '2020-01-03T00:00:00Z',
          createdBefore: '2020-01-05T00:00:00Z',
        },
        [TWO],
      ],
    ];
    it.each(ROWS)('finds those that match: %s', async (_, filter, expected) => {
      const orgId = await fourClients();
      expect(await succeed(registry, NAMES, { filter: { orgId, ...filter } })).toEqual({
        oauthClients: { totalCount: expected.length, nodes: expected.map((name) => ({ name })) },
      });
    });

    /** Clients of a new organization that differ in what they redirect to, in the software that they are, and in their use. */
    async function clientsInUse(): Promise<string> {
      const { apiKey, orgId } = await registry.createKey();
      const at = (day: number) => new Date(Date.UTC(2020, 0, day));
      const register = async (name: string, metadata: object, later: object) => {
        const asked = { client_name: name, token_endpoint_auth_method: 'none', ...metadata };
        const { body, status } = await registry.register(asked, apiKey);
        expect(status).toBe(201);
        await change(registry, body.client_id, later);
      };
      await register(
        'web',
        {
          redirect_uris: ['https://example.com/cb', 'https://App.Example:8443'],
          software_id: 'tool',
          token_endpoint_auth_method: 'client_secret_post',
        },
        { createdAt: at(1), lastUsedAt: at(9) },
      );
      await register(
        'native',
        {
          redirect_uris: [
            'cursor://example.com/cb',
            'http://[::1]:7/cb',
            'https://example.com.evil.example?x',
          ],
          software_id: 'tool "2" \\ %',
        },
        { createdAt: at(2), lastUsedAt: at(3) },
      );
      await register(
        'new',
        { redirect_uris: ['https://other.example/?to=https://example.com/', 'com.example.app:/cb'] },
        { createdAt: at(5) },
      );
      return orgId;
    }

    it.each<[string, object, string[]]>([
      ['redirectHost', { redirectHost: 'example.com' }, ['web']],
      ['redirectHost in another case', { redirectHost: 'EXAMPLE.com' }, ['web']],
      ['redirectHost of a URI in another case, with a port', { redirectHost: 'app.example' }, ['web']],
      ['redirectHost before a query', { redirectHost: 'example.com.evil.example' }, ['native']],
      ['redirectHost that others end with', { redirectHost: 'evil.example' }, []],
      ['redirectHost that others begin with', { redirectHost: 'example' }, []],
      ['redirectHost that is an address', { redirectHost: '[::1]' }, ['native']],
      ['redirectHost of a scheme', { redirectHost: 'cursor:' }, ['native']],
      ['redirectHost of a scheme in another case', { redirectHost: 'Com.Example.App:' }, ['new']],
      ['redirectHost of the beginning of a scheme', { redirectHost: 'com:' }, []],
      ['redirectHost with a scheme for a host', { redirectHost: 'cursor' }, []],
      ['softwareId', { softwareId: 'tool' }, ['web']],
      ['softwareId with quotation marks', { softwareId: 'tool "2" \\ %' }, ['native']],
      ['softwareId in another case', { softwareId: 'TOOL' }, []],
      ['softwareId with what follows it', { softwareId: 'tool","softwareVersion":"1' }, []],
      ['authMethod NONE', { authMethod: 'NONE' }, ['new', 'native']],
      ['authMethod CLIENT_SECRET_POST', { authMethod: 'CLIENT_SECRET_POST' }, ['web']],
      ['authMethod PRIVATE_KEY_JWT', { authMethod: 'PRIVATE_KEY_JWT' }, []],
      ['lastUsedBefore, exclusive', { lastUsedBefore: '2020-01-03T00:00:00Z' }, []],
      ['lastUsedBefore', { lastUsedBefore: '2020-01-03T00:00:00.001Z' }, ['native']],
      ['lastUsedBefore, never used', { lastUsedBefore: '2020-01-06T00:00:00Z' }, ['new', 'native']],
      ['lastUsedBefore, all', { lastUsedBefore: '2020-01-10T00:00:00Z' }, ['new', 'native', 'web']],
      [
        'lastUsedBefore, but used at all',
        {
          lastUsedBefore: '2020-01-10T00:00:00Z',
          redirectHost: 'example.com',
          authMethod: 'CLIENT_SECRET_POST',
        },
        ['web'],
      ],
      [
        'nulls',
        { redirectHost: null, softwareId: null, authMethod: null, lastUsedBefore: null },
        ['new', 'native', 'web'],
      ],
    ])(
      'finds clients by where they redirect to, what they are and when they were used: %s',
      async (_, filter, expected) => {
        const orgId = await clientsInUse();
        expect(await succeed(registry, NAMES, { filter: { orgId, ...filter } })).toEqual({
          oauthClients: { totalCount: expected.length, nodes: expected.map((name) => ({ name })) },
        });
        expect(
          (await succeed(registry, STATS, { filter: { orgId, ...filter } })).oauthClientStats.total,
        ).toBe(expected.length);
      },
    );

    it.each([
      ['a URI', 'https://example.com/'],
      ['a port', 'example.com:8443'],
      ['a path', 'example.com/cb'],
      ['a wildcard', '*.example.com'],
      ['https', 'https:'],
      ['wildcards of LIKE', 'exam%le_'],
      ['nothing', ''],
      ['NUL', 'example.com\0'],
      ['256 characters', `${'a'.repeat(63)}.`.repeat(4)],
    ])('rejects a redirectHost that is neither a host nor a scheme: %s', async (_, redirectHost) => {
      expectRefused(await registry.graphql(NAMES, { filter: { redirectHost } }), 200, 'BAD_USER_INPUT', [
        'filter.redirectHost',
      ]);
    });

    it('finds across organizations if none is named', async () => {
      const name = `Everywhere ${randomUUID()}`;
      for (const key of [await registry.createKey(), await registry.createKey()])
        await create(registry, key.apiKey, { name });
      expect(await succeed(registry, NAMES, { filter: { nameContains: name } })).toEqual({
        oauthClients: { totalCount: 2, nodes: [{ name }, { name }] },
      });
    });

    it('rejects two scopes at once', async () => {
      expectRefused(
        await registry.graphql(NAMES, { filter: { scope: 'read write' } }),
        200,
        'BAD_USER_INPUT',
        ['filter.scope'],
      );
    });

    it.each(['orgId', 'userId', 'nameContains', 'scope', 'softwareId'])(
      'rejects an empty and a long %s, and names the field',
      async (field) => {
        for (const value of ['', 'a'.repeat(256)]) {
          for (const query of [NAMES, STATS]) {
            expectRefused(
              await registry.graphql(query, { filter: { [field]: value } }),
              200,
              'BAD_USER_INPUT',
              [`filter.${field}`],
            );
          }
        }
      },
    );

    it.each(['orgId', 'userId', 'nameContains', 'scope', 'softwareId'])(
      'finds nothing for invalid characters in %s, or rejects them',
      async (field) => {
        for (const value of ['\0', 'a\0b', '\ud800']) {
          for (const query of [NAMES, STATS]) {
            const { status, body } = await registry.graphql(query, { filter: { [field]: value } });
            const found = body.data?.oauthClients?.totalCount ?? body.data?.oauthClientStats?.total;
            expect({ status, outcome: body.errors?.[0].extensions.code ?? found }).toEqual({
              status: 200,
              outcome: body.errors ? 'BAD_USER_INPUT' : 0,
            });
          }
        }
      },
    );

    it.each([
      ['an unknown field', { secret: 'x' }],
      ['an enum in lower case', { clientType: 'public' }],
      ['an unknown enum value', { status: 'DELETED' }],
      ['a number for a string', { orgId: 1 }],
      ['a string for a flag', { verified: 'true' }],
      ['a list', [{ orgId: 'x' }]],
      ['a string', 'orgId'],
    ])('rejects what the schema does not have: %s', async (_, filter) => {
      expectRefused(await registry.graphql(NAMES, { filter }), 400, 'BAD_USER_INPUT');
    });

    it.each([
      ['a word', 'yesterday'],
      ['an empty string', ''],
      ['a month that does not exist', '2020-13-01T00:00:00Z'],
      ['a day that does not exist', '2020-02-30T00:00:00Z'],
      ['an object', {}],
      ['true', true],
    ])('rejects an invalid time: %s', async (_, createdAfter) => {
      expectRefused(await registry.graphql(NAMES, { filter: { createdAfter } }), 400, 'BAD_USER_INPUT');
    });

    it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])(
      'accepts the first and the last time: %s',
      async (moment) => {
        const orgId = await fourClients();
        const isEnd = moment.startsWith('9999');
        const filter = { orgId, [isEnd ? 'createdBefore' : 'createdAfter']: moment };
        expect((await succeed(registry, NAMES, { filter })).oauthClients.totalCount).toBe(4);
      },
    );
  });

  const BY_LAST_USE = { field: 'LAST_USED_AT', direction: 'ASC' };
  it.each([
    ['a filter for few clients', 'oauth_clients_verified', { filter: { verified: true } }],
    ['a filter for few clients', 'oauth_clients_disabled', { filter: { status: 'DISABLED' } }],
    ['the order by last use', 'oauth_clients_last_used_at', { orderBy: BY_LAST_USE }],
    [
      'a page behind another',
      'oauth_clients_last_used_at',
      {
        orderBy: BY_LAST_USE,
        after: encodeCursor({ field: 'lastUsedAt', direction: 'ASC' }, { value: 1, id: '' }),
      },
    ],
  ])('%s uses the index %s', async (_, index, variables) => {
    const { apiKey } = await registry.createKey();
    for (let i = 0; i < 30; i++) await create(registry, apiKey);
    await registry.dataSource.query('ANALYZE oauth_clients');
    const statements = await statementsOf(registry.dataSource, () =>
      page(registry, { first: 10, ...variables }),
    );
    const statement = statements.find((sql) => /FROM "?oauth_clients\b/.test(sql))!;
    const plan = await registry.dataSource.transaction(async (manager) => {
      if (engine === 'sqlite') {
        return manager.query(`EXPLAIN QUERY PLAN ${statement.replace(/:\w+|\?/g, '1')}`);
      }
      // It would read a table of one page as a whole
      await manager.query('SET LOCAL enable_seqscan = off');
      return manager.query(`EXPLAIN (GENERIC_PLAN) ${statement}`);
    });
    expect(JSON.stringify(plan)).toContain(index);
  });
});
