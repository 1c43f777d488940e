import type { ApolloServerPlugin } from '@apollo/server';
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type ListValueNode,
  type ObjectValueNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { type ComplexityEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';
import { MAX_DEPTH as MAX_JSON_DEPTH, NO_PROTO, TOO_DEEP } from '../../../json/strict-json.js';

/** Words and signs in a query: more are not even parsed. The introspection query of the explorer has about 500. */
export const MAX_TOKENS = 2000;

/** Each fragment counts as two levels, and Relay asks for every type by a fragment of its own. */
const MAX_DEPTH = 20;
const MAX_ALIASES = 15;
const MAX_DIRECTIVES = 20;

/** One point is one field of one object: a page of 100 clients with every field costs 3,000. */
const MAX_COMPLEXITY = 10_000;

/** Counting passes over every client that matches. The first is part of a page, whose size it is multiplied with. */
const COSTS: Partial<Record<string, number>> = { totalCount: 10, oauthClientStats: 2_000 };

/** Refuse by a reported error; thrown out of a validation rule it would count as the server's own fault. */
const reporting = (n: number) => ({
  n,
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: GraphQLError) => {
      context?.reportError(error);
    },
  ],
});

/** Literals obey the limits of JSON in request bodies; that no field is named twice is a rule of GraphQL itself. */
const jsonLiterals: ValidationRule = (context) => {
  let depth = 0;
  const open = (node: ListValueNode | ObjectValueNode) => {
    // Once for each literal
    if (++depth === MAX_JSON_DEPTH + 1)
      context.reportError(new GraphQLError(`A literal ${TOO_DEEP}.`, { nodes: node }));
  };
  const close = () => void depth--;
  return {
    ListValue: { enter: open, leave: close },
    ObjectValue: { enter: open, leave: close },
    ObjectField: (node) => {
      if (node.name.value !== '__proto__') return;
      context.reportError(new GraphQLError(`A literal ${NO_PROTO}.`, { nodes: node }));
    },
  };
};

/** What a query may look like, judged before anything of it runs. */
export const validationRules = [
  maxDepthRule(reporting(MAX_DEPTH)),
  maxAliasesRule(reporting(MAX_ALIASES)),
  maxDirectivesRule(reporting(MAX_DIRECTIVES)),
  jsonLiterals,
] as ValidationRule[];

/** How many objects a field gives is said by one of these arguments. */
const SIZES = ['first', 'days'];
/** And, in place of it, by this one. */
const SIZE_FROM_END = 'last';

/** Such a field costs that often what is below it, whether the size is a literal, a variable or, also by null, the default. */
const pageEstimator: ComplexityEstimator = ({ field, args, childComplexity }) => {
  const given = args as Record<string, unknown>;
  const argument = field.args.find(({ name }) => SIZES.includes(name));
  const size: unknown = argument && (given[SIZE_FROM_END] ?? given[argument.name] ?? argument.defaultValue);
  return typeof size === 'number' ? 1 + Math.max(0, size) * childComplexity : undefined;
};

const costEstimator: ComplexityEstimator = ({ field, childComplexity }) => {
  const cost = COSTS[field.name];
  return cost === undefined ? undefined : cost + childComplexity;
};

/** Refuses operations that the schema does not have, and queries that would cost too much to answer. */
export const operationLimits: ApolloServerPlugin = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation: ({ schema, document, operation, request }) => {
        // Which one to run is not clear: the execution says so
        if (!operation) return Promise.resolve();
        if (!schema.getRootType(operation.operation)) {
          throw refusal('BAD_REQUEST', `There is no ${operation.operation} here.`);
        }
        const repeated = repeatedField(operation.selectionSet.selections, fragmentsOf(document));
        if (repeated !== undefined) {
          throw refusal(
            'QUERY_TOO_COMPLEX',
            `Ask for the field "${repeated}" once, not under several aliases.`,
          );
        }
        // Bad variables are told by the execution, which would not start
        const variables = request.variables ?? {};
        if (areVariablesGood(schema, operation, variables)) {
          const { operationName } = request;
          const complexity = complexityOf({ schema, query: document, operationName, variables });
          if (complexity > MAX_COMPLEXITY) throw tooComplex();
        }
        return Promise.resolve();
      },
    }),
};

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

const fragmentsOf = ({ definitions }: DocumentNode): Fragments =>
  new Map(
    definitions
      .filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );

/**
 * A field without arguments that one object is asked for under two aliases: the same value would be sent twice, and the limits count fields,
 * not bytes. Aliases at several levels multiply. Selections are merged as the execution merges them (GraphQL §6.3.2).
 */
function repeatedField(selections: readonly SelectionNode[], fragments: Fragments): string | undefined {
  const queue = [...selections];
  const spread = new Set<string>();
  const byKey = new Map<string, FieldNode[]>();
  for (const node of queue) {
    if (node.kind === Kind.FIELD) {
      const key = (node.alias ?? node.name).value;
      const same = byKey.get(key);
      if (same) same.push(node);
      else byKey.set(key, [node]);
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      queue.push(...node.selectionSet.selections);
    } else if (!spread.has(node.name.value)) {
      spread.add(node.name.value);
      queue.push(...fragments.get(node.name.value)!.selectionSet.selections);
    }
  }
  const names = new Set<string>();
  for (const fields of byKey.values()) {
    const { name, arguments: args = [] } = fields[0]!;
    if (args.length === 0) {
      if (names.has(name.value)) return name.value;
      names.add(name.value);
    }
    const inner = fields.flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
    const repeated = repeatedField(inner, fragments);
    if (repeated !== undefined) return repeated;
  }
  return undefined;
}

export const refusal = (code: string, message: string) =>
  new GraphQLError(message, { extensions: { code, http: { status: 400 } } });

function areVariablesGood(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): boolean {
  return !getVariableValues(schema, variableDefinitions, variables, { maxErrors: 1 }).errors;
}

export const tooComplex = () =>
  refusal(
    'QUERY_TOO_COMPLEX',
    `The query costs more than the ${MAX_COMPLEXITY} points allowed. Ask for fewer fields or a smaller page.`,
  );

/**
 * Infinite for a query with more ways through its fragments than can be counted.
 * @throws GraphQLError `BAD_USER_INPUT` for an argument that its variable leaves without a good value
 */
function complexityOf(query: Omit<Parameters<typeof getComplexity>[0], 'estimators'>): number {
  try {
    return getComplexity({
      ...query,
      estimators: [pageEstimator, costEstimator, simpleEstimator({ defaultComplexity: 1 })],
    });
  } catch (error) {
    // What is about a place in the query is about an argument there, and its message names it
    if (error instanceof GraphQLError && error.nodes) throw refusal('BAD_USER_INPUT', error.message);
    return Infinity;
  }
}
