import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLDateTime, GraphQLURL } from 'graphql-scalars';

/** A moment. It is written as text at once: JSON takes twice as long to do so. */
export const DateTimeScalar = new GraphQLScalarType({
  ...GraphQLDateTime.toConfig(),
  serialize: (value) => GraphQLDateTime.serialize(value).toISOString(),
});

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
