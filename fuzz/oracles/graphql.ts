import { isDeepStrictEqual } from 'node:util';
import {
  type DocumentNode,
  executeSync,
  type GraphQLScalarType,
  type GraphQLSchema,
  parse,
  validate,
} from 'graphql';
import { jsonOf } from '../http-request.js';
import type { Finding, Oracle } from './finding.js';

/** The codes that docs/reference/errors.md lists, except the one that is the server's own fault. */
const CODES = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'NOT_FOUND',
  'PRECONDITION_FAILED',
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'QUERY_TOO_COMPLEX',
]);

const MEMBERS = new Set(['data', 'errors']);

interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message?: unknown; path?: unknown; locations?: unknown; extensions?: { code?: unknown } }[];
}
interface Asked {
  query?: unknown;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a reply is well-formed (GraphQL §7.1), and its data what the query asked for, each value of its type. */
export function graphqlOracle(schema: GraphQLSchema): Oracle {
  checkScalars(schema);

  return ({ label, path, body }, reply) => {
    if (!path.startsWith('/graphql')) return [];
    const finding = (what: string): Finding => ({
      kind: `${label}: ${what}`,
      detail: reply.text.slice(0, 500),
    });
    const answer = jsonOf(reply);
    // An error from before GraphQL is checked as everywhere else; so is the page in a browser
    if (!isObject(answer) || 'error' in answer) return [];
    const findings: Finding[] = [];
    const { data, errors } = answer as Answer;
    if (!Object.keys(answer).every((member) => MEMBERS.has(member)))
      findings.push(finding('has a member of its own'));
    if (data === undefined && errors === undefined) findings.push(finding('has neither data nor errors'));
    if (errors !== undefined && !(Array.isArray(errors) && errors.length > 0))
      findings.push(finding('has an empty list of errors'));
    for (const { message, extensions } of errors ?? []) {
      if (typeof message !== 'string') findings.push(finding('has an error without a message'));
      if (!CODES.has(String(extensions?.code)))
        findings.push(finding(`has an error with the code ${String(extensions?.code)}`));
    }
    if (data && body !== null) {
      const fault = dataFault(
        schema,
        JSON.parse(body.replace(/^\ufeff/, '')) as Asked,
        data,
        errors !== undefined,
      );
      if (fault) findings.push(finding(fault));
    }
    return findings;
  };
}

/** Runs the query once more, on the data that came: what it gives must be the same, without an error. */
function dataFault(
  schema: GraphQLSchema,
  asked: Asked,
  data: object,
  hasErrors: boolean,
): string | undefined {
  let document: DocumentNode;
  try {
    document = parse(String(asked.query));
  } catch {
    return 'answers what cannot be parsed';
  }
  const faults = validate(schema, document);
  if (faults.length > 0) return `answers an invalid query: ${faults[0]!.message}`;
  const result = executeSync({
    schema,
    document,
    rootValue: data,
    variableValues: asked.variables,
    operationName: asked.operationName,
    fieldResolver: (source: Record<string, unknown>, _arguments, _context, { path }) => source[path.key],
  });
  if (result.errors) {
    const [{ message, path }] = result.errors as [(typeof result.errors)[0]];
    // A null that an error explains
    if (hasErrors && message.startsWith('Cannot return null')) return undefined;
    return `answers what the schema does not allow at ${path?.filter((key) => typeof key === 'string').join('.')}: ${message.slice(0, 100)}`;
  }
  // Descriptions may be written in another way
  if (/__schema|__type\b/.test(String(asked.query))) return undefined;
  return isDeepStrictEqual(plain(result.data), plain(data))
    ? undefined
    : 'answers something else than it was asked';
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const SCALARS: Record<string, (value: unknown) => boolean> = {
  DateTime: (value) => DATE_TIME.test(String(value)),
  URL: (value) => typeof value === 'string' && URL.canParse(value),
  JSONObject: isObject,
};

/** Has the schema look at scalars of its own, too: what it was read from only names them. */
function checkScalars(schema: GraphQLSchema): void {
  for (const [name, isGood] of Object.entries(SCALARS)) {
    (schema.getType(name) as GraphQLScalarType).serialize = (value: unknown) => {
      if (isGood(value)) return value;
      throw new Error(`is no ${name}`);
    };
  }
}
