import { GraphQLSchemaHost } from '@nestjs/graphql';
import { type DocumentNode, type FieldNode, Kind, parse } from 'graphql';
import * as Operation from '../../operator/operations.js';
import { TypedDocumentString } from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { isoSoon, Operator, UNKNOWN_ID } from '../../support/graphql/operator.js';
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
  let operator: Operator;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    operator = new Operator(registry);
  });
  afterAll(() => registry.stop());

  describe('every operation requires an admin key', () => {
    /** Every operation, with values for its variables that would do. */
    const VARIABLES: Record<string, unknown> = {
      clientId: UNKNOWN_ID,
      clientIds: [UNKNOWN_ID],
      unused: true,
      secretId: UNKNOWN_ID,
      id: UNKNOWN_ID,
      version: 1,
      verified: true,
      first: 1,
      events: 1,
      dryRun: false,
      filter: { orgId: 'acme' },
    };
    const INPUTS: Record<string, unknown> = {
      CreateClient: { orgId: 'acme', name: 'n', clientType: 'PUBLIC', allowedGrantTypes: ['REFRESH_TOKEN'] },
      UpdateClient: { name: 'n' },
      CreateKey: { name: 'n', orgId: 'acme', userId: 'u' },
      CreateToken: { name: 'n', orgId: 'acme', userId: 'u', maxRegistrations: 1, expiresAt: isoSoon() },
    };
    const DOCUMENTS = Object.values(Operation as Record<string, unknown>).filter(
      (value) => value instanceof TypedDocumentString,
    );
    const operationOf = (document: DocumentNode) =>
      document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!;
    const NAMED = DOCUMENTS.map((text) => ({ text: text.toString(), document: parse(text.toString()) }))
      .filter(({ document }) => document.definitions[0]!.kind === Kind.OPERATION_DEFINITION)
      .map(({ text, document }): [string, string, DocumentNode] => [
        operationOf(document).name!.value,
        text,
        document,
      ]);

    it('the operations of this test include every query and mutation', () => {
      const { schema } = registry.app.get(GraphQLSchemaHost, { strict: false });
      const fields = [schema.getQueryType()!, schema.getMutationType()!].flatMap((type) =>
        Object.keys(type.getFields()),
      );
      const used = NAMED.flatMap(([, , document]) =>
        operationOf(document).selectionSet.selections.map((field) => (field as FieldNode).name.value),
      );
      // The statistics are read in another test
      expect(new Set([...used, 'oauthClientStats'])).toEqual(new Set(fields));
    });

    it.each(NAMED)(
      '%s: refuses an anonymous caller, a member, a revoked key and an initial access token',
      async (name, text, document) => {
        const { variableDefinitions = [] } = operationOf(document);
        const names = variableDefinitions.map(({ variable }) => variable.name.value);
        const variables = Object.fromEntries(
          names.map((variable) => [variable, variable === 'input' ? INPUTS[name] : VARIABLES[variable]]),
        );
        const { apiKey: member } = await registry.createKey();
        const { apiKey: revoked, id } = await registry.createKey({ role: 'admin' });
        await operator.do(Operation.RevokeKeyDocument, { id });
        const { value: initialAccessToken } = await registry.createInitialAccessToken();
        const rows = async () => [
          await registry.rows('oauth_clients'),
          await registry.rows('api_keys'),
          await registry.rows('audit_events'),
        ];
        const before = await rows();
        const answers = [];
        for (const key of [null, member, revoked, initialAccessToken]) {
          const { status, body } = await registry.graphql(text, variables, key);
          answers.push([status, body.errors[0].extensions.code, body.data]);
        }
        expect(answers).toEqual([
          [401, 'UNAUTHENTICATED', undefined],
          [403, 'FORBIDDEN', undefined],
          [401, 'UNAUTHENTICATED', undefined],
          [401, 'UNAUTHENTICATED', undefined],
        ]);
        // And nothing happens but that the member's attempt is recorded
        const [clients, keys, events] = before;
        expect(await rows()).toEqual([clients, keys, events! + 1]);
      },
    );
  });

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

    it('has credentials in clear only in the payloads that issue them', async () => {
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

  describe('requires an admin key', () => {
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
});
