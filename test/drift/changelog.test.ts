import { readFile } from 'node:fs/promises';
import { VARIABLES } from '../../src/config/variables.js';

/** Those of 0.1.0 with a prefix of its own. */
const OWN_IN_0_1_0 = [
  'AUDIT_RETENTION',
  'AUTH_JWT_AUDIENCE',
  'AUTH_JWT_ISSUER',
  'AUTH_JWT_JWKS_URI',
  'BOOTSTRAP_API_KEY',
  'BOOTSTRAP_ORG_ID',
  'BOOTSTRAP_USER_ID',
  'DELETED_CLIENT_RETENTION',
  'GRAPHQL_EXPLORER',
  'RATE_LIMIT_REGISTER',
  'REGISTRATION_ALLOWED_GRANT_TYPES',
  'REGISTRATION_ALLOWED_SCOPES',
  'REGISTRATION_DEFAULT_SCOPES',
  'REGISTRATION_METADATA',
  'REGISTRATION_MODE',
  'SOFTWARE_STATEMENT_ISSUERS',
];
const PREFIXES_IN_0_1_0 =
  /^(?:REGISTRATION_|AUTH_JWT_|BOOTSTRAP_|RATE_LIMIT_|SOFTWARE_STATEMENT_|DELETED_CLIENT_|AUDIT_|GRAPHQL_EXPLORER)/;

it('CHANGELOG lists the variables that 0.1.0 rejects', async () => {
  const [, body = ''] = (await readFile('CHANGELOG.md', 'utf8')).split('### Rolling back\n');
  const [section = ''] = body.split('\n### ');
  const listed = section.match(/(?<=`)[A-Z_]+(?=`)/g);
  const refused = VARIABLES.filter((name) => PREFIXES_IN_0_1_0.test(name) && !OWN_IN_0_1_0.includes(name));
  expect(listed).toEqual(refused.sort());
});
