import { GraphQLScalarType } from 'graphql';
import { GraphQLURL } from 'graphql-scalars';

const asWritten = (value: unknown) => value;

/**
 * An address exactly as it was given. The library's scalar would rewrite it, and `https://a.example` come back as
 * `https://a.example/`; what is wrong with one is told by the policy, together with all other faults.
 */
export const UrlScalar = new GraphQLScalarType({
  ...GraphQLURL.toConfig(),
  serialize: asWritten,
  parseValue: asWritten,
});
