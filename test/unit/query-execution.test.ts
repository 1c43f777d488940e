import { setTimeout } from 'node:timers/promises';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import {
  buildSchema,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getNullableType,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  isEnumType,
  isListType,
  isObjectType,
  Kind,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  type OperationDefinitionNode,
  parse,
  responsePathAsArray,
  specifiedRules,
  validate,
} from 'graphql';
import { executeByPlan } from '../../src/api/admin/query-execution.js';
import { planQuery } from '../../src/api/admin/query-plan.js';

const schema = buildSchema(`
  enum Colour { RED }
  interface Named { name: String }
  type Known implements Named { name: String }
  type Other implements Named { name: String, note: String }
  scalar Picky
  input Filter { text: String, numbers: [Int!], picky: [Picky!] }
  type Thing {
    id: ID!
    text: String
    colour: Colour
    count(plus: Int = 1, filter: Filter): Int!
    numbers: [Int!]
    table: [[Int]!]
    other: Thing
    must: Thing!
    things(first: Int = 2): [Thing!]!
    perhaps: [Thing]
  }
  type Query { thing: Thing, must: Thing!, things(first: Int = 2): [Thing!]!, named: Named, known: Known }
  type Mutation { thing: Thing }
`);

/** Decides what each resolver does, so that all executions see the same. */
interface World {
  seed: number;
  /** Whether some of it is promised. */
  isLater: boolean;
}

for (const name of ['Query', 'Mutation', 'Thing', 'Known']) {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(name);
  for (const field of Object.values(type.getFields())) {
    field.resolve = (_source, args: object, world: World, { path, returnType }) =>
      resolveAt(world, returnType, responsePathAsArray(path).join('.'), args);
  }
}

/** Of a hundred. */
const LAST_WITH_VALUE = 90;

function resolveAt(world: World, type: GraphQLOutputType, place: string, args: object): unknown {
  let hash = world.seed | 1;
  for (const character of place) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619) >>> 0;
  const roll = (hash >>> 8) % 100;
  const outcome = () => outcomeAt(world, roll, getNullableType(type), place, args);
  // Where an entry of a list fails at once, graphql-js leaves the promises of those before it alone, and the process would end
  const isPromised = world.isLater && (hash % 2 === 1 || roll > LAST_WITH_VALUE);
  return isPromised ? Promise.resolve().then(outcome) : outcome();
}

function outcomeAt(
  world: World,
  roll: number,
  type: GraphQLOutputType,
  place: string,
  args: object,
): unknown {
  if (roll > 97) throw new Error(`${place} throws`);
  if (roll > 95) return new Error(`${place} is an error`);
  if (roll > 93) return isListType(type) ? 'no list' : { wrong: place };
  if (roll > LAST_WITH_VALUE) return roll % 2 === 0 ? null : undefined;
  if (isListType(type)) {
    const { first = 2 } = args as { first?: number };
    return Array.from({ length: first }, (_, i) => {
      try {
        return resolveAt(world, type.ofType, `${place}.${i}`, {});
      } catch (error) {
        return error;
      }
    });
  }
  if (isObjectType(type)) return {};
  if (isEnumType(type)) return 'RED';
  return type.toString() === 'Int' ? roll : `${place} ${JSON.stringify(args)}`;
}

/** Selections that are valid for a Thing: what has the same key has the same arguments. */
const { selections } = fc.letrec<{ selections: string; selection: string }>((tie) => ({
  selections: fc
    .array(tie('selection'), { minLength: 1, maxLength: 6, depthIdentifier: 'nesting' })
    .map((each) => `{ ${each.join(' ')} }`),
  selection: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'nesting' },
    fc.constantFrom(
      ...['id', 'text', 'colour', 'numbers', 'table', '__typename', 'count', 'again: id'],
      ...['c2: count(plus: 2)', 'cn: count(plus: $n)', 'cf: count(filter: $filter)', '...Few'],
      ...['ct: count(filter: { text: "x", numbers: [1, $n] })', 'cm: count(plus: $missing)'],
    ),
    fc
      .tuple(
        fc.constantFrom(
          ...['other', 'must', 'perhaps', 'things', 't1: things(first: 1)', 'tn: things(first: $n)'],
        ),
        tie('selections'),
      )
      .map((parts) => parts.join(' ')),
    tie('selections').map((inner) => `... on Thing ${inner}`),
    tie('selections').map((inner) => `... ${inner}`),
  ),
}));
const query = fc.tuple(fc.constantFrom('thing', 'must', 'things', 'one: things(first: 1)'), selections).map(
  ([root, inner]) => `
      query ($n: Int! = 3, $filter: Filter, $missing: Int) { ${root} ${inner} thing { id must { id } } }
      fragment Few on Thing { id text other { text ...Fewer } }
      fragment Fewer on Thing { id must { text } }`,
);

type Execution = ExecutionArgs & { operation: OperationDefinitionNode };

/** Every query mentions all variables and fragments, and need not use them. */
const RULES = specifiedRules.filter(
  (rule) => rule !== NoUnusedVariablesRule && rule !== NoUnusedFragmentsRule,
);

function executionOf(text: string): Execution {
  const document = parse(text);
  expect(validate(schema, document, RULES)).toEqual([]);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION)!;
  return { schema, document, operation };
}

/** All that a caller sees, the order of members with it. */
const told = ({ data, errors }: ExecutionResult) => ({
  data: JSON.stringify(data),
  errors: errors?.map((error) => ({
    ...error.toJSON(),
    nodes: error.nodes,
    cause: error.originalError?.message,
  })),
});

/** Whether there is null at a place, or around it. */
function isNullAt(data: unknown, path: readonly (string | number)[]): boolean {
  let value = data;
  for (const key of path) value = (value as Record<string | number, unknown> | null)?.[key] ?? null;
  return value === null;
}

/** What a world makes of a query by plan, and by graphql-js. */
async function bothWays({ operation, ...args }: Execution): Promise<[ExecutionResult, ExecutionResult]> {
  return [(await executeByPlan(operation, args))!, await execute(args)];
}

/** Selections of so many levels, each with so many objects. */
const nested = (levels: number, width: number): string =>
  levels === 0
    ? '{ id }'
    : `{ ${Array.from({ length: width }, (_, i) => `o${i}: must ${nested(levels - 1, width)}`).join(' ')} }`;

const variables = fc.record(
  {
    n: fc.integer({ min: 0, max: 3 }),
    filter: fc.constantFrom(null, {}, { text: 't' }, { numbers: [1, 2] }),
  },
  { requiredKeys: [] },
);

describe('a query that is planned', () => {
  it('is answered as graphql-js answers it, with all errors', () =>
    fc.assert(
      fc.asyncProperty(query, fc.integer(), variables, async (text, seed, variableValues) => {
        const execution = executionOf(text);
        const [ours, theirs] = await bothWays({
          ...execution,
          variableValues,
          contextValue: { seed, isLater: false },
        });
        expect(told(ours)).toEqual(told(theirs));
      }),
      { numRuns: 150 },
    ));

  // Which of several errors makes an object null depends on which is first; that it is null does not
  it('is answered so where values are promised', () =>
    fc.assert(
      fc.asyncProperty(query, fc.integer(), variables, async (text, seed, variableValues) => {
        const [ours, theirs] = await bothWays({
          ...executionOf(text),
          variableValues,
          contextValue: { seed, isLater: true },
        });
        expect(told(ours).data).toEqual(told(theirs).data);
        expect(ours.errors === undefined).toBe(theirs.errors === undefined);
        for (const { path } of ours.errors ?? []) expect(isNullAt(ours.data, path!)).toBe(true);
      }),
      { numRuns: 150 },
    ));

  describe('of which one thing fails before another', () => {
    const schema = buildSchema(`
      type Item { slow: String!, quick: String!, note: String }
      type Query { item: Item, items: [Item!], last: String }
    `);
    const answer = async (query: string, rootValue: object) => {
      const document = parse(query);
      const operation = document.definitions[0] as OperationDefinitionNode;
      const { data, errors } = (await executeByPlan(operation, { schema, document, rootValue }))!;
      return { data, errors: errors?.map(({ path, message }) => `${path!.join('.')}: ${message}`) };
    };
    const fails = async (afterMs: number) => {
      await setTimeout(afterMs);
      throw new Error('late');
    };

    // Jest tells of a rejection that nobody handles, which would end a process
    it('waits for what is under way', async () => {
      const slow = () => fails(0);
      expect(
        await answer('{ item { slow quick } items { slow quick } }', {
          item: { slow, quick: null },
          items: [{ slow, quick: 'here' }, null],
        }),
      ).toEqual({
        data: { item: null, items: null },
        errors: [
          'item.quick: Cannot return null for non-nullable field Item.quick.',
          'items.1: Cannot return null for non-nullable field Query.items.',
        ],
      });
    });

    it('tells of nothing that fails inside of what is null already', async () => {
      expect(
        await answer('{ item { slow note } last }', {
          item: { slow: () => fails(0), note: () => fails(10) },
          last: () => setTimeout(50, 'last'),
        }),
      ).toEqual({ data: { item: null, last: 'last' }, errors: ['item.slow: late'] });
    });
  });

  it('gives resolvers what graphql-js gives them', async () => {
    const seen: unknown[][] = [];
    const resolve: GraphQLFieldResolver<unknown, unknown> = (source, args, context, info) => {
      seen.push([source, args, context, info]);
      return 'it';
    };
    const ofText = (schema.getType('Thing') as GraphQLObjectType).getFields().text!;
    const { resolve: usual } = ofText;
    ofText.resolve = resolve;
    await bothWays({
      ...executionOf('query ($n: Int) { thing { ...T other { id } } } fragment T on Thing { text }'),
      variableValues: { n: 1 },
      rootValue: { root: true },
      contextValue: { seed: 3, isLater: false },
    });
    ofText.resolve = usual;
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual(seen[1]);
  });

  it('may ask about the schema', async () => {
    const [ours, theirs] = await bothWays({
      ...executionOf(
        '{ __typename __schema { types { name fields { name type { name } } } } __type(name: "Thing") { kind } }',
      ),
    });
    expect(ours.data).toHaveProperty('__type', { kind: 'OBJECT' });
    expect(told(ours)).toEqual(told(theirs));
  });
});

describe('is left to graphql-js', () => {
  it.each([
    ['a mutation', 'mutation { thing { id } }'],
    ['a directive', '{ thing { id @skip(if: true) text } }'],
    ['a directive on a fragment', '{ thing { ... @include(if: false) { id } text } }'],
    ['an object of one of several types', '{ named { name } }'],
    ['what is asked of another type', '{ known { name ... on Named { ... on Other { note } } } }'],
    ['a member that would be a prototype', '{ thing { __proto__: id } }'],
    ['more than a thousand fields', `{ thing ${nested(3, 11)} }`],
  ])('%s', (_, text) => {
    const { operation, ...args } = executionOf(text);
    expect(executeByPlan(operation, args)).toBeUndefined();
  });

  it.each([
    ['a variable of another type', { n: 'one' }],
    ['no value for a variable that must have one', {}],
  ])('%s', (_, variableValues) => {
    const { operation, ...args } = executionOf('query ($n: Int!) { things(first: $n) { id } }');
    expect(executeByPlan(operation, { ...args, variableValues })).toBeUndefined();
  });

  it('a variable with thousands of faults, of which it looks at one', () => {
    const parseValue = jest.fn(() => {
      throw new Error('never right');
    });
    (schema.getType('Picky') as GraphQLScalarType).parseValue = parseValue;
    const { operation, ...args } = executionOf(
      'query ($filter: Filter) { thing { count(filter: $filter) } }',
    );
    const picky = Array.from({ length: 5000 }, () => 0);
    expect(executeByPlan(operation, { ...args, variableValues: { filter: { picky } } })).toBeUndefined();
    expect(parseValue.mock.calls.length).toBeLessThan(10);
  });

  // What an operation costs is judged only where its variables are good
  it('more fields than can be counted, where a variable has no value', () => {
    const levels = Array.from(
      { length: 60 },
      (_, i) => `fragment F${i} on Thing { other { ...F${i + 1} } must { ...F${i + 1} } }`,
    );
    const document = parse(
      `query ($n: Int!) { things(first: $n) { ...F0 } } ${levels.join(' ')} fragment F60 on Thing { id }`,
    );
    const operation = document.definitions[0] as OperationDefinitionNode;
    expect(planQuery(schema, document, operation)).toBeUndefined();
    expect(executeByPlan(operation, { schema, document })).toBeUndefined();
  });

  it('one of several operations, where it is not said which', () => {
    const { schema, document } = executionOf('query A { thing { id } } query B { thing { id } }');
    expect(executeByPlan(undefined, { schema, document })).toBeUndefined();
  });
});
