import fc from 'fast-check';
import {
  getIntrospectionQuery,
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isLeafType,
  isObjectType,
} from 'graphql';
import type { HttpRequest } from '../http-request.js';
import { argumentsOf, toLiteral } from './graphql-values.js';
import { headersWith } from './headers.js';
import { hostileString, hostileValue } from './hostile.js';
import { textsOf } from './json-text.js';

const MAX_SELECTION_DEPTH = 4;

/** What is asked of an object: null for a leaf. */
type Selection = {
  [field: string]: { selection: Selection | null; args: Record<string, unknown>; style: number };
};

/** How a field may be written, most often just so. */
const STYLES: readonly ((field: string, type: string) => string)[] = [
  (field) => field,
  (field) => field,
  (field) => field,
  (field) => field,
  (field) => `alias_${/^\w+/.exec(field)![0]}: ${field}`,
  (field) => `${field} __typename`,
  (field, type) => `... on ${type} { ${field} }`,
  (field) => `... @include(if: true) { ${field} }`,
  (field) => `... @skip(if: true) { ${field} }`,
];

function selectionsOf(type: GraphQLObjectType, depth: number): fc.Arbitrary<Selection> {
  const fields = Object.values(type.getFields()).filter(
    (field) => depth > 1 || isLeafType(getNamedType(field.type)),
  );
  const all: Record<string, fc.Arbitrary<Selection[string]>> = Object.fromEntries(
    fields.map((field) => [field.name, fieldsOf(field, depth - 1)]),
  );
  return fc.record(all, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<Selection>;
}

function fieldsOf(field: GraphQLField<unknown, unknown>, depth: number): fc.Arbitrary<Selection[string]> {
  const type = getNamedType(field.type);
  return fc.record({
    selection: isObjectType(type) ? selectionsOf(type, depth) : fc.constant(null),
    args: argumentsOf(field.name, field.args),
    style: fc.nat({ max: STYLES.length - 1 }),
  });
}

function print(selection: Selection, type: GraphQLObjectType): string {
  const fields = Object.entries(selection).map(([name, { selection: inner, args, style }]) => {
    const field = type.getFields()[name]!;
    const literals = Object.entries(args).map(
      ([arg, value]) => `${arg}: ${toLiteral(value, field.args.find((each) => each.name === arg)!.type)}`,
    );
    const text = `${name}${literals.length > 0 ? `(${literals.join(', ')})` : ''}`;
    const body = inner === null ? '' : ` ${print(inner, getNamedType(field.type) as GraphQLObjectType)}`;
    return STYLES[style]!(text + body, type.name);
  });
  return `{ ${fields.join(' ') || '__typename'} }`;
}

interface Operation {
  label: string;
  query: string;
  variables: Record<string, unknown>;
  operationName?: string;
}

/** A root field with arguments as variables or as literals. */
function operationsOf(
  kind: 'query' | 'mutation',
  field: GraphQLField<unknown, unknown>,
): fc.Arbitrary<Operation> {
  const type = getNamedType(field.type) as GraphQLObjectType;
  return fc
    .record({
      args: argumentsOf(field.name, field.args),
      // One argument that is not what it should be
      spoilt: fc.oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        {
          weight: 1,
          arbitrary: fc.tuple(fc.constantFrom(...field.args.map(({ name }) => name), 'x'), hostileValue),
        },
      ),
      areVariables: fc.boolean(),
      selection: selectionsOf(type, MAX_SELECTION_DEPTH),
      name: fc.constantFrom('', 'Fuzz'),
    })
    .map(({ args, spoilt, areVariables, selection, name }) => {
      const values = spoilt === null ? args : { ...args, [spoilt[0]]: spoilt[1] };
      const known = field.args.filter((arg) => Object.hasOwn(values, arg.name));
      const entries = Object.entries(values);
      const typeOf = (arg: string): GraphQLInputType | undefined =>
        known.find((each) => each.name === arg)?.type;
      const passed = entries.map(
        ([arg, value]) => `${arg}: ${areVariables ? `$${arg}` : toLiteral(value, typeOf(arg))}`,
      );
      const declared = entries.map(([arg]) => `$${arg}: ${String(typeOf(arg) ?? 'String')}`);
      const list = (items: string[]) => (items.length > 0 ? `(${items.join(', ')})` : '');
      const head = `${kind} ${name}${areVariables ? list(declared) : ''}`;
      return {
        label: field.name,
        query: `${head} { ${field.name}${list(passed)} ${print(selection, type)} }`,
        variables: areVariables ? values : {},
        ...(name !== '' && { operationName: name }),
      };
    });
}

/** Queries that were written to hurt. */
const HOSTILE_QUERIES = [
  getIntrospectionQuery(),
  '{ __schema { types { name fields { name type { name fields { name } } } } } }',
  '{ __type(name: "OAuthClient") { name } __typename }',
  '',
  '{',
  '{ }',
  '#',
  '\ufeff{ __typename }',
  '{ __typename @skip(if: $x) }',
  'query($x: Boolean!) { __typename @skip(if: $x) }',
  'subscription { x }',
  'mutation { __typename }',
  'query A { __typename } query B { __typename }',
  'fragment A on Query { ...B } fragment B on Query { ...A } { ...A }',
  'fragment A on Query { __typename } { __typename }',
  'fragment A on Query { ...A } { ...A }',
  `{ ${Array.from({ length: 300 }, (_, i) => `a${i}: __typename`).join(' ')} }`,
  `{ ${Array.from({ length: 600 }, () => '__typename').join(' ')} }`,
  `{ __typename ${'@include(if: true) '.repeat(300)} }`,
  `{ __typename ${'@a '.repeat(300)} }`,
  `{ ${'a '.repeat(1_900)} }`,
  `{ ${'a{'.repeat(900)}b${'}'.repeat(900)} }`,
  `{ ${'a'.repeat(50_000)} }`,
  `{ oauthClient(clientId: "${'a'.repeat(50_000)}") { clientId } }`,
  `{ oauthClient(${'a'.repeat(20_000)}: 1) { clientId } }`,
  `query ${'a'.repeat(40_000)} { x }`,
  `query($${'a'.repeat(20_000)}: Int) { oauthClients { nodes { clientId } } }`,
  '{ oauthClients(first: 100) { nodes { history(first: 100) { nodes { id } } } } }',
  '{ oauthClients(first: 2147483648) { nodes { clientId } } }',
  '{ oauthClients(first: -1) { nodes { clientId } } }',
  '{ oauthClients(after: "WyJjcmVhdGVkQXQiLCJERVNDIiwxZTMwOSwiYSJd") { nodes { clientId } } }',
  '{ oauthClients(after: "bnVsbA") { nodes { clientId } } }',
  '{ oauthClients(orderBy: { field: NAME, direction: ASC }, after: "WyJuYW1lIiwiQVNDIiwi77-_IiwiYSJd") { nodes { clientId } } }',
  '{ oauthClients { nodes { clientId @defer } } }',
  '{ ... @defer { __typename } }',
  '{ oauthClients { nodes { clientId: name clientId } } }',
  '"""a""" type A { b: C } { __typename }',
  'schema { query: A }',
  'extend type Query { a: Int }',
  '{ a(b: """\\u0000""") }',
  '{ oauthClient(clientId: "\\uD800") { clientId } }',
  '{ oauthClient(clientId: "\\u{110000}") { clientId } }',
  '{ oauthClient(clientId: 1e999) { clientId } }',
  '{ oauthClient(clientId: {a: 1}) { clientId } }',
];

/** One character or so of a query is another. */
const garbled = (operations: fc.Arbitrary<Operation>): fc.Arbitrary<Operation> =>
  fc
    .tuple(operations, fc.nat({ max: 2_000 }), fc.nat({ max: 8 }), hostileString)
    .map(([operation, at, length, text]) => {
      const { query } = operation;
      const start = at % (query.length + 1);
      return { ...operation, query: query.slice(0, start) + text + query.slice(start + length) };
    });

/** Members of a request that are not those of GraphQL over HTTP, or not alone. */
const BODIES: readonly ((operation: Omit<Operation, 'label'>) => unknown)[] = [
  (operation) => [operation],
  (operation) => [operation, operation],
  (operation) => Array.from({ length: 200 }, () => operation),
  ({ query }) => ({ query }),
  ({ query }) => ({ query, variables: null, operationName: null, extensions: null }),
  ({ query }) => ({ query, variables: '{}' }),
  ({ query }) => ({ query, variables: [] }),
  ({ query }) => ({ query: [query] }),
  ({ query }) => ({ query: { query } }),
  ({ query }) => ({ query, operationName: 'constructor' }),
  ({ query }) => ({ query, operationName: 1 }),
  ({ query }) => ({ query, extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
  () => ({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
  ({ query }) => ({ query, extensions: { persistedQuery: { version: 2, sha256Hash: 1 } } }),
  ({ query }) => ({ query, extensions: 'a' }),
  ({ query }) => ({ query, http: {}, '': 1, constructor: 1 }),
  () => ({}),
  () => ({ variables: {} }),
];

/** Queries and mutations of the schema: most of them valid or nearly so. */
export function graphqlRequests(schema: GraphQLSchema): fc.Arbitrary<HttpRequest> {
  const rootFields = (type: GraphQLObjectType | null | undefined) => Object.values(type?.getFields() ?? {});
  const good = fc.oneof(
    ...rootFields(schema.getQueryType()).map((field) => operationsOf('query', field)),
    ...rootFields(schema.getMutationType()).map((field) => operationsOf('mutation', field)),
  );
  const operation = fc.oneof(
    { weight: 10, arbitrary: good },
    { weight: 2, arbitrary: garbled(good) },
    { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_QUERIES).map(asOperation) },
  );
  const bodies = fc.oneof(
    { weight: 16, arbitrary: operation.map(({ label, ...body }) => ({ label, body: JSON.stringify(body) })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(operation, fc.constantFrom(...BODIES))
        .map(([{ label, ...body }, make]) => ({ label, body: JSON.stringify(make(body)) })),
    },
    {
      weight: 2,
      arbitrary: textsOf(operation.map(({ query, variables }) => ({ query, variables }))).map((body) => ({
        label: 'hostile GraphQL',
        body,
      })),
    },
  );
  const posts = fc
    .tuple(bodies, headersWith(['Bearer {{admin}}'], 'application/json'))
    .map(([{ label, body }, headers]) => ({ label, method: 'POST', path: '/graphql', headers, body }));
  const gets = fc
    .tuple(operation, headersWith(['Bearer {{admin}}'], 'application/json'))
    .map(([{ query }, headers]) => ({
      label: 'hostile GraphQL',
      method: 'GET',
      path: `/graphql?query=${encodeURIComponent(query.toWellFormed()).slice(0, 8_000)}`,
      headers,
      body: null,
    }));
  return fc
    .oneof({ weight: 30, arbitrary: posts }, { weight: 1, arbitrary: gets })
    .map((request) => ({ ...request, encoding: 'utf8' }));
}

const asOperation = (query: string): Operation => ({ label: 'hostile GraphQL', query, variables: {} });
