import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { runInNewContext } from 'node:vm';
import { ClientEntity } from '../../../src/clients/client/client.entity.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/statements.js';

/** What must never be in an answer: stack traces, SQL, class names, file paths. */
const INTERNALS =
  /\bat (?:async )?[\w.<>]+ \(|node_modules|\w\.[cm]?[jt]s\b|file:\/\/\/\w|\b(?:SELECT|INSERT INTO|DELETE FROM|SQLITE_\w+|FST_\w+|statusCode|stacktrace)\b|\b[A-Z]\w*(?:Error|Exception|Entity|Repository|Service|Controller|Pipe|Guard|Dto)\b|oauth_client_secrets|api_keys|\[object/;

const MS_PER_DAY = 86_400_000;

const ALL_FIELDS = `
  clientId name orgId userId clientType tokenEndpointAuthMethod allowedGrantTypes allowedScopes redirectUris requirePkce
  logoUri policyUri tosUri clientUri contacts jwksUri jwks softwareId softwareVersion applicationType
  initiateLoginUri postLogoutRedirectUris
  translations { member value } source status verified version createdAt updatedAt`;

const ONE = `query ($clientId: ID!) { oauthClient(clientId: $clientId) { ${ALL_FIELDS} } }`;

const PAGE = `query ($first: Int!, $after: String, $filter: OAuthClientFilter, $orderBy: OAuthClientOrder!) {
  oauthClients(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { clientId name } }
    nodes { clientId name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

const NAMES = `query ($filter: OAuthClientFilter) { oauthClients(first: 100, filter: $filter) { totalCount nodes { name } } }`;

const STATS = `query ($filter: OAuthClientFilter) {
  oauthClientStats(filter: $filter) {
    total
    byClientType { clientType count }
    bySource { source count }
    byStatus { status count }
    byGrantType { grantType count }
    createdPerDay { date count }
  }
}`;

const INTROSPECTION = `{
  __schema {
    types {
      name kind
      fields { name args { name } type { name ofType { name } } }
      inputFields { name }
      enumValues { name }
    }
  }
}`;

interface Page {
  edges: { cursor: string; node: { clientId: string; name: string } }[];
  nodes: { clientId: string; name: string }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

interface Stats {
  total: number;
  byClientType: { count: number }[];
  bySource: { count: number }[];
  byStatus: { count: number }[];
  createdPerDay: { date: string; count: number }[];
}

type OrderField = 'CREATED_AT' | 'UPDATED_AT' | 'NAME';
type Direction = 'ASC' | 'DESC';

const many = <T>(count: number, each: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => each(i));

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  /** Creates through the REST door; what no door can set is set behind it. */
  async function create(
    key: string,
    overrides: object = {},
    later: Partial<ClientEntity> = {},
  ): Promise<string> {
    const { body, status } = await registry.createClient(aClient(overrides), key);
    expect(status).toBe(201);
    return change(body.data.client_id, later);
  }

  async function change(clientId: string, later: Partial<ClientEntity>): Promise<string> {
    if (Object.keys(later).length > 0) {
      await registry.dataSource.getRepository(ClientEntity).update(clientId, later);
    }
    return clientId;
  }

  async function succeed(query: string, variables: object = {}) {
    const answer = await registry.graphql(query, variables);
    expect({ status: answer.status, errors: answer.body.errors }).toEqual({ status: 200, errors: undefined });
    return answer.body.data;
  }

  async function page(variables: object): Promise<Page> {
    const all = { orderBy: { field: 'CREATED_AT', direction: 'DESC' }, ...variables };
    return (await succeed(PAGE, all)).oauthClients;
  }

  /** Checks all of a refusal: its one code, and that it says nothing else. */
  function expectRefused(answer: Answer, status: number, code: string, invalidFields?: string[]): void {
    expect({ status: answer.status, data: answer.body?.data ?? null, errors: answer.body?.errors }).toEqual({
      status,
      data: null,
      errors: expect.arrayContaining([
        expect.objectContaining({
          message: expect.stringMatching(/\S/),
          extensions: {
            code,
            ...(invalidFields && {
              invalid_fields: Object.fromEntries(
                invalidFields.map((field) => [field, expect.arrayContaining([expect.stringMatching(/\S/)])]),
              ),
            }),
          },
        }),
      ]),
    });
    expect(answer.text).not.toMatch(INTERNALS);
  }

  describe('oauthClient', () => {
    it('shows a client of any organization as the REST door created it', async () => {
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
      expect(await succeed(ONE, { clientId: data.client_id })).toEqual({
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

    it('shows what software said of itself when it registered without credentials', async () => {
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
      expect(await succeed(ONE, { clientId: body.client_id })).toEqual({
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
    ])('is null where there is none by that id: %s', async (_, clientId) => {
      expect(await succeed(ONE, { clientId })).toEqual({ oauthClient: null });
    });

    it('reaches no secret and no hash of one', async () => {
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
      await create(apiKey, { name: 'Alpha Payments', allowed_scopes: ['read', 'write'] }, at(1));
      await create(
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
      await change(body.client_id, at(3));
      await create(otherKey, { name: 'ALPHA two' }, { ...at(4), status: 'disabled', verified: true });
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
      expect(await succeed(NAMES, { filter: { orgId, ...filter } })).toEqual({
        oauthClients: { totalCount: expected.length, nodes: expected.map((name) => ({ name })) },
      });
    });

    it('finds across organizations where none is named', async () => {
      const name = `Everywhere ${randomUUID()}`;
      for (const key of [await registry.createKey(), await registry.createKey()])
        await create(key.apiKey, { name });
      expect(await succeed(NAMES, { filter: { nameContains: name } })).toEqual({
        oauthClients: { totalCount: 2, nodes: [{ name }, { name }] },
      });
    });

    it('refuses two scopes at once', async () => {
      expectRefused(
        await registry.graphql(NAMES, { filter: { scope: 'read write' } }),
        200,
        'BAD_USER_INPUT',
        ['filter.scope'],
      );
    });

    it.each(['orgId', 'userId', 'nameContains', 'scope'])('says what is wrong with %s', async (field) => {
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
    });

    it.each(['orgId', 'userId', 'nameContains', 'scope'])(
      'finds nothing, or says what is wrong, for characters that no %s can have',
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
    ])('refuses what the schema does not have: %s', async (_, filter) => {
      expectRefused(await registry.graphql(NAMES, { filter }), 400, 'BAD_USER_INPUT');
    });

    it.each([
      ['a word', 'yesterday'],
      ['an empty string', ''],
      ['a month that does not exist', '2020-13-01T00:00:00Z'],
      ['a day that does not exist', '2020-02-30T00:00:00Z'],
      ['an object', {}],
      ['true', true],
    ])('refuses a time that is none: %s', async (_, createdAfter) => {
      expectRefused(await registry.graphql(NAMES, { filter: { createdAfter } }), 400, 'BAD_USER_INPUT');
    });

    it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])(
      'takes the ends of time: %s',
      async (moment) => {
        const orgId = await fourClients();
        const isEnd = moment.startsWith('9999');
        const filter = { orgId, [isEnd ? 'createdBefore' : 'createdAfter']: moment };
        expect((await succeed(NAMES, { filter })).oauthClients.totalCount).toBe(4);
      },
    );
  });

  describe('the order of oauthClients', () => {
    /** Seven clients that tie in every field that can be ordered by, in an organization of their own. */
    async function tiedClients() {
      const { apiKey, orgId } = await registry.createKey();
      const clients: Record<'id' | OrderField, string>[] = [];
      for (const [name, created, updated] of [
        ['b', 1, 3],
        ['a', 1, 2],
        ['c', 2, 3],
        ['b', 2, 1],
        ['a', 2, 3],
        ['c', 3, 1],
        ['b', 1, 2],
      ] as const) {
        const createdAt = new Date(Date.UTC(2021, 0, created));
        const updatedAt = new Date(Date.UTC(2022, 0, updated));
        const id = await create(apiKey, { name }, { createdAt, updatedAt });
        clients.push({
          id,
          NAME: name,
          CREATED_AT: createdAt.toISOString(),
          UPDATED_AT: updatedAt.toISOString(),
        });
      }
      return { orgId, clients };
    }

    const ORDERS = (['CREATED_AT', 'UPDATED_AT', 'NAME'] as const).flatMap((field) =>
      (['ASC', 'DESC'] as const).map((direction): [OrderField, Direction] => [field, direction]),
    );
    it.each(ORDERS)('%s %s holds over pages of any size, ties by clientId', async (field, direction) => {
      const { orgId, clients } = await tiedClients();
      const ascending = clients
        .map((client) => [client[field], client.id] as const)
        .sort(([a, idA], [b, idB]) => (a < b || (a === b && idA < idB) ? -1 : 1))
        .map(([, id]) => id);
      const expected = direction === 'ASC' ? ascending : ascending.reverse();
      for (const first of [1, 2, 3, 7, 100]) {
        const seen: string[] = [];
        let after: string | null = null;
        do {
          const { edges, nodes, pageInfo }: Page = await page({
            first,
            after,
            filter: { orgId },
            orderBy: { field, direction },
          });
          expect(nodes).toEqual(edges.map(({ node }) => node));
          expect(pageInfo).toEqual({
            hasNextPage: seen.length + edges.length < 7,
            hasPreviousPage: after !== null,
            startCursor: edges.at(0)?.cursor,
            endCursor: edges.at(-1)?.cursor,
          });
          seen.push(...nodes.map(({ clientId }) => clientId));
          after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
        } while (after !== null);
        expect(seen).toEqual(expected);
      }
    });

    it.each(ORDERS)('%s %s shows each client once while others are added', async (field, direction) => {
      const { apiKey, orgId } = await registry.createKey();
      const first = many(12, (i) => `${String.fromCharCode(98 + 2 * i)} client`);
      const before: string[] = [];
      for (const name of first) before.push(await create(apiKey, { name }));
      const seen: string[] = [];
      let after: string | null = null;
      for (let round = 0; ; round++) {
        const { nodes, pageInfo }: Page = await page({
          first: 5,
          after,
          filter: { orgId },
          orderBy: { field, direction },
        });
        seen.push(...nodes.map(({ clientId }) => clientId));
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
        // Before everything, behind everything and, by name, beside what was just shown
        if (round < 3)
          for (const name of ['a', 'zz', `${nodes.at(-1)?.name} twin`]) await create(apiKey, { name });
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => before.includes(id))).toEqual(
        direction === 'ASC' ? before : before.toReversed(),
      );
    });

    it('goes on behind a client that is gone meanwhile', async () => {
      const { orgId, clients } = await tiedClients();
      const orderBy = { field: 'CREATED_AT', direction: 'ASC' };
      const whole = await page({ first: 7, filter: { orgId }, orderBy });
      const { pageInfo } = await page({ first: 3, filter: { orgId }, orderBy });
      await registry.dataSource.getRepository(ClientEntity).delete(whole.nodes[2]?.clientId ?? '');
      const rest = await page({ first: 7, after: pageInfo.endCursor, filter: { orgId }, orderBy });
      expect(rest.nodes).toEqual(whole.nodes.slice(3));
      expect(clients).toHaveLength(7);
    });

    it('is the newest first, 20 a page, where nobody asks otherwise', async () => {
      const { apiKey, orgId } = await registry.createKey();
      const ids: string[] = [];
      for (let i = 0; i < 21; i++) ids.push(await create(apiKey));
      const query = `query ($orgId: String) { oauthClients(filter: { orgId: $orgId }) {
        nodes { clientId } pageInfo { hasNextPage hasPreviousPage } } }`;
      expect(await succeed(query, { orgId })).toEqual({
        oauthClients: {
          nodes: ids
            .toReversed()
            .slice(0, 20)
            .map((clientId) => ({ clientId })),
          pageInfo: { hasNextPage: true, hasPreviousPage: false },
        },
      });
    });

    it('is an empty page where nothing matches', async () => {
      expect(await page({ first: 10, filter: { orgId: randomUUID() } })).toEqual({
        edges: [],
        nodes: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      });
    });

    it('is an empty page behind the last client', async () => {
      const { orgId } = await tiedClients();
      const { pageInfo } = await page({ first: 100, filter: { orgId } });
      expect(await page({ first: 10, after: pageInfo.endCursor, filter: { orgId } })).toEqual({
        edges: [],
        nodes: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
      });
    });
  });

  it.each<[string, number, string, string | undefined]>([
    ['an answer', 200, '{ oauthClients(first: 1) { totalCount } }', undefined],
    ['a query that cannot be parsed', 400, '{', undefined],
    ['a query that says nothing', 400, '', undefined],
    ['a wrong key', 401, '{ __typename }', 'wrong'],
  ])('nobody may keep %s: it may hold credentials', async (_, expected, query, key) => {
    const { status, headers } = await registry.graphql(query, {}, key ?? registry.adminKey);
    expect(status).toBe(expected);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('pragma')).toBe('no-cache');
  });

  describe('totalCount', () => {
    const statements = (work: () => Promise<unknown>) => statementsOf(registry.dataSource, work);
    // Not of the rows of a page, which are read anyway
    const isCount = (statement: string) =>
      /\bCOUNT\s*\([^)]*\)(?! OVER)|oauth_client_counts/i.test(statement);

    it('is counted once where it is asked for, whatever the page', async () => {
      const { apiKey, orgId } = await registry.createKey();
      for (let i = 0; i < 3; i++) await create(apiKey);
      const query = `query ($orgId: String, $after: String) {
        oauthClients(first: 1, after: $after, filter: { orgId: $orgId }) { totalCount pageInfo { endCursor } } }`;
      const { oauthClients } = await succeed(query, { orgId });
      const second = await succeed(query, { orgId, after: oauthClients.pageInfo.endCursor });
      expect([oauthClients.totalCount, second.oauthClients.totalCount]).toEqual([3, 3]);
      expect((await statements(() => succeed(query, { orgId }))).filter(isCount)).toHaveLength(1);
    });

    it('of all clients is the number of those that live, and none of them is looked at', async () => {
      const { apiKey } = await registry.createKey();
      await create(apiKey);
      const query = '{ oauthClients(first: 1) { totalCount } }';
      const { oauthClients } = await succeed(query);
      const [{ living }] = await registry.dataSource.query<[{ living: string }]>(
        'SELECT COUNT(*) AS living FROM oauth_clients WHERE deleted_at IS NULL',
      );
      expect(oauthClients.totalCount).toBe(Number(living));
      const counts = (await statements(() => succeed(query))).filter(isCount);
      expect(counts).toEqual([expect.stringContaining('FROM oauth_client_counts')]);
    });

    it('is not counted where it is not asked for', async () => {
      const { orgId } = await registry.createKey();
      const made = await statements(() => page({ first: 10, filter: { orgId } }));
      expect(made.filter((statement) => statement.includes('oauth_clients'))).toHaveLength(1);
      expect(made.filter(isCount)).toEqual([]);
    });

    it('is not counted where a directive leaves it out', async () => {
      const query =
        'query ($is: Boolean!) { oauthClients(first: 1) { totalCount @include(if: $is) nodes { name } } }';
      expect((await statements(() => succeed(query, { is: false }))).filter(isCount)).toEqual([]);
    });
  });

  it.each([
    ['oauth_clients_verified', { verified: true }],
    ['oauth_clients_disabled', { status: 'DISABLED' }],
  ])('few clients are found by an index of their own, %s', async (index, filter) => {
    const { apiKey } = await registry.createKey();
    for (let i = 0; i < 30; i++) await create(apiKey);
    await registry.dataSource.query('ANALYZE oauth_clients');
    const statements = await statementsOf(registry.dataSource, () => page({ first: 10, filter }));
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

  describe('the arguments of oauthClients', () => {
    it.each([0, -1, 101, -2_147_483_648])('refuse first: %d', async (first) => {
      expectRefused(
        await registry.graphql(`{ oauthClients(first: ${first}) { nodes { name } } }`),
        200,
        'BAD_USER_INPUT',
        ['first'],
      );
    });

    it.each(['1.5', '"5"', '2147483648', 'true', '[5]', 'FIVE'])('refuse first: %s', async (first) => {
      expectRefused(
        await registry.graphql(`{ oauthClients(first: ${first}) { nodes { name } } }`),
        400,
        'GRAPHQL_VALIDATION_FAILED',
      );
    });

    it.each<[string, string]>([
      [
        'oauthClients(first: $n, orderBy: $order) { nodes { clientId } }',
        'oauthClients { nodes { clientId } }',
      ],
      [
        'oauthClients(first: 2) { nodes { history(first: $n) { nodes { id } } } }',
        'oauthClients(first: 2) { nodes { history { nodes { id } } } }',
      ],
      ['auditEvents(first: $n) { nodes { id } }', 'auditEvents { nodes { id } }'],
      ['registrationsPerDay(days: $n) { date }', 'registrationsPerDay { date }'],
    ])('null for a variable stands for the default: %s', async (asked, byDefault) => {
      await create(registry.adminKey);
      const declared = asked.includes('$order') ? '$n: Int, $order: OAuthClientOrder' : '$n: Int';
      const found = await succeed(`query (${declared}) { ${asked} }`, { n: null, order: null });
      expect(found).toEqual(await succeed(`{ ${byDefault} }`));
      expect(JSON.stringify(found)).toContain('"');
    });

    it('null stands for the default of a mutation, too: a dry run, and a key of a member', async () => {
      const clientId = await create(registry.adminKey);
      const { disableOAuthClients } = await succeed(
        `mutation ($ids: [ID!], $dryRun: Boolean) {
          disableOAuthClients(filter: { ids: $ids }, dryRun: $dryRun) { count dryRun }
        }`,
        { ids: [clientId], dryRun: null },
      );
      expect(disableOAuthClients).toEqual({ count: 1, dryRun: true });
      const { createApiKey } = await succeed(
        `mutation ($role: Role) {
          createApiKey(input: { name: "n", orgId: "o", userId: "u", role: $role }) { apiKey { role } }
        }`,
        { role: null },
      );
      expect(createApiKey.apiKey.role).toBe('MEMBER');
    });

    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const id = randomUUID();
    it.each([
      ['a word', 'x'],
      ['what is not base64', '!!! ###'],
      ['base64 of no JSON', Buffer.from('hello').toString('base64url')],
      ['base64 of null', encode(null)],
      ['base64 of an object', encode({})],
      ['base64 of an empty list', encode([])],
      ['a clientId', id],
      ['no id', encode(['createdAt', 'DESC', 1])],
      ['an id that is a number', encode(['createdAt', 'DESC', 1, 1])],
      ['an id that is an object', encode(['createdAt', 'DESC', 1, {}])],
      ['a time that is a word', encode(['createdAt', 'DESC', 'x', id])],
      ['a time that is a number in a string', encode(['createdAt', 'DESC', '1', id])],
      ['a time that is a fraction', encode(['createdAt', 'DESC', 1.5, id])],
      ['a time out of range', encode(['createdAt', 'DESC', 1e300, id])],
      ['a time that is null', encode(['createdAt', 'DESC', null, id])],
      ['a field that does not exist', encode(['hash', 'DESC', 1, id])],
      ['SQL for a field', encode(['createdAt" --', 'DESC', 1, id])],
      ['SQL for a direction', encode(['createdAt', 'DESC; DROP TABLE oauth_clients', 1, id])],
      ['4,097 characters', 'a'.repeat(4_097)],
      ['50,000 characters', 'a'.repeat(50_000)],
    ])('refuse a cursor that is none: %s', async (_, after) => {
      const query = 'query ($after: String) { oauthClients(first: 1, after: $after) { nodes { name } } }';
      expectRefused(await registry.graphql(query, { after }), 200, 'BAD_USER_INPUT', ['after']);
    });

    it.each<[string, OrderField, Direction, unknown[]]>([
      ['an id with NUL', 'CREATED_AT', 'DESC', ['createdAt', 'DESC', 1, '\0']],
      ['an id with a lone surrogate', 'CREATED_AT', 'DESC', ['createdAt', 'DESC', 1, '\ud800']],
      ['a name with NUL', 'NAME', 'ASC', ['name', 'ASC', 'a\0b', id]],
      ['a name with a lone surrogate', 'NAME', 'ASC', ['name', 'ASC', '\ud800', id]],
      ['a time before all time', 'CREATED_AT', 'ASC', ['createdAt', 'ASC', -(2 ** 53) + 1, id]],
      ['a time after all time', 'CREATED_AT', 'DESC', ['createdAt', 'DESC', 2 ** 53 - 1, id]],
    ])('never fail for a forged cursor: %s', async (_, field, direction, cursor) => {
      const { status, body } = await registry.graphql(PAGE, {
        first: 1,
        after: encode(cursor),
        orderBy: { field, direction },
      });
      expect(status).toBe(200);
      expect([undefined, 'BAD_USER_INPUT']).toContain(body.errors?.[0].extensions.code);
    });

    it.each<[string, OrderField, Direction]>([
      ['another field', 'UPDATED_AT', 'DESC'],
      ['a field of another type', 'NAME', 'DESC'],
      ['the other direction', 'CREATED_AT', 'ASC'],
    ])('refuse a cursor of another order: %s', async (_, field, direction) => {
      const { apiKey, orgId } = await registry.createKey();
      for (let i = 0; i < 2; i++) await create(apiKey);
      const { pageInfo } = await page({ first: 1, filter: { orgId } });
      const variables = {
        first: 1,
        after: pageInfo.endCursor,
        filter: { orgId },
        orderBy: { field, direction },
      };
      expectRefused(await registry.graphql(PAGE, variables), 200, 'BAD_USER_INPUT', ['after']);
    });

    it('are all named in one answer', async () => {
      const query = `query ($after: String, $filter: OAuthClientFilter) {
        oauthClients(first: 0, after: $after, filter: $filter) { nodes { name } } }`;
      const filter = { orgId: '', nameContains: 'a'.repeat(256) };
      expectRefused(
        await registry.graphql(query, { after: 'a'.repeat(4_097), filter }),
        200,
        'BAD_USER_INPUT',
        ['first', 'after', 'filter.orgId', 'filter.nameContains'],
      );
    });

    it.each([
      ['a field that does not exist', '{ field: SECRET, direction: ASC }'],
      ['no direction', '{ field: NAME }'],
      ['no field', '{ direction: ASC }'],
      ['a string', '"NAME"'],
    ])('refuse an order of %s', async (_, orderBy) => {
      expectRefused(
        await registry.graphql(`{ oauthClients(orderBy: ${orderBy}) { nodes { name } } }`),
        400,
        'GRAPHQL_VALIDATION_FAILED',
      );
    });
  });

  describe('oauthClientStats', () => {
    const startOfToday = () => Math.floor(Date.now() / MS_PER_DAY) * MS_PER_DAY;
    const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const last30Days = (counts: Record<string, number>) =>
      many(30, (i) => dayOf(startOfToday() - (29 - i) * MS_PER_DAY)).map((date) => ({
        date,
        count: counts[date] ?? 0,
      }));

    it('counts what matches the filter by type, source, status, grant and day', async () => {
      const { apiKey, orgId } = await registry.createKey();
      const today = startOfToday();
      const at = (ms: number) => ({ createdAt: new Date(ms) });
      const firstDay = today - 29 * MS_PER_DAY;
      await create(apiKey, {}, at(today));
      await create(apiKey, { client_type: 'public' }, at(today - 1));
      await create(apiKey, { client_type: 'public' }, { ...at(firstDay), status: 'disabled' });
      await create(
        apiKey,
        {
          allowed_grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
          redirect_uris: ['https://example.com/callback'],
        },
        at(firstDay + MS_PER_DAY - 1),
      );
      // Older than what is shown by day, and still part of everything else
      await create(apiKey, {}, at(firstDay - 1));
      const { body } = await registry.register({}, apiKey);
      await change(body.client_id, at(today));
      expect(await succeed(STATS, { filter: { orgId } })).toEqual({
        oauthClientStats: {
          total: 6,
          byClientType: [
            { clientType: 'PUBLIC', count: 2 },
            { clientType: 'CONFIDENTIAL', count: 4 },
          ],
          bySource: [
            { source: 'API', count: 5 },
            { source: 'DYNAMIC', count: 1 },
            { source: 'ADMIN', count: 0 },
          ],
          byStatus: [
            { status: 'ACTIVE', count: 5 },
            { status: 'DISABLED', count: 1 },
          ],
          byGrantType: [
            { grantType: 'CLIENT_CREDENTIALS', count: 5 },
            { grantType: 'AUTHORIZATION_CODE', count: 2 },
            { grantType: 'REFRESH_TOKEN', count: 1 },
          ],
          createdPerDay: last30Days({ [dayOf(today)]: 2, [dayOf(today - 1)]: 1, [dayOf(firstDay)]: 2 }),
        },
      });
    });

    it('is all zeros, with every day, where nothing matches', async () => {
      expect(await succeed(STATS, { filter: { orgId: randomUUID() } })).toEqual({
        oauthClientStats: {
          total: 0,
          byClientType: ['PUBLIC', 'CONFIDENTIAL'].map((clientType) => ({ clientType, count: 0 })),
          bySource: ['API', 'DYNAMIC', 'ADMIN'].map((source) => ({ source, count: 0 })),
          byStatus: ['ACTIVE', 'DISABLED'].map((status) => ({ status, count: 0 })),
          byGrantType: ['CLIENT_CREDENTIALS', 'AUTHORIZATION_CODE', 'REFRESH_TOKEN'].map((grantType) => ({
            grantType,
            count: 0,
          })),
          createdPerDay: last30Days({}),
        },
      });
    });

    it('counts every client of every organization without a filter', async () => {
      const { apiKey } = await registry.createKey();
      await create(apiKey);
      await registry.register({});
      const stats: Stats = (await succeed(STATS)).oauthClientStats;
      const total = await registry.rows('oauth_clients');
      const sum = (counts: { count: number }[]) => counts.reduce((all, { count }) => all + count, 0);
      expect({
        total: stats.total,
        types: sum(stats.byClientType),
        sources: sum(stats.bySource),
        statuses: sum(stats.byStatus),
        days: stats.createdPerDay.length,
      }).toEqual({ total, types: total, sources: total, statuses: total, days: 30 });
      expect(stats.createdPerDay.at(-1)?.count).toBeGreaterThanOrEqual(2);
    });

    it.each([
      ['type', { clientType: 'PUBLIC' }, 1],
      ['grant', { grantType: 'CLIENT_CREDENTIALS' }, 2],
      ['name', { nameContains: 'PUB%' }, 0],
      ['time', { createdBefore: '2001-01-01T00:00:00Z' }, 0],
    ])('takes the filter of oauthClients: %s', async (_, filter, total) => {
      const { apiKey, orgId } = await registry.createKey();
      await create(apiKey, { name: 'Public', client_type: 'public' });
      await create(apiKey, { name: 'Confidential' });
      const stats: Stats = (await succeed(STATS, { filter: { orgId, ...filter } })).oauthClientStats;
      expect([stats.total, stats.createdPerDay.at(-1)?.count]).toEqual([total, total]);
    });
  });

  describe('the schema', () => {
    interface Named {
      name: string;
    }
    interface Type extends Named {
      kind: string;
      fields: (Named & { args: Named[]; type: { name: string | null; ofType: Named | null } })[] | null;
      inputFields: Named[] | null;
      enumValues: Named[] | null;
    }
    const types = async (): Promise<Type[]> => (await succeed(INTROSPECTION)).__schema.types;

    it('names no hash anywhere', async () => {
      const names = (await types()).flatMap(({ name, fields, inputFields }) => [
        name,
        ...(fields ?? []).flatMap((field) => [field.name, ...field.args.map((argument) => argument.name)]),
        ...(inputFields ?? []).map((field) => field.name),
      ]);
      expect(names).toEqual(
        expect.arrayContaining(['oauthClient', 'oauthClients', 'oauthClientStats', 'orderBy']),
      );
      expect(names.filter((name) => /hash/i.test(name))).toEqual([]);
    });

    it('has credentials in clear only where they were just made', async () => {
      const inClear = (await types()).flatMap(({ name, fields }) =>
        (fields ?? [])
          .filter((field) => isCredential(name, field.name))
          .map((field) => `${name}.${field.name}`),
      );
      expect(inClear.sort()).toEqual([
        'CreateApiKeyPayload.value',
        'CreateInitialAccessTokenPayload.value',
        'CreateOAuthClientPayload.clientSecret',
        'IssueOAuthClientSecretPayload.clientSecret',
        'ReissueRegistrationAccessTokenPayload.registrationAccessToken',
      ]);
    });
    const isCredential = (type: string, field: string) =>
      /^(clientSecret|registrationAccessToken|key|token)$/.test(field) ||
      (field === 'value' && type.endsWith('Payload'));

    it('has enums in upper case and dates as DateTime', async () => {
      const all = (await types()).filter(({ name }) => !name.startsWith('__'));
      const enumerations = Object.fromEntries(
        all
          .filter(({ kind }) => kind === 'ENUM')
          .map(({ name, enumValues }) => [name, enumValues?.map((value) => value.name)]),
      );
      expect(enumerations).toMatchObject({
        ClientType: ['PUBLIC', 'CONFIDENTIAL'].sort(),
        GrantType: ['AUTHORIZATION_CODE', 'CLIENT_CREDENTIALS', 'REFRESH_TOKEN'],
        ClientSource: ['ADMIN', 'API', 'DYNAMIC'],
        ClientStatus: ['ACTIVE', 'DISABLED'],
      });
      for (const value of Object.values(enumerations).flat()) expect(value).toMatch(/^[A-Z][A-Z_]*$/);
      const dates = all
        .find(({ name }) => name === 'OAuthClient')
        ?.fields?.filter(({ name }) => name.endsWith('At'))
        .map(({ name, type }) => [name, type.name ?? type.ofType?.name]);
      expect(dates).toEqual([
        ['createdAt', 'DateTime'],
        ['deletedAt', 'DateTime'],
        ['lastUsedAt', 'DateTime'],
        ['updatedAt', 'DateTime'],
      ]);
    });
  });

  describe('is for admins', () => {
    const QUERIES: [string, string][] = [
      ['a page', '{ oauthClients { nodes { name } } }'],
      ['one client', '{ oauthClient(clientId: "x") { name } }'],
      ['stats', '{ oauthClientStats { total } }'],
      ['the schema', '{ __schema { types { name } } }'],
      ['its own type name', '{ __typename }'],
      // Nobody else learns even what a good query would be
      ['an unknown field', '{ nothing }'],
      ['a syntax error', '{'],
    ];

    it.each(QUERIES)('an anonymous caller gets 401 for %s', async (_, query) => {
      const answer = await registry.graphql(query, {}, null);
      expectRefused(answer, 401, 'UNAUTHENTICATED');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    });

    it.each(QUERIES)('a member gets 403 for %s', async (_, query) => {
      const { apiKey } = await registry.createKey();
      const answer = await registry.graphql(query, {}, apiKey);
      expectRefused(answer, 403, 'FORBIDDEN');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"');
    });

    it.each(QUERIES)('an unknown key gets 401 for %s', async (_, query) => {
      const answer = await registry.graphql(query, {}, `ocr_${'a'.repeat(51)}`);
      expectRefused(answer, 401, 'UNAUTHENTICATED');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    });

    it('an admin of any organization gets an answer', async () => {
      const { apiKey } = await registry.createKey({ role: 'admin' });
      expect(await registry.graphql('{ __typename }', {}, apiKey)).toMatchObject({
        status: 200,
        body: { data: { __typename: 'Query' } },
      });
    });
  });

  describe('refuses malformed requests with a code', () => {
    const send = (body: unknown, headers: Record<string, string> = {}) =>
      registry.send('/graphql', { body, headers, key: registry.adminKey });

    it.each<[string, unknown, string]>([
      ['a syntax error', { query: '{ oauthClients(' }, 'GRAPHQL_PARSE_FAILED'],
      ['an unclosed string', { query: '{ oauthClient(clientId: "x) { name } }' }, 'GRAPHQL_PARSE_FAILED'],
      ['NUL', { query: '{ \0 }' }, 'GRAPHQL_PARSE_FAILED'],
      ['a word', { query: 'hello' }, 'GRAPHQL_PARSE_FAILED'],
      ['comments only', { query: '# nothing' }, 'GRAPHQL_PARSE_FAILED'],
      ['10,000 open braces', { query: '{a'.repeat(10_000) }, 'GRAPHQL_PARSE_FAILED'],
      ['10,000 open lists', { query: `{ a(b: ${'['.repeat(10_000)}` }, 'GRAPHQL_PARSE_FAILED'],
      ['an unknown field', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
      [
        'the secret of a client',
        { query: '{ oauthClients { nodes { clientSecret } } }' },
        'GRAPHQL_VALIDATION_FAILED',
      ],
      [
        'the filter that totalCount remembers',
        { query: '{ oauthClients { filter } }' },
        'GRAPHQL_VALIDATION_FAILED',
      ],
      ['an object without fields', { query: '{ oauthClients }' }, 'GRAPHQL_VALIDATION_FAILED'],
      [
        'an unknown argument',
        { query: '{ oauthClients(limit: 1) { nodes { name } } }' },
        'GRAPHQL_VALIDATION_FAILED',
      ],
      ['a missing argument', { query: '{ oauthClient { name } }' }, 'GRAPHQL_VALIDATION_FAILED'],
      ['an unknown directive', { query: '{ __typename @nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
      ['an unknown fragment', { query: '{ ...Nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
      [
        'a fragment that includes itself',
        { query: '{ ...A } fragment A on Query { ...A }' },
        'GRAPHQL_VALIDATION_FAILED',
      ],
      [
        'fragments in a circle',
        {
          query:
            '{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }',
        },
        'GRAPHQL_VALIDATION_FAILED',
      ],
      [
        'fragments in a circle that nobody uses',
        { query: '{ __typename } fragment A on Query { ...B } fragment B on Query { ...A }' },
        'GRAPHQL_VALIDATION_FAILED',
      ],
      [
        'nothing but a fragment',
        { query: 'fragment A on Query { __typename }' },
        'GRAPHQL_VALIDATION_FAILED',
      ],
      [
        'an undeclared variable',
        { query: '{ oauthClient(clientId: $id) { name } }' },
        'GRAPHQL_VALIDATION_FAILED',
      ],
      ['a type definition', { query: 'type A { b: Int }' }, 'GRAPHQL_VALIDATION_FAILED'],
      ['a missing variable', { query: ONE }, 'BAD_USER_INPUT'],
      ['a variable that is null', { query: ONE, variables: { clientId: null } }, 'BAD_USER_INPUT'],
      ['a variable of the wrong type', { query: ONE, variables: { clientId: {} } }, 'BAD_USER_INPUT'],
      [
        'an unknown operation',
        { query: 'query A { __typename }', operationName: 'B' },
        'OPERATION_RESOLUTION_FAILURE',
      ],
      [
        'one operation too many',
        { query: 'query A { __typename } query B { __typename }' },
        'OPERATION_RESOLUTION_FAILURE',
      ],
      ['no query', {}, 'BAD_REQUEST'],
      ['a query that is null', { query: null }, 'BAD_REQUEST'],
      ['a query that is empty', { query: '' }, 'BAD_REQUEST'],
      ['a query that is a number', { query: 1 }, 'BAD_REQUEST'],
      ['a query that is a list', { query: ['{ __typename }'] }, 'BAD_REQUEST'],
      ['a query that is an object', { query: { kind: 'Document', definitions: [] } }, 'BAD_REQUEST'],
      ['variables that are a string', { query: '{ __typename }', variables: '{}' }, 'BAD_REQUEST'],
      ['variables that are a list', { query: '{ __typename }', variables: [] }, 'BAD_REQUEST'],
      ['variables that are a number', { query: '{ __typename }', variables: 1 }, 'BAD_REQUEST'],
      ['an operation name that is an object', { query: '{ __typename }', operationName: {} }, 'BAD_REQUEST'],
      ['extensions that are a string', { query: '{ __typename }', extensions: 'x' }, 'BAD_REQUEST'],
      ['a batch', [{ query: '{ __typename }' }], 'BAD_REQUEST'],
      ['a batch of 1,000', many(1_000, () => ({ query: '{ __typename }' })), 'BAD_REQUEST'],
      ['an empty batch', [], 'BAD_REQUEST'],
      ['a string', '"{ __typename }"', 'BAD_REQUEST'],
      ['null', 'null', 'BAD_REQUEST'],
    ])('%s', async (_, body, code) => {
      expectRefused(await send(body), 400, code);
    });

    it.each(['mutation { deleteOauthClient }', 'subscription { oauthClients }'])(
      'an operation that there is none of: %s',
      async (query) => {
        const { status, body, text } = await send({ query });
        expect({ status, code: body.errors?.[0].extensions.code }).toEqual({
          status: 400,
          code: expect.stringMatching(
            /^(GRAPHQL_VALIDATION_FAILED|OPERATION_RESOLUTION_FAILURE|BAD_REQUEST)$/,
          ),
        });
        expect(text).not.toMatch(INTERNALS);
      },
    );

    it.each<[string, object]>([
      ['alone', { version: 1, sha256Hash: 'a'.repeat(64) }],
      ['of another query', { version: 1, sha256Hash: 'a'.repeat(64), query: '{ __typename }' }],
      ['of an unknown version', { version: 2, sha256Hash: 1, query: '{ __typename }' }],
    ])('the hash of a persisted query, %s', async (_, { query, ...persistedQuery }: { query?: string }) => {
      const answer = await send({ query, extensions: { persistedQuery } });
      expectRefused(answer, 200, 'PERSISTED_QUERY_NOT_SUPPORTED');
    });

    it('more bad variables than are told', async () => {
      const input = { orgId: 'a', name: 'a', clientType: 'PUBLIC', allowedGrantTypes: Array(100).fill(1) };
      const query = `mutation ($input: CreateOAuthClientInput!) { createOAuthClient(input: $input) { clientSecret } }`;
      const answer = await send({ query, variables: { input } });
      expect(answer.status).toBe(400);
      const codes = (answer.body.errors as { extensions: { code: string } }[]).map(
        ({ extensions }) => extensions.code,
      );
      expect(new Set(codes)).toEqual(new Set(['BAD_USER_INPUT']));
    });

    it.each([
      ['a field', `{ ${'a'.repeat(50_000)} }`],
      ['a variable', `query ($${'a'.repeat(50_000)}: Int) { __typename }`],
      ['a value', `{ oauthClient(clientId: ${'1'.repeat(50_000)}.5) { name } }`],
    ])('with the beginning of what is too long: %s', async (_, query) => {
      const answer = await send({ query });
      expectRefused(answer, 400, 'GRAPHQL_VALIDATION_FAILED');
      expect(answer.text.length).toBeLessThan(1_000);
    });

    it.each(['a:b:c', '[', 'a b', '%'])('a Host that is none: %s', async (host) => {
      const { hostname, port } = new URL(registry.url);
      const status = await new Promise((resolve, reject) => {
        httpRequest({ hostname, port, path: '/graphql', method: 'POST', headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .once('error', reject)
          .end();
      });
      expect(status).toBe(400);
    });

    it.each([
      [
        'variables that name a constructor',
        { query: '{ __typename }', variables: { constructor: { prototype: 1 } } },
      ],
      ['variables that nobody declared', { query: '{ __typename }', variables: { unknown: [[[[1]]]] } }],
    ])('never 5xx: %s', async (_, body) => {
      const answer = await send(body);
      expect(answer.status).toBeLessThan(500);
      expect(answer.body.errors?.[0].extensions.code).not.toBe('INTERNAL_SERVER_ERROR');
      expect(answer.text).not.toMatch(INTERNALS);
    });

    it.each<[string, number, unknown, Record<string, string>]>([
      ['no JSON', 400, 'hello', {}],
      ['an empty body', 400, '', {}],
      ['a member twice', 400, '{"query":"{ __typename }","query":"{ a }"}', {}],
      [
        '10,000-deep variables',
        400,
        `{"query":"{ __typename }","variables":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
        {},
      ],
      ['text/plain', 415, { query: '{ __typename }' }, { 'content-type': 'text/plain' }],
      ['application/graphql', 415, '{ __typename }', { 'content-type': 'application/graphql' }],
      ['a form', 415, 'query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['multipart', 415, '--x--', { 'content-type': 'multipart/form-data; boundary=x' }],
      ['gzip', 415, { query: '{ __typename }' }, { 'content-encoding': 'gzip' }],
      ['more than 64 KiB', 413, { query: `{ __typename } # ${'a'.repeat(70_000)}` }, {}],
    ])('that are not read at all: %s', async (_, status, body, headers) => {
      const answer = await send(body, headers);
      const code: unknown = answer.body?.errors?.[0].extensions.code ?? answer.body?.error;
      expect({ status: answer.status, code }).toEqual({ status, code: expect.stringMatching(/^[a-z_]+$/i) });
      expect(answer.text).not.toMatch(INTERNALS);
    });

    it.each([
      ['a query', '?query=%7B__typename%7D', 'BAD_REQUEST'],
      ['no query', '', 'BAD_REQUEST'],
      ['a broken escape', '?query=%zz', 'BAD_REQUEST'],
      ['broken variables', '?query=%7B__typename%7D&variables=%7B', 'BAD_REQUEST'],
    ])('GET with %s, which a link on a foreign page could send (CSRF)', async (_, search, code) => {
      const answer = await registry.send(`/graphql${search}`, { method: 'GET', key: registry.adminKey });
      expectRefused(answer, 400, code);
    });
  });

  describe('limits what a query may cost', () => {
    const query = (text: string, variables: object = {}) => registry.graphql(text, variables);
    /** 27 fields, each under an alias of its own where `alias` says so. */
    const wholePage = (alias = '', args = 'first: 100') =>
      `${alias && `${alias}: `}oauthClients(${args}) { nodes { ${ALL_FIELDS} } edges { node { ${ALL_FIELDS} } } }`;
    /** Few fragments, each of which includes the next so often that there are `width ** levels` ways to the last. */
    const fan = (levels: number, width: number) =>
      `{ ...F0 } ${many(levels, (i) => `fragment F${i} on Query { ${`...F${i + 1} `.repeat(width)} }`).join(' ')}
      fragment F${levels} on Query { __typename }`;

    it.each([
      ['depth', `{ oauthClients { ${'edges { node { '.repeat(20)} name ${'} } '.repeat(20)} } }`],
      [
        'depth in fragments',
        `{ ...F0 } ${many(30, (i) => `fragment F${i} on Query { ... on Query { ...F${i + 1} } }`).join(' ')} fragment F30 on Query { ${'... on Query { '.repeat(30)} __typename ${'}'.repeat(30)} }`,
      ],
      [
        'the depth of introspection',
        `{ __schema { types { ${'fields { type { '.repeat(20)} name ${'} } '.repeat(20)} } } }`,
      ],
      ['aliases', `{ ${many(100, (i) => `a${i}: oauthClient(clientId: "x") { name }`).join(' ')} }`],
      [
        'aliases of the same field',
        `{ ${many(100, (i) => `a${i}: oauthClients(first: 1) { totalCount }`).join(' ')} }`,
      ],
      [
        'aliases in fragments',
        `{ ...A } fragment A on Query { ${many(100, (i) => `a${i}: oauthClient(clientId: "x") { name }`).join(' ')} }`,
      ],
      ['aliases of stats', `{ ${many(10, (i) => `a${i}: oauthClientStats { total }`).join(' ')} }`],
      ['directives', `{ __typename ${'@skip(if: false) '.repeat(100)} }`],
      ['directives on many fields', `{ ${many(100, () => '__typename @include(if: true)').join(' ')} }`],
      ['unknown directives', `{ __typename ${'@a'.repeat(500)} }`],
      ['10,000 fields', `{${'a '.repeat(10_000)}}`],
      ['a million ways through fragments', fan(4, 32)],
      ['a billion ways through fragments', fan(4, 180)],
      ['fragments that double with each of 40 levels', fan(40, 2)],
      [
        'fragments that double with each of 100 levels, where it is not known what they would cost',
        `query ($n: Int!) { oauthClients(first: $n) { totalCount } __schema { types { ...F0 } } } ${many(
          100,
          (i) => `fragment F${i} on __Type { ofType { ...F${i + 1} } __typename: ofType { ...F${i + 1} } }`,
        ).join(' ')} fragment F100 on __Type { name }`,
      ],
      ['10,000 tokens that open nothing', ')'.repeat(10_000)],
      ['cost', `{ ${wholePage('a')} ${wholePage('b')} ${wholePage('c')} }`],
      [
        'cost in fragments',
        `{ ...A ...B ...C } ${['A', 'B', 'C'].map((name) => `fragment ${name} on Query { ${wholePage(name)} }`).join(' ')}`,
      ],
      [
        'cost by the default of a variable',
        `query ($n: Int! = 100) { ${['a', 'b', 'c'].map((name) => wholePage(name, 'first: $n')).join(' ')} }`,
      ],
    ])('%s', async (_, text) => {
      const started = performance.now();
      const answer = await query(text);
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            message: expect.stringMatching(/\S/),
            extensions: expect.objectContaining({
              code: expect.stringMatching(/^(GRAPHQL_|BAD_|QUERY_)[A-Z_]+$/),
            }),
          }),
        ]),
      );
      expect(answer.body.data ?? null).toBeNull();
      expect(answer.text).not.toMatch(INTERNALS);
      expect(answer.text.length).toBeLessThan(100_000);
      expect(performance.now() - started).toBeLessThan(2_000);
    });

    it('cost by a variable', async () => {
      const text = `query ($n: Int!) { ${['a', 'b', 'c'].map((name) => wholePage(name, 'first: $n')).join(' ')} }`;
      expectRefused(await query(text, { n: 100 }), 400, 'QUERY_TOO_COMPLEX');
    });

    it('cost by a variable, whatever the same operation cost before', async () => {
      const text = `query ($n: Int, $isAll: Boolean! = false, $after: String) {
        ${wholePage('a', 'first: $n, after: $after')}
        ... @include(if: $isAll) { ${['b', 'c', 'd'].map((name) => wholePage(name, 'first: $n')).join(' ')} }
      }`;
      const isDear = async (variables: object) => {
        const { body } = await query(text, { ...variables });
        return body.errors?.[0].extensions.code === 'QUERY_TOO_COMPLEX';
      };
      expect(await isDear({ n: 1 })).toBe(false);
      expect(await isDear({ n: 1_000_000 })).toBe(true);
      expect(await isDear({ n: 1, isAll: true })).toBe(false);
      expect(await isDear({ n: 100, isAll: true })).toBe(true);
      expect(await isDear({ n: 100 })).toBe(false);
      expect(await isDear({ n: 100, isAll: true, after: 'x' })).toBe(true);
      // What is left out and what is null is the default, and what is no number is refused for that
      expect(await isDear({ isAll: true })).toBe(false);
      expect(await isDear({ n: null, isAll: true })).toBe(false);
      expect(await isDear({ isAll: true })).toBe(false);
      expect(await isDear({ n: '100', isAll: true })).toBe(false);
      expect(await isDear({ n: 100, isAll: true })).toBe(true);
    });

    it('cost by the default of an argument, where its variable is null', async () => {
      const text = `query ($n: Int) { ${many(12, (i) => wholePage(`a${i}`, 'first: $n')).join(' ')} }`;
      expectRefused(await query(text, { n: null }), 400, 'QUERY_TOO_COMPLEX');
    });

    it.each(['include', 'skip'])(
      'names the argument that a variable leaves without a value: @%s',
      async (name) => {
        const answer = await query(`query ($x: Boolean = true) { __typename @${name}(if: $x) }`, { x: null });
        expectRefused(answer, 400, 'BAD_USER_INPUT');
        expect(answer.body.errors[0].message).toBe(
          'Argument "if" of non-null type "Boolean!" must not be null.',
        );
      },
    );

    it('cost of the operation that is run, not of another', async () => {
      const body = {
        query: `query Cheap { __typename } query Dear { ${wholePage('a')} ${wholePage('b')} ${wholePage('c')} }`,
        operationName: 'Dear',
      };
      expectRefused(
        await registry.send('/graphql', { body, key: registry.adminKey }),
        400,
        'QUERY_TOO_COMPLEX',
      );
    });

    it('cost of more than a page may have', async () => {
      expectRefused(
        await query('{ oauthClients(first: 1000000) { nodes { name } } }'),
        400,
        'QUERY_TOO_COMPLEX',
      );
    });

    it.each([
      ['a literal', '', 'first: -1000000', {}],
      ['a variable', 'query ($n: Int!)', 'first: $n', { n: -1_000_000 }],
    ])('cost, whatever a negative page would take from it: %s', async (_, head, args, variables) => {
      const text = `${head} { ${wholePage('a')} ${wholePage('b')} ${wholePage('c')} ${wholePage('d', args)} }`;
      const { status, body } = await query(text, variables);
      expect({ status, code: body.errors?.[0].extensions.code }).toEqual({
        status: 400,
        code: 'QUERY_TOO_COMPLEX',
      });
    });

    it('lets through a page that is asked for in one fragment per type, as Relay does', async () => {
      const text = `{ oauthClients { ...Page } }
        fragment Page on OAuthClientConnection { edges { ...Edge } pageInfo { ...Info } }
        fragment Info on PageInfo { endCursor }
        fragment Edge on OAuthClientEdge { cursor node { ...Client } }
        fragment Client on OAuthClient { clientId translations { ...Translation } }
        fragment Translation on Translation { member value }`;
      expect((await query(text)).status).toBe(200);
    });

    it('lets through a page of 100 clients with every field', async () => {
      expect((await query(`{ ${wholePage()} }`)).status).toBe(200);
    });

    it('lets through what GraphQL clients ask of the schema', async () => {
      const { getIntrospectionQuery } = await import('graphql');
      expect(
        (await query(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }))).status,
      ).toBe(200);
    });
  });
});

describe('the explorer', () => {
  const MODES: [string, Record<string, string>, boolean][] = [
    ['on in development', { NODE_ENV: 'development' }, true],
    [
      'off in development with GRAPHQL_EXPLORER=off',
      { NODE_ENV: 'development', GRAPHQL_EXPLORER: 'off' },
      false,
    ],
    ['off in production', { NODE_ENV: 'production' }, false],
    ['on in production with GRAPHQL_EXPLORER=on', { NODE_ENV: 'production', GRAPHQL_EXPLORER: 'on' }, true],
  ];

  describe.each(MODES)('is %s', (_, env, isOn) => {
    let registry: Registry;
    beforeAll(async () => {
      registry = await Registry.start('sqlite', env);
    });
    afterAll(() => registry.stop());

    const getPage = () => registry.send('/graphql', { method: 'GET', headers: { accept: 'text/html' } });

    it('as a page at the endpoint', async () => {
      const { status, headers, text } = await getPage();
      const isPage = headers.get('content-type')?.startsWith('text/html') ?? false;
      expect({ isPage, isOk: status === 200, isRefused: status >= 400 && status < 500 }).toEqual({
        isPage: isOn,
        isOk: isOn,
        isRefused: !isOn,
      });
      expect(text).not.toMatch(internalsIn(isOn));
    });

    it('with what the page loads, all of it from here', async () => {
      if (!isOn) {
        for (const asset of ['', 'index.html', 'main.js', 'styles.css']) {
          const answer = await registry.send(`/graphql/explorer/${asset}`, { method: 'GET' });
          expect(answer).toMatchObject({ status: 404, body: { error: 'not_found' } });
        }
        return;
      }
      const { text } = await getPage();
      const base = /<base href="([^"]*)"/.exec(text)?.[1] ?? '/graphql';
      const links = [...text.matchAll(/<(?:script|link|img|iframe)\b[^>]*?\s(?:src|href)="([^"]+)"/g)].map(
        ([, link]) => new URL(link ?? '', new URL(base, registry.url)),
      );
      expect(links.length).toBeGreaterThan(0);
      for (const link of links) {
        expect(link.href).toContain(`${registry.url}/graphql/explorer/`);
        expect(await registry.send(link.pathname, { method: 'GET' })).toMatchObject({ status: 200 });
      }
    });

    it('with a first query that can be sent once the key is in the header', async () => {
      const { status, text } = await registry.send('/graphql/explorer/start.js', { method: 'GET' });
      expect(status).toBe(isOn ? 200 : 404);
      if (!isOn) return;
      let started: { initialQuery?: string; initialHeaders?: object } = {};
      const AltairGraphQL = { init: (options: typeof started) => (started = options) };
      runInNewContext(text, { AltairGraphQL, location: new URL(`${registry.url}/graphql`) });
      expect({ ...started.initialHeaders }).toEqual({ Authorization: 'Bearer YOUR_ADMIN_API_KEY' });
      expect((await registry.graphql(started.initialQuery!)).body).toEqual({
        data: { oauthClients: { totalCount: expect.any(Number), nodes: expect.any(Array) } },
      });
    });

    it('with introspection', async () => {
      const { status, body } = await registry.graphql('{ __schema { queryType { name } } }');
      expect(isOn ? { status, data: body.data } : { status, code: body.errors?.[0].extensions.code }).toEqual(
        isOn
          ? { status: 200, data: { __schema: { queryType: { name: 'Query' } } } }
          : { status: 400, code: 'GRAPHQL_VALIDATION_FAILED' },
      );
      const type = await registry.graphql('{ __type(name: "OAuthClient") { fields { name } } }');
      expect(type.status).toBe(isOn ? 200 : 400);
    });

    it.each<[string, string, object]>([
      ['a field', '{ oauthClientz { nodes { name } } }', {}],
      ['a nested field', '{ oauthClients { nodes { nam } } }', {}],
      ['an argument', '{ oauthClients(frist: 1) { nodes { name } } }', {}],
      ['a type', 'query ($f: OAuthClientFilte) { oauthClients(filter: $f) { nodes { name } } }', {}],
      ['the type of a fragment', '{ ... on Quer { __typename } }', {}],
      ['an enum value', '{ oauthClients(orderBy: { field: NAM, direction: ASC }) { nodes { name } } }', {}],
      ['an input field', '{ oauthClients(filter: { orgI: "x" }) { nodes { name } } }', {}],
      ['an input field in a variable', NAMES, { filter: { orgI: 'x' } }],
      ['an enum value in a variable', NAMES, { filter: { clientType: 'PUBLI' } }],
    ])('with suggestions for a misspelled name: %s', async (_what, text, variables) => {
      const answer = await registry.graphql(text, variables);
      expect(answer.status).toBe(400);
      if (isOn) expect(answer.text).toContain('Did you mean');
      else expect(answer.text).not.toContain('Did you mean');
    });
  });
});

/** A page has scripts, and so names of files; a refusal has none. */
function internalsIn(isPage: boolean): RegExp {
  return isPage ? /node_modules|\/work\/|file:\/\// : INTERNALS;
}
