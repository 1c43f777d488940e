import { GraphQLError } from 'graphql';
import { type ComplexityEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';

/** One point per field of an object: a page of 100 clients with every field costs 3,000. */
const MAX_COMPLEXITY = 10_000;

/** Counting scans every matching client. `totalCount` is multiplied by the page size. */
const COSTS: Partial<Record<string, number>> = { totalCount: 10, oauthClientStats: 2_000 };

/** The arguments that set the number of objects of a field. */
const SIZES = ['first', 'days'];
/** Replaces `first`. */
const SIZE_FROM_END = 'last';

/** Multiplies the cost of the fields below by the size: a literal, a variable or the default. */
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

export const refusal = (code: string, message: string) =>
  new GraphQLError(message, { extensions: { code, http: { status: 400 } } });

export const tooComplex = () =>
  refusal(
    'QUERY_TOO_COMPLEX',
    `The query exceeds the complexity limit of ${MAX_COMPLEXITY} points. Request fewer fields or a smaller page.`,
  );

type Query = Omit<Parameters<typeof getComplexity>[0], 'estimators'>;

/** @throws GraphQLError `QUERY_TOO_COMPLEX`, or `BAD_USER_INPUT` for an argument with an invalid value from a variable */
export function requireAffordable(query: Query): void {
  if (complexityOf(query) > MAX_COMPLEXITY) throw tooComplex();
}

/** Infinite if nested fragments make the complexity uncountable. */
function complexityOf(query: Query): number {
  try {
    return getComplexity({
      ...query,
      estimators: [pageEstimator, costEstimator, simpleEstimator({ defaultComplexity: 1 })],
    });
  } catch (error) {
    // An error with nodes is about an argument, and its message names it
    if (error instanceof GraphQLError && error.nodes) throw refusal('BAD_USER_INPUT', error.message);
    return Infinity;
  }
}
