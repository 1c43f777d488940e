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
  ['GRAPHQL_PARSE_FAILED', 'The query has a syntax error. Correct it.'],
  ['GRAPHQL_VALIDATION_FAILED', 'The query does not match the schema. Correct it.'],
  ['BAD_USER_INPUT', 'A variable or an argument has an invalid value. Correct it.'],
  ['OPERATION_RESOLUTION_FAILURE', 'The query has several operations. Send `operationName`.'],
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'Persisted queries are not supported. Send the query.'],
  ['QUERY_TOO_COMPLEX', 'The query exceeds a limit. Request fewer fields or smaller pages.'],
];

const pageWith = (example: unknown) =>
  pageOf(
    'Errors',
    'This page lists the error codes of the service, with the HTTP status and what the caller should do.',
    'src/errors/registry-error.ts',
    'Every error of REST and dynamic registration has this body:',
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
    `- \`error\` is one of the codes below. \`error_description\` is a text for people, and may change.
- \`invalid_fields\` exists only if fields are invalid. For each invalid field, it says what to send instead.
- At most 100 invalid fields are reported, and field names are cut at 200 characters.
- A 401 has the header \`WWW-Authenticate\`, a 405 has \`Allow\`, and a 429 or 503 has \`Retry-After\`. All errors have \`Cache-Control: no-store\`.`,
    '## Error codes',
    tableOf(['`error`', 'Status', 'GraphQL code', 'Meaning and action'], rows),
    '## GraphQL errors',
    `A GraphQL error has its code in \`extensions.code\` and its invalid fields in \`extensions.invalid_fields\`. The code is one of the GraphQL codes above, or one of these:`,
    tableOf(
      ['`extensions.code`', 'Meaning and action'],
      OF_GRAPHQL.map(([name, text]) => [code(name!), text!]),
    ),
    'If the body of a request to `/graphql` is not JSON, the reply is that of REST, with `error` and `error_description`.',
  );

it('docs/reference/errors.md matches the code; `npm run schema` regenerates it', async () => {
  const registry = await Registry.start('sqlite');
  const { body } = await registry.register({ redirect_uris: ['no uri'], grant_types: ['unknown'] });
  await registry.stop();
  await expectGenerated('docs/reference/errors.md', pageWith(body));
});
