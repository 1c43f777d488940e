import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { VARIABLES } from '../../src/config/variables.js';
import { ERROR_STATUS } from '../../src/errors/registry-error.js';
import { Registry } from '../support/registry.js';

const README = readFile('README.md', 'utf8');

/** What stands in back quotes in the first cells of the tables of a section. */
async function firstCellsOf(section: string): Promise<string[]> {
  const [, body = ''] = (await README).split(`\n## ${section}\n`);
  const [own = ''] = body.split('\n## ');
  return [...own.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
}

it('README lists every variable that the service reads, and no other', async () => {
  expect((await firstCellsOf('Configuration')).sort()).toEqual([...VARIABLES].sort());
});

it('README lists every error code, and no other', async () => {
  const codes = (await firstCellsOf('Errors')).filter((name) => name !== 'error');
  expect(codes.sort()).toEqual(Object.keys(ERROR_STATUS).sort());
});

it('.env.example shows every variable', async () => {
  const example = await readFile('.env.example', 'utf8');
  expect(VARIABLES.filter((name) => !example.includes(`# ${name}=`))).toEqual([]);
});

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

it('CHANGELOG lists the variables that 0.1.0 refuses', async () => {
  const [, body = ''] = (await readFile('CHANGELOG.md', 'utf8')).split('### Rolling back\n');
  const [section = ''] = body.split('\n### ');
  const listed = section.match(/(?<=`)[A-Z_]+(?=`)/g);
  const refused = VARIABLES.filter((name) => PREFIXES_IN_0_1_0.test(name) && !OWN_IN_0_1_0.includes(name));
  expect(listed).toEqual(refused.sort());
});

describe('The shell function for GraphQL', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start('sqlite');
  });
  afterAll(() => registry.stop());

  /** Runs a script in which curl prints what it would send, and sends that. */
  async function run(script: string) {
    const { stdout } = await promisify(execFile)('sh', ['-c', `curl() { cat; }\n${script}`]);
    return registry.send('/graphql', { body: stdout, key: registry.adminKey });
  }

  it('is copied with its example, and works', async () => {
    const [, recipe = ''] = /```sh\n(graphql\(\) \{[^`]*)```/.exec(await README) ?? [];
    const { status, body } = await run(recipe);
    expect({ status, body }).toEqual({ status: 200, body: { data: { oauthClients: { totalCount: 0 } } } });
  });

  it('takes every request that is printed in README', async () => {
    const [definition = ''] = /^graphql\(\) \{[^]*?^\}$/m.exec(await README) ?? [];
    const requests = [...(await README).matchAll(/```graphql\n([^`]*)```/g)].map(([, text]) => text!);
    expect(requests.length).toBeGreaterThan(10);
    for (const request of [
      ...requests,
      '# "quotes", \\ and comments\n{ viewer { name } } # and no end of line',
    ]) {
      const { status, body } = await run(`${definition}\ngraphql <<'EOF'\n${request}\nEOF\n`);
      // What is about the clients of the example finds none here
      const codes = ((body.errors ?? []) as { extensions: { code: string } }[]).map(
        ({ extensions }) => extensions.code,
      );
      expect({
        request,
        status,
        unexpected: codes.filter((code) => !['NOT_FOUND', 'PRECONDITION_FAILED'].includes(code)),
      }).toEqual({
        request,
        status: 200,
        unexpected: [],
      });
    }
  });
});
