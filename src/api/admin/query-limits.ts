import type { ApolloServerPlugin } from '@apollo/server';
import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives';
import { GraphQLError, type ValidationContext, type ValidationRule } from 'graphql';
import { type ComplexityEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';

/** Words and signs in a query: more are not even parsed. The introspection query of the explorer has about 500. */
export const MAX_TOKENS = 2000;
const MAX_DEPTH = 12;
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

/** What a query may look like, judged before anything of it runs. */
export const validationRules = [
  maxDepthRule(reporting(MAX_DEPTH)),
  maxAliasesRule(reporting(MAX_ALIASES)),
  maxDirectivesRule(reporting(MAX_DIRECTIVES)),
] as ValidationRule[];

/** A field that takes `first` costs that often what is below it, whether it is a literal, a variable or the default. */
const pageEstimator: ComplexityEstimator = ({ args, childComplexity }) =>
  typeof args.first === 'number' ? 1 + args.first * childComplexity : undefined;

const costEstimator: ComplexityEstimator = ({ field, childComplexity }) => {
  const cost = COSTS[field.name];
  return cost === undefined ? undefined : cost + childComplexity;
};

/** Refuses queries that would cost too much to answer. */
export const complexityLimit: ApolloServerPlugin = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation: ({ schema, document, request }) => {
        const complexity = Number(
          getComplexity({
            schema,
            query: document,
            operationName: request.operationName,
            variables: request.variables,
            estimators: [pageEstimator, costEstimator, simpleEstimator({ defaultComplexity: 1 })],
          }),
        );
        if (complexity > MAX_COMPLEXITY) {
          throw new GraphQLError(
            `The query costs ${complexity} points, more than the ${MAX_COMPLEXITY} allowed. Ask for fewer fields or a smaller page.`,
            { extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400 } } },
          );
        }
        return Promise.resolve();
      },
    }),
};
