import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { expectRefused, succeed } from '../../support/graphql/graphql.js';

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

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  it.each<[string, number, string, string | undefined]>([
    ['an answer', 200, '{ oauthClients(first: 1) { totalCount } }', undefined],
    ['a query that cannot be parsed', 400, '{', undefined],
    ['a query that says nothing', 400, '', undefined],
    ['a wrong key', 401, '{ __typename }', 'wrong'],
  ])('%s must not be cached', async (_, expected, query, key) => {
    const { status, headers } = await registry.graphql(query, {}, key ?? registry.adminKey);
    expect(status).toBe(expected);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('pragma')).toBe('no-cache');
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
    const types = async (): Promise<Type[]> => (await succeed(registry, INTROSPECTION)).__schema.types;

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

    it('has credentials in plaintext only in the payloads that issue them', async () => {
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
        ['softwareStatementExpiresAt', 'DateTime'],
        ['updatedAt', 'DateTime'],
      ]);
    });
  });

  describe('requires a role that GraphQL has fields for', () => {
    const QUERIES: [string, string][] = [
      ['a page', '{ oauthClients { nodes { name } } }'],
      ['one client', '{ oauthClient(clientId: "x") { name } }'],
      ['stats', '{ oauthClientStats { total } }'],
      ['the schema', '{ __schema { types { name } } }'],
      ['its own type name', '{ __typename }'],
      // Other callers learn nothing about the schema
      ['an unknown field', '{ nothing }'],
      ['a syntax error', '{'],
    ];

    it.each(QUERIES)('an anonymous caller gets 401 for %s', async (_, query) => {
      const answer = await registry.graphql(query, {}, null);
      expectRefused(answer, 401, 'UNAUTHENTICATED');
      expect(answer.headers.get('www-authenticate')).toBe(registry.challenge());
    });

    it.each(QUERIES)('a member gets 403 for %s', async (_, query) => {
      const { apiKey } = await registry.createKey();
      const answer = await registry.graphql(query, {}, apiKey);
      expectRefused(answer, 403, 'FORBIDDEN');
      expect(answer.body.errors[0].message).toBe(
        'This operation requires the viewer, service, or admin role.',
      );
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"');
    });

    it.each(QUERIES)('an unknown key gets 401 for %s', async (_, query) => {
      const answer = await registry.graphql(query, {}, `ocr_${'a'.repeat(51)}`);
      expectRefused(answer, 401, 'UNAUTHENTICATED');
      expect(answer.headers.get('www-authenticate')).toBe(registry.challenge('invalid_token'));
    });

    it('an admin of any organization gets an answer', async () => {
      const { apiKey } = await registry.createKey({ role: 'admin' });
      expect(await registry.graphql('{ __typename }', {}, apiKey)).toMatchObject({
        status: 200,
        body: { data: { __typename: 'Query' } },
      });
    });
  });
});
