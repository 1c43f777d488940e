import {
  ERROR_HELP,
  ERROR_STATUS,
  type ErrorCode,
  RegistryError,
} from '../../../src/errors/registry-error.js';
import { toGraphQLError } from '../../../src/http/errors/error.filter.js';
import { Registry } from '../../support/registry.js';
import { code, expectGenerated, pageOf, tableOf } from './generated.js';

const CODES = Object.keys(ERROR_STATUS) as ErrorCode[];

const rows = CODES.map((error) => {
  const { extensions } = toGraphQLError(new RegistryError(error, ''));
  return [code(error), String(ERROR_STATUS[error]), code(String(extensions.code)), ERROR_HELP[error]];
});

/** Those of the GraphQL server itself. */
const OF_GRAPHQL = [
  ['GRAPHQL_PARSE_FAILED', 'The query is not GraphQL.'],
  ['GRAPHQL_VALIDATION_FAILED', 'The query does not fit the schema.'],
  ['BAD_USER_INPUT', 'A variable or an argument has an invalid value.'],
  ['OPERATION_RESOLUTION_FAILURE', 'The request does not say which of its operations to run.'],
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'Persisted queries are not supported. Send the query.'],
  ['QUERY_TOO_COMPLEX', 'The query asks for too much. Ask for fewer fields or smaller pages.'],
];

const pageWith = (example: unknown) =>
  pageOf(
    'Errors',
    'This page lists the error codes of the service, their HTTP status and what the caller should do.',
    'src/errors/registry-error.ts',
    'Every error of REST and dynamic registration has this body:',
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
    `- \`error\` is a code of the table below. \`error_description\` is a text for people; it may change.
- \`invalid_fields\` is there only if fields are invalid. It has every invalid field, each with what to send instead.
- At most 100 invalid fields are reported, and field names are cut at 200 characters.
- A 401 has \`WWW-Authenticate\`, a 405 has \`Allow\`, and a 429 or 503 has \`Retry-After\`. No error may be cached.`,
    '## Error codes',
    tableOf(['`error`', 'Status', 'GraphQL code', 'Meaning and action'], rows),
    '## GraphQL errors',
    `A GraphQL error has its code in \`extensions.code\` and its invalid fields in \`extensions.invalid_fields\`. The table above has the codes of the service. The GraphQL server itself has these:`,
    tableOf(
      ['`extensions.code`', 'Meaning and action'],
      OF_GRAPHQL.map(([name, text]) => [code(name!), text!]),
    ),
    'A request body of `/graphql` that is not JSON gets the same reply as at the other interfaces.',
  );

it('docs/reference/errors.md matches the code; `npm run schema` regenerates it', async () => {
  const registry = await Registry.start('sqlite');
  const { body } = await registry.register({ redirect_uris: ['no uri'], grant_types: ['unknown'] });
  await registry.stop();
  await expectGenerated('docs/reference/errors.md', pageWith(body));
});
