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

/** Publishes operations for metrics and traces, with names of the schema only. */
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

/** An operation is set once it is valid, but the schema may lack its type. */
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
        // Visited once: nested fragments can be spread exponentially often
        fragments.delete(selection.name.value);
        if (fragment) collect(fragment);
      }
    }
  };
  collect(operation.selectionSet);
  return { operation: operation.operation, fields: [...fields] };
}
