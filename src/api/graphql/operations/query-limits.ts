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
import { MAX_DEPTH as MAX_JSON_DEPTH, NO_PROTO, TOO_DEEP } from '../../../json/strict-json.js';
import { refusal, requireAffordable } from './query-cost.js';

/** Tokens of a query; checked by the parser. The introspection query of the explorer has about 500. */
export const MAX_TOKENS = 2000;

/** Each fragment counts as two levels, and Relay uses a fragment per type. */
const MAX_DEPTH = 20;
const MAX_ALIASES = 15;
const MAX_DIRECTIVES = 20;

/** Report the error: an error thrown by a validation rule counts as an internal error. */
const reporting = (n: number) => ({
  n,
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: GraphQLError) => {
      context?.reportError(error);
    },
  ],
});

/** Applies the limits of JSON request bodies to literals. GraphQL itself rejects duplicate fields. */
const jsonLiterals: ValidationRule = (context) => {
  let depth = 0;
  const open = (node: ListValueNode | ObjectValueNode) => {
    // Reported once for each literal
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

/** Checked before execution. */
export const validationRules = [
  maxDepthRule(reporting(MAX_DEPTH)),
  maxAliasesRule(reporting(MAX_ALIASES)),
  maxDirectivesRule(reporting(MAX_DIRECTIVES)),
  jsonLiterals,
] as ValidationRule[];

/** Rejects operations that the schema lacks and queries that cost too much. */
export const operationLimits: ApolloServerPlugin = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation: ({ schema, document, operation, request }) => {
        // The execution reports an ambiguous operationName
        if (!operation) return Promise.resolve();
        if (!schema.getRootType(operation.operation)) {
          throw refusal('BAD_REQUEST', `The schema has no ${operation.operation} type.`);
        }
        const repeated = repeatedField(operation.selectionSet.selections, fragmentsOf(document));
        if (repeated !== undefined) {
          throw refusal(
            'QUERY_TOO_COMPLEX',
            `The field "${repeated}" is requested under several aliases. Request it once.`,
          );
        }
        // The execution reports invalid variables
        const variables = request.variables ?? {};
        if (areVariablesGood(schema, operation, variables)) {
          const { operationName } = request;
          requireAffordable({ schema, query: document, operationName, variables });
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
 * A field without arguments under two aliases of one object: it would multiply the bytes of a response, which the limits do not count.
 * Selections are merged as in the execution (GraphQL §6.3.2).
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

function areVariablesGood(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): boolean {
  return !getVariableValues(schema, variableDefinitions, variables, { maxErrors: 1 }).errors;
}
