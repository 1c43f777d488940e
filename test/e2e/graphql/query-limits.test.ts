import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { ALL_FIELDS, expectRefused } from '../../support/graphql/graphql.js';
import { many } from '../../support/many.js';
import { INTERNALS } from '../../support/replies/leaks.js';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  describe('rejects queries that are too complex', () => {
    const query = (text: string, variables: object = {}) => registry.graphql(text, variables);
    /** 27 fields, each under an alias of its own where `alias` says so. */
    const wholePage = (alias = '', args = 'first: 100') =>
      `${alias && `${alias}: `}oauthClients(${args}) { nodes { ${ALL_FIELDS} } edges { node { ${ALL_FIELDS} } } }`;
    const page = (selection: string) => `oauthClients(first: 1) { ${selection} }`;
    const clientOf = (selection: string) => page(`nodes { ${selection} }`);
    const onClient = (name: string, selection: string) => `fragment ${name} on OAuthClient { ${selection} }`;
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
        'fragments that double with each of 100 levels, so that their cost is not known',
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

    it.each([
      ['14 of a scalar', `{ ${clientOf(many(14, (i) => `a${i}: redirectUris`).join(' '))} }`],
      ['two of a list of nodes', `{ ${page('a: nodes { clientId } b: nodes { clientId }')} }`],
      [
        'one in each of two fragments',
        `{ ${clientOf('...A ...B')} } ${onClient('A', 'a: name')} ${onClient('B', 'b: name')}`,
      ],
      [
        'one in each of two selections that are merged',
        `{ ${page('nodes { ... on OAuthClient { a: name } } nodes { b: name }')} }`,
      ],
      ['without its alias, and with it', `{ ${page('edges { node { name a: name } }')} }`],
    ])('one value under several aliases: %s', async (_, text) => {
      const answer = await query(text);
      expectRefused(answer, 400, 'QUERY_TOO_COMPLEX');
      expect(answer.body.errors[0].message).toMatch(
        /^The field "(name|nodes|redirectUris)" is requested under several aliases\. Request it once\.$/,
      );
    });

    it.each([
      [
        'one alias, used often',
        `{ ${page('nodes { ...A a: name } edges { node { a: name } }')} } ${onClient('A', 'a: name')}`,
      ],
      [
        'of several objects',
        '{ a: oauthClients(first: 1) { n: totalCount } b: oauthClients(first: 2) { m: totalCount } }',
      ],
      [
        'fields with arguments',
        '{ a: auditEvents(first: 1) { nodes { id } } auditEvents(first: 1) { nodes { id } } }',
      ],
    ])('lets aliases through: %s', async (_, text) => {
      const { status, body } = await query(text);
      expect([status, body.errors]).toEqual([200, undefined]);
    });

    it('cost by a variable', async () => {
      const text = `query ($n: Int!) { ${['a', 'b', 'c'].map((name) => wholePage(name, 'first: $n')).join(' ')} }`;
      expectRefused(await query(text, { n: 100 }), 400, 'QUERY_TOO_COMPLEX');
    });

    it('are too complex by a variable, also when the same operation was cheap before', async () => {
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
      // What is left out and what is null is the default, and what is not a number is rejected for that
      expect(await isDear({ isAll: true })).toBe(false);
      expect(await isDear({ n: null, isAll: true })).toBe(false);
      expect(await isDear({ isAll: true })).toBe(false);
      expect(await isDear({ n: '100', isAll: true })).toBe(false);
      expect(await isDear({ n: 100, isAll: true })).toBe(true);
    });

    it('cost by the default of an argument, if its variable is null', async () => {
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

    it('cost of the executed operation, not of another one in the document', async () => {
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
    ])('are too complex also with a negative page size: %s', async (_, head, args, variables) => {
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
