import { Ajv2020 } from 'ajv/dist/2020.js';
import { OWN_PREFIXES, SERVICE_LINK } from '../../../src/config/misspelled-variables.js';
import { readConfig, type Setting, TOPICS, VARIABLES } from '../../../src/config/variables.js';
import { code, expectGenerated, pageOf, plain, tableOf } from './generated.js';

const TITLES: Record<keyof typeof TOPICS, string> = {
  server: 'Server',
  database: 'Database',
  authentication: 'Authentication',
  registration: 'Registration',
  limits: 'Limits',
  authorization: 'Authorization server',
  retention: 'Retention',
  observability: 'Observability',
  console: 'Console',
};

/** Where the topics are explained. */
const NOTES: Partial<Record<keyof typeof TOPICS, string>> = {
  database:
    'See [PostgreSQL](../operations/postgresql.md) for Unix sockets, TLS and PgBouncer, and [SQLite](../operations/sqlite.md) for its files.',
  authentication:
    'See [Identity and roles](../guides/identity-and-roles.md) for API keys, roles and the claims of JWTs. The first start on SQLite prints the generated admin key. In production, it prints the key only to a terminal, and otherwise writes it to the file `<database file>.admin-key`.',
  registration:
    'See [Dynamic registration](../guides/dynamic-registration.md) for the metadata profiles and software statements, and [Open registration](../guides/open-registration.md) for unused clients and reserved names.',
  limits:
    'Above a rate limit, the reply is a 429 `rate_limited` with `Retry-After`. See [Scaling and limits](../operations/scaling-and-limits.md#rate-limits).',
  authorization:
    'See [Issue tokens](../guides/tokens.md), and [Sign in at your identity provider](../guides/identity-provider.md) for the variables `AUTHORIZATION_LOGIN_*`.',
  retention:
    'Once per hour, the service purges the rows whose time has passed. See [Purges and the clock](../operations/scaling-and-limits.md#purges-and-the-clock).',
  observability:
    'See [Metrics](metrics.md) for the list of metrics. The OpenTelemetry SDK also reads `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`, `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_BSP_*`.',
};

/** What the JWT settings need of each other; a test below holds it to the code. */
const DEPENDENT_REQUIRED = {
  AUTH_JWT_ISSUER: ['AUTH_JWT_AUDIENCE'],
  AUTH_JWT_AUDIENCE: ['AUTH_JWT_ISSUER'],
  AUTH_JWT_JWKS_URI: ['AUTH_JWT_ISSUER'],
  AUTH_JWT_ADMIN: ['AUTH_JWT_ISSUER'],
  AUTH_JWT_SERVICE: ['AUTH_JWT_ISSUER'],
  AUTH_JWT_VIEWER: ['AUTH_JWT_ISSUER'],
  AUTH_JWT_TYPE: ['AUTH_JWT_ISSUER'],
  AUTHORIZATION_LOGIN_ISSUER: ['AUTHORIZATION_LOGIN_CLIENT_ID'],
  AUTHORIZATION_LOGIN_CLIENT_ID: ['AUTHORIZATION_LOGIN_ISSUER'],
  AUTHORIZATION_LOGIN_CLIENT_SECRET: ['AUTHORIZATION_LOGIN_ISSUER'],
};

const topics = Object.keys(TOPICS) as (keyof typeof TOPICS)[];
const settings: Setting<unknown>[] = Object.values(TOPICS).flatMap((topic) => Object.values(topic));
const defaultOf = ({ shown }: Setting<unknown>) => ('value' in shown ? shown.value : undefined);
const exampleOf = (setting: Setting<unknown>) => setting.example ?? defaultOf(setting);

/** A description as plain text. */
const textOf = (description: string) => description.replaceAll('`', '');

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Configuration of the OAuth client registry',
  description:
    'The environment variables of the service. All values are strings. Leave out a variable to get its default; an empty value counts as unset.',
  type: 'object',
  properties: Object.fromEntries(
    settings.map((setting) => [
      setting.variable,
      {
        description: `${textOf(setting.description)} Value: ${setting.takes}.`,
        type: 'string',
        ...setting.schema,
        default: defaultOf(setting),
        ...(setting.example !== undefined && { examples: [setting.example] }),
      },
    ]),
  ),
  propertyNames: {
    description: 'Unknown variables with a prefix of the service are errors.',
    anyOf: [
      { enum: VARIABLES },
      { not: { pattern: OWN_PREFIXES.source } },
      { description: 'Set by Kubernetes for a Service.', pattern: SERVICE_LINK.source },
    ],
  },
  dependentRequired: DEPENDENT_REQUIRED,
};

function rowOf(setting: Setting<unknown>): string[] {
  const { variable, takes, description, example, shown } = setting;
  return [
    code(variable),
    'value' in shown ? code(shown.value) : shown.words,
    plain(takes),
    example === undefined ? description : `${description} Example: ${code(example)}`,
  ];
}

const prefixes = OWN_PREFIXES.source.match(/[A-Z_]{5,}/g)!.map(code);

const page = pageOf(
  'Configuration',
  'This page lists the environment variables of the service, with their defaults and values.',
  'src/config/variables.ts',
  'The service reads environment variables, and a `.env` file in its working directory. Every variable is optional.',
  `- The environment takes precedence over \`.env\`. An empty value counts as unset.
- [.env.example](../../.env.example) shows every variable.
- [configuration.schema.json](configuration.schema.json) is a JSON Schema (2020-12) of the variables.
- A duration is a number and a unit: \`m\` (minutes), \`h\` (hours) or \`d\` (days). Rate limits also accept \`s\` (seconds).`,
  '## Invalid configuration',
  `The service does not start with an invalid configuration. It prints one line for each error, which says what to set. These are errors:

- An invalid value.
- A line of \`.env\` that is not \`NAME=VALUE\` (quote values that contain \`#\`), or a file that is not UTF-8.
- An unknown variable that begins with ${prefixes.slice(0, -1).join(', ')} or ${prefixes.at(-1)}.
- A misspelled variable, such as \`DATABASE_URI\`, \`DB_URL\` or \`REGISTATION_MODE\`. In the environment, this is an error only if the correct variable is unset, because other programs may use the name.`,
  ...topics.flatMap((topic) => [
    `## ${TITLES[topic]}`,
    ...(NOTES[topic] ? [NOTES[topic]] : []),
    tableOf(['Variable', 'Default', 'Value', 'Description'], Object.values(TOPICS[topic]).map(rowOf)),
  ]),
);

/** The first sentence and the default, as plain text. */
function summaryOf({ description, shown }: Setting<unknown>): string {
  const [sentence] = /^.*?\.(?= |$)/.exec(textOf(description))!;
  return `${sentence} Default: ${'value' in shown ? shown.value : textOf(shown.words)}`;
}

const envExample = [
  '# Copy to .env and change what you need. Reference: docs/reference/configuration.md',
  ...topics.flatMap((topic) => [
    `# ---- ${TITLES[topic]} ----`,
    ...Object.values(TOPICS[topic]).map(
      (setting) => `# ${summaryOf(setting)}\n# ${setting.variable}=${exampleOf(setting) ?? ''}`,
    ),
  ]),
].join('\n\n');

it.each([
  ['docs/reference/configuration.md', page],
  ['docs/reference/configuration.schema.json', JSON.stringify(schema)],
  ['.env.example', `${envExample}\n`],
])('%s matches src/config/variables.ts; `npm run schema` regenerates it', expectGenerated);

describe('The rows of the variables', () => {
  const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);
  const isRead = (env: Record<string, string>) => {
    try {
      return Boolean(readConfig(env));
    } catch {
      return false;
    }
  };
  /** An environment in which nothing is missing for the variable. */
  const around = (variable: string, value: string): Record<string, string> => ({
    ...(variable.startsWith('AUTH_JWT_') && {
      AUTH_JWT_ISSUER: 'https://issuer.example',
      AUTH_JWT_AUDIENCE: 'registry',
    }),
    ...(variable.startsWith('AUTHORIZATION_LOGIN_') && {
      AUTHORIZATION_LOGIN_ISSUER: 'https://issuer.example',
      AUTHORIZATION_LOGIN_CLIENT_ID: 'registry',
    }),
    [variable]: value,
  });

  it('are all there, once', () => {
    expect(settings.map(({ variable }) => variable)).toEqual(VARIABLES);
    expect(new Set(VARIABLES).size).toBe(VARIABLES.length);
  });

  it.each(settings.map((setting) => [setting.variable, setting] as const))(
    '%s: default and example are values of the variable, by the code and by the schema',
    (variable, setting) => {
      const shown = [defaultOf(setting), setting.example].filter((value) => value !== undefined);
      for (const value of shown) {
        const env = around(variable, value);
        expect({ value, isRead: isRead(env), isValid: validate(env) }).toEqual({
          value,
          isRead: true,
          isValid: true,
        });
      }
    },
  );

  const PROBES = [
    'off',
    'on',
    'true',
    'false',
    '0',
    '1',
    '65536',
    '01',
    '-1',
    'x',
    '*',
    '1h',
    '30d',
    '1s',
    '5/1s',
  ];
  PROBES.push(
    '60/1m',
    '60/',
    '1/25h',
    '60/1h',
    'http://a.example',
    'https://a.example/?q=1',
    'a=b',
    'k'.repeat(32),
  );

  it('have a schema that is never stricter than the code', () => {
    const tooStrict = VARIABLES.flatMap((variable) =>
      PROBES.map((probe) => around(variable, probe)).filter((env) => isRead(env) && !validate(env)),
    );
    expect(tooStrict).toEqual([]);
  });

  it.each([
    [{ PORT: 'x' }],
    [{ NODE_ENV: 'prod' }],
    [{ REGISTRATION_MODE: 'of' }],
    [{ REGISTRATION_MAX_UNUSED: '0' }],
    [{ RATE_LIMIT_REGISTER: '60' }],
    [{ DELETED_CLIENT_RETENTION: '30' }],
    [{ BOOTSTRAP_API_KEY: 'short' }],
    [{ REGISTRATION_MODUS: 'open' }],
    ...Object.keys(DEPENDENT_REQUIRED).map((name) => [{ [name]: 'https://issuer.example' }]),
    [{ AUTH_JWT_TYPE: 'at+jwt' }],
    [{ AUTH_JWT_ADMIN: 'roles=admin' }],
    [{ AUTH_JWT_SERVICE: 'roles=service' }],
    [{ AUTH_JWT_VIEWER: 'roles=viewer' }],
  ] as [Record<string, string>][])('reject %j, by the code and by the schema', (env) => {
    expect({ isRead: isRead(env), isValid: validate(env) }).toEqual({ isRead: false, isValid: false });
  });
});
