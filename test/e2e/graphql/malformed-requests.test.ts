import { request as httpRequest } from 'node:http';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { expectRefused, ONE } from '../../support/graphql/graphql.js';
import { many } from '../../support/many.js';
import { INTERNALS } from '../../support/replies/leaks.js';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  describe('rejects malformed requests with a code', () => {
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
        'unused fragments in a circle',
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
      'an operation type that the schema does not have: %s',
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

    it('100 invalid variables', async () => {
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
    ])('a token that is too long, of which the reply repeats the beginning: %s', async (_, query) => {
      const answer = await send({ query });
      expectRefused(answer, 400, 'GRAPHQL_VALIDATION_FAILED');
      expect(answer.text.length).toBeLessThan(1_000);
    });

    it.each(['a:b:c', '[', 'a b', '%'])('an invalid Host: %s', async (host) => {
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
      ['undeclared variables', { query: '{ __typename }', variables: { unknown: [[[[1]]]] } }],
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
    ])('an unreadable body: %s', async (_, status, body, headers) => {
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
    ])('GET with %s, which a link on another site could send (CSRF)', async (_, search, code) => {
      const answer = await registry.send(`/graphql${search}`, { method: 'GET', key: registry.adminKey });
      expectRefused(answer, 400, code);
    });
  });
});
