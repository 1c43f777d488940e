import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLURL } from 'graphql-scalars';

/** A URL without normalization: the library's scalar returns `https://a.example` as `https://a.example/`. The policy validates it. */
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
