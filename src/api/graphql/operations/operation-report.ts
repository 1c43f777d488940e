import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { type OperationMessage, operations } from '../../../diagnostics/channels.js';

/** Tells whoever watches what was asked for, in names of the schema alone. */
export const operationReport: ApolloServerPlugin = {
  requestDidStart: () => {
    if (!operations.hasSubscribers) return Promise.resolve();
    const start = performance.now();
    return Promise.resolve({
      willSendResponse: ({ schema, document, operation, errors }) => {
        operations.publish({
          ...nameOf(schema, document, operation),
          hasErrors: errors !== undefined && errors.length > 0,
          durationMs: performance.now() - start,
        });
        return Promise.resolve();
      },
    });
  },
};

/** An operation is there once it is known to be valid; but its type need not be one that the schema has. */
function nameOf(
  schema: GraphQLSchema,
  document: DocumentNode | undefined,
  operation: OperationDefinitionNode | undefined,
): Pick<OperationMessage, 'operation' | 'fields'> {
  const isKnown = operation && document && schema.getRootType(operation.operation);
  if (!isKnown || operation.operation === OperationTypeNode.SUBSCRIPTION)
    return { operation: 'invalid', fields: ['invalid'] };
  const fields = new Set<string>();
  const fragments = new Map(
    document.definitions
      .filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment.selectionSet]),
  );
  const collect = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) fields.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else {
        const fragment = fragments.get(selection.name.value);
        // Looked into once: fragments of fragments can be spread more often than can be counted
        fragments.delete(selection.name.value);
        if (fragment) collect(fragment);
      }
    }
  };
  collect(operation.selectionSet);
  return { operation: operation.operation, fields: [...fields] };
}
