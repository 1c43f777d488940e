import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLURL } from 'graphql-scalars';

/**
 * An address exactly as it was given. The library's scalar would rewrite it, and `https://a.example` come back as
 * `https://a.example/`; what is wrong with one is told by the policy, together with all other faults.
 */
export const UrlScalar = new GraphQLScalarType({
  ...GraphQLURL.toConfig(),
  serialize: (value) => value,
  parseValue: asText,
  parseLiteral: (node) => asText(node.kind === Kind.STRING ? node.value : undefined),
});

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new GraphQLError('A URL must be a string.');
}
