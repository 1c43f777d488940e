import { type Config, ConfigError, readConfig, VARIABLES } from '../../../src/config/variables.js';

const DEFAULTS: Config = {
  production: false,
  host: '127.0.0.1',
  port: 3000,
  publicUrl: null,
  database: { engine: 'sqlite', path: 'data/registry.sqlite' },
  bootstrapApiKey: null,
  bootstrapOrgId: 'default',
  bootstrapUserId: 'admin',
  jwtIssuer: null,
  jwtAudience: null,
  jwtJwksUri: null,
  jwtAdmin: null,
  jwtService: null,
  jwtViewer: null,
  jwtType: null,
  registrationMode: 'open',
  registrationMetadata: 'registered',
  registrationAllowedScopes: null,
  registrationDefaultScopes: [],
  registrationRedirectHosts: { allowed: [], denied: [] },
  registrationReservedNames: [],
  registrationMaxUnused: null,
  registrationUnusedMinAgeMs: 3_600_000,
  registrationUnusedTtlMs: null,
  registrationSecretTtlMs: null,
  registrationReuse: false,
  softwareStatementIssuers: [],
  deletedClientRetentionMs: 30 * 86_400_000,
  auditRetentionMs: null,
  purgeMaxClockSkewMs: 86_400_000,
  registrationAllowedGrantTypes: ['client_credentials', 'authorization_code', 'refresh_token'],
  rateLimitRegister: { points: 60, durationSeconds: 60 },
  rateLimitRegistrationRead: { points: 600, durationSeconds: 60 },
  rateLimitFailedAuth: { points: 30, durationSeconds: 60 },
  rateLimitGraphql: { points: 600, durationSeconds: 60 },
  rateLimitAuthorize: { points: 600, durationSeconds: 60 },
  rateLimitToken: { points: 6000, durationSeconds: 60 },
  rateLimitTokenBytes: { points: 1_000_000_000, durationSeconds: 3600 },
  maxClientsPerOrg: null,
  rateLimitOrg: { points: 6000, durationSeconds: 60 },
  rateLimitAuditBytes: { points: 50_000_000, durationSeconds: 3600 },
  rateLimitExempt: [],
  rateLimitRaised: [],
  redisUrl: null,
  registrationCorsOrigins: '*',
  trustProxy: false,
  egressProxy: false,
  httpsProxy: null,
  logLevel: 'info',
  graphqlExplorer: null,
  adminConsole: true,
  metricsPort: null,
  metricsHost: null,
  authorizationServer: null,
  authorizationResources: [],
  authorizationRestrictedScopes: [],
  authorizationConsentUrl: null,
  authorizationLoginIssuer: null,
  authorizationLoginClientId: null,
  authorizationLoginClientSecret: null,
  authorizationLoginOrgClaim: 'org_id',
  authorizationLoginScope: 'openid',
  signingKeySecret: null,
  signingKeyRotationMs: 7_776_000_000,
  tracesEndpoint: null,
};

const KEY = 'k'.repeat(32);
const JWT = { AUTH_JWT_ISSUER: 'https://issuer.example/', AUTH_JWT_AUDIENCE: 'registry' };
const JWT_READ = { jwtIssuer: 'https://issuer.example/', jwtAudience: 'registry' };
const postgres = (connection: object) => ({
  database: { engine: 'postgres', connection: expect.objectContaining(connection) } as const,
});
const sqlite = (path: string) => ({ database: { engine: 'sqlite', path } as const });
const limit = (points: number, durationSeconds: number) => ({
  rateLimitRegister: { points, durationSeconds },
  rateLimitRegistrationRead: { points: 600, durationSeconds: 60 },
});
const name = (env: NodeJS.ProcessEnv) => JSON.stringify(env).slice(0, 160);
const named = <T extends unknown[]>(rows: (readonly [NodeJS.ProcessEnv, ...T])[]) =>
  rows.map(([env, ...rest]) => [name(env), env, ...rest] as const);

describe('The configuration', () => {
  it('has a default for everything, in an environment that is not ours', () => {
    expect(readConfig({ PATH: '/bin', REGISTRATIONS: '1', HOSTNAME: 'x' })).toEqual(DEFAULTS);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig(Object.fromEntries(VARIABLES.map((variable) => [variable, ' '])))).toEqual(DEFAULTS);
  });

  it.each(
    named<[Partial<Config>]>([
      [{ NODE_ENV: 'production' }, { production: true }],
      [{ NODE_ENV: 'development' }, {}],
      [
        { REGISTRATION_REDIRECT_HOSTS: 'localhost, *.example.com !evil.example.com cursor: !odd:' },
        {
          registrationRedirectHosts: {
            allowed: ['localhost', '*.example.com', 'cursor:'],
            denied: ['evil.example.com', 'odd:'],
          },
        },
      ],
      [
        { REGISTRATION_RESERVED_NAMES: 'Example Desktop, Example CLI,\n例え話,' },
        { registrationReservedNames: ['Example Desktop', 'Example CLI', '例え話'] },
      ],
      [{ REGISTRATION_MAX_UNUSED: '1' }, { registrationMaxUnused: 1 }],
      [{ REGISTRATION_MAX_UNUSED: '1000000' }, { registrationMaxUnused: 1_000_000 }],
      [{ REGISTRATION_MAX_UNUSED: 'off' }, {}],
      [{ REGISTRATION_UNUSED_MIN_AGE: '10m' }, { registrationUnusedMinAgeMs: 600_000 }],
      [{ REGISTRATION_UNUSED_MIN_AGE: 'off' }, { registrationUnusedMinAgeMs: 0 }],
      [{ REGISTRATION_UNUSED_TTL: '30d' }, { registrationUnusedTtlMs: 30 * 86_400_000 }],
      [{ REGISTRATION_UNUSED_TTL: 'off' }, {}],
      [{ REGISTRATION_SECRET_TTL: '90d' }, { registrationSecretTtlMs: 90 * 86_400_000 }],
      [{ REGISTRATION_SECRET_TTL: 'off' }, {}],
      [{ REGISTRATION_REUSE: 'true' }, { registrationReuse: true }],
      [{ REGISTRATION_REUSE: 'false' }, {}],
      [{ NODE_ENV: 'test' }, {}],
      [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
      [{ HOST: '::' }, { host: '::' }],
      [{ PORT: '0' }, { port: 0 }],
      [{ METRICS_PORT: '9464' }, { metricsPort: 9464 }],
      [
        { METRICS_PORT: '0', METRICS_HOST: '::1' },
        { metricsPort: 0, metricsHost: '::1' },
      ],
      [
        { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' },
        { tracesEndpoint: 'http://collector:4318' },
      ],
      [{ PORT: ' 65535\n' }, { port: 65535 }],
      [{ PUBLIC_URL: 'https://registry.example.com' }, { publicUrl: 'https://registry.example.com' }],
      [{ PUBLIC_URL: 'http://localhost:8080/base/' }, { publicUrl: 'http://localhost:8080/base' }],
      [{ DATABASE_URL: 'sqlite:other.sqlite' }, sqlite('other.sqlite')],
      [{ DATABASE_URL: 'sqlite:/var/lib/registry.sqlite' }, sqlite('/var/lib/registry.sqlite')],
      [{ DATABASE_URL: 'sqlite:///var/lib/registry.sqlite' }, sqlite('/var/lib/registry.sqlite')],
      [
        { DATABASE_URL: 'postgres://u:p%25%C3%A9@db:5432/registry' },
        postgres({ user: 'u', password: 'p%é', host: 'db', port: '5432', database: 'registry' }),
      ],
      [{ DATABASE_URL: 'postgresql://db/r?sslmode=verify-full' }, postgres({ host: 'db', ssl: {} })],
      [
        { DATABASE_URL: 'postgres://db/r?sslmode=no-verify' },
        postgres({ ssl: { rejectUnauthorized: false } }),
      ],
      ...[
        'postgresql://reg:pw@/registry?host=/run/postgresql',
        'postgresql:///registry?host=/run/postgresql&user=reg&password=pw',
        'postgres://reg:pw@%2Frun%2Fpostgresql/registry',
        'postgres://reg:pw@localhost/registry?host=/run/postgresql',
      ].map(
        (value) =>
          [
            { DATABASE_URL: value },
            postgres({ host: '/run/postgresql', user: 'reg', password: 'pw', database: 'registry' }),
          ] as const,
      ),
      [{ BOOTSTRAP_API_KEY: KEY }, { bootstrapApiKey: KEY }],
      [{ BOOTSTRAP_API_KEY: `!~${KEY}` }, { bootstrapApiKey: `!~${KEY}` }],
      [{ BOOTSTRAP_API_KEY: 'k'.repeat(512) }, { bootstrapApiKey: 'k'.repeat(512) }],
      [{ BOOTSTRAP_ORG_ID: ' acme\u00a0' }, { bootstrapOrgId: 'acme' }],
      [{ BOOTSTRAP_ORG_ID: 'o'.repeat(255) }, { bootstrapOrgId: 'o'.repeat(255) }],
      [{ BOOTSTRAP_USER_ID: 'ops' }, { bootstrapUserId: 'ops' }],
      [JWT, JWT_READ],
      [
        { ...JWT, AUTH_JWT_JWKS_URI: 'https://issuer.example/keys' },
        { ...JWT_READ, jwtJwksUri: 'https://issuer.example/keys' },
      ],
      // The address of a resource is not ours to change, and some issuers do have a query in it
      [
        { ...JWT, AUTH_JWT_JWKS_URI: 'https://issuer.example/keys/' },
        { ...JWT_READ, jwtJwksUri: 'https://issuer.example/keys/' },
      ],
      [
        { ...JWT, AUTH_JWT_JWKS_URI: 'https://issuer.example/keys?p=b2c' },
        { ...JWT_READ, jwtJwksUri: 'https://issuer.example/keys?p=b2c' },
      ],
      [
        { ...JWT, AUTH_JWT_ADMIN: 'https://acme.example/roles=registry=admin', AUTH_JWT_TYPE: 'at+jwt' },
        {
          ...JWT_READ,
          jwtAdmin: { claim: 'https://acme.example/roles', value: 'registry=admin' },
          jwtType: 'at+jwt',
        },
      ],
      [{ MAX_CLIENTS_PER_ORG: '500' }, { maxClientsPerOrg: 500 }],
      [{ MAX_CLIENTS_PER_ORG: 'off' }, {}],
      [{ REGISTRATION_METADATA: 'strict' }, { registrationMetadata: 'strict' }],
      [{ REGISTRATION_METADATA: 'lenient' }, { registrationMetadata: 'lenient' }],
      [
        { REGISTRATION_ALLOWED_SCOPES: 'read, write admin' },
        { registrationAllowedScopes: ['read', 'write', 'admin'] },
      ],
      [
        { REGISTRATION_ALLOWED_GRANT_TYPES: 'refresh_token,authorization_code' },
        { registrationAllowedGrantTypes: ['refresh_token', 'authorization_code'] },
      ],
      [
        {
          SOFTWARE_STATEMENT_ISSUERS:
            'https://a.example=https://a.example/jwks?x=1  ca=http://b.example/jwks',
        },
        {
          softwareStatementIssuers: [
            { issuer: 'https://a.example', jwks: 'https://a.example/jwks?x=1' },
            { issuer: 'ca', jwks: 'http://b.example/jwks' },
          ],
        },
      ],
      [{ RATE_LIMIT_REGISTER: 'off' }, { rateLimitRegister: null }],
      [{ RATE_LIMIT_REGISTER: '60/1m' }, limit(60, 60)],
      [{ RATE_LIMIT_REGISTER: '5/s' }, limit(5, 1)],
      [{ RATE_LIMIT_REGISTER: '100/24h' }, limit(100, 86_400)],
      [{ RATE_LIMIT_FAILED_AUTH: 'off' }, { rateLimitFailedAuth: null }],
      [{ RATE_LIMIT_FAILED_AUTH: '5/10m' }, { rateLimitFailedAuth: { points: 5, durationSeconds: 600 } }],
      [{ RATE_LIMIT_REGISTRATION_READ: 'off' }, { rateLimitRegistrationRead: null }],
      [
        { RATE_LIMIT_REGISTRATION_READ: '10/s' },
        { rateLimitRegistrationRead: { points: 10, durationSeconds: 1 } },
      ],
      [{ RATE_LIMIT_GRAPHQL: 'off' }, { rateLimitGraphql: null }],
      [{ RATE_LIMIT_GRAPHQL: '10/s' }, { rateLimitGraphql: { points: 10, durationSeconds: 1 } }],
      [
        { RATE_LIMIT_EXEMPT: '198.51.100.7, 2001:db8::/32' },
        { rateLimitExempt: ['198.51.100.7', '2001:db8::/32'] },
      ],
      [
        { RATE_LIMIT_RAISED: '203.0.113.0/24=50 2001:db8::1=2' },
        {
          rateLimitRaised: [
            { network: '203.0.113.0/24', times: 50 },
            { network: '2001:db8::1', times: 2 },
          ],
        },
      ],
      [{ REDIS_URL: 'redis://redis' }, { redisUrl: 'redis://redis' }],
      [{ REDIS_URL: 'redis://[::1]:6379/2' }, { redisUrl: 'redis://[::1]:6379/2' }],
      [{ REDIS_URL: 'rediss://u:p%40ss@redis:6380/0' }, { redisUrl: 'rediss://u:p%40ss@redis:6380/0' }],
      [{ REGISTRATION_CORS_ORIGINS: '*' }, {}],
      [{ REGISTRATION_CORS_ORIGINS: 'off' }, { registrationCorsOrigins: null }],
      [
        { REGISTRATION_CORS_ORIGINS: 'https://app.example, http://localhost:6274' },
        { registrationCorsOrigins: ['https://app.example', 'http://localhost:6274'] },
      ],
      [
        { REGISTRATION_CORS_ORIGINS: 'tauri://localhost vscode-webview://0a1b2c capacitor://localhost:8080' },
        {
          registrationCorsOrigins: [
            'tauri://localhost',
            'vscode-webview://0a1b2c',
            'capacitor://localhost:8080',
          ],
        },
      ],
      [{ TRUST_PROXY: 'false' }, {}],
      [{ TRUST_PROXY: '1' }, { trustProxy: 1 }],
      [{ TRUST_PROXY: '99' }, { trustProxy: 99 }],
      [{ TRUST_PROXY: '10.0.0.0/8, ::1 192.0.2.7' }, { trustProxy: ['10.0.0.0/8', '::1', '192.0.2.7'] }],
      [{ DELETED_CLIENT_RETENTION: '12h' }, { deletedClientRetentionMs: 12 * 3_600_000 }],
      [{ AUDIT_RETENTION: '400d' }, { auditRetentionMs: 400 * 86_400_000 }],
      [{ AUDIT_RETENTION: 'off' }, {}],
      [{ PURGE_MAX_CLOCK_SKEW: '12h' }, { purgeMaxClockSkewMs: 12 * 3_600_000 }],
      [{ LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
      [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
      [{ ADMIN_CONSOLE: 'on' }, { adminConsole: true }],
      [{ ADMIN_CONSOLE: 'off' }, { adminConsole: false }],
      [{ GRAPHQL_EXPLORER: 'on' }, { graphqlExplorer: true }],
      [{ GRAPHQL_EXPLORER: 'off' }, { graphqlExplorer: false }],
    ]),
  )('reads %s', (_, env, changed) => {
    expect(readConfig(env)).toEqual({ ...DEFAULTS, ...changed });
  });

  it.each(
    named<[string]>([
      ...['staging', 'Production', 'constructor', 'toString', '__proto__'].map(
        (value) => [{ NODE_ENV: value }, 'NODE_ENV'] as const,
      ),
      ...['65536', '-1', '3000x', '0x10', '1e3', '80.0', '８０', 'http'].map(
        (value) => [{ PORT: value }, 'PORT'] as const,
      ),
      [{ METRICS_PORT: '70000' }, 'METRICS_PORT'],
      [{ METRICS_PORT: 'off' }, 'METRICS_PORT'],
      ...['collector:4317', 'grpc://collector:4317', 'http://user:secret@collector:4318'].map(
        (value) => [{ OTEL_EXPORTER_OTLP_ENDPOINT: value }, 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const,
      ),
      ...[
        'registry.example.com',
        'localhost:3000',
        '/base',
        'ftp://example.com',
        'javascript:alert(1)',
        'https://example.com/?a=1',
        'https://example.com/?',
        'https://example.com/#a',
        'https://example.com/#',
        'https://user@example.com',
        'https://user:secret@example.com',
        'https://:secret@example.com',
        'https:example.com',
        'https:/example.com',
        'https:\\\\example.com',
        'https://example.com/a b',
        'ht\ntps://example.com',
        'https://',
      ].map((value) => [{ PUBLIC_URL: value }, 'PUBLIC_URL'] as const),
      ...[
        'sqlite',
        'sqlite:',
        // Each connection would have one of its own, and there are two
        'sqlite::memory:',
        'registry.sqlite',
        'mysql://u:p@db/r',
        'postgres:',
        'postgres://',
        'postgres:db/r',
        'postgres://db:99999/r',
        'http://db/r',
      ].map((value) => [{ DATABASE_URL: value }, 'DATABASE_URL'] as const),
      ...['k'.repeat(31), 'k'.repeat(513), `${KEY} ${KEY}`, `${KEY}é`, `${KEY}\n${KEY}`].map(
        (value) => [{ BOOTSTRAP_API_KEY: value }, 'BOOTSTRAP_API_KEY'] as const,
      ),
      [{ BOOTSTRAP_ORG_ID: 'o'.repeat(256) }, 'BOOTSTRAP_ORG_ID'],
      [{ BOOTSTRAP_ORG_ID: 'ac\u200bme' }, 'BOOTSTRAP_ORG_ID'],
      [{ BOOTSTRAP_USER_ID: 'ad\u00a0min' }, 'BOOTSTRAP_USER_ID'],
      [{ BOOTSTRAP_USER_ID: 'u'.repeat(256) }, 'BOOTSTRAP_USER_ID'],
      ...['issuer.example', 'urn:issuer', 'https://issuer.example/?a', 'https://issuer.example/#a'].map(
        (value) => [{ ...JWT, AUTH_JWT_ISSUER: value }, 'AUTH_JWT_ISSUER'] as const,
      ),
      // Without an audience, a token that was meant for another service would open this one
      [{ AUTH_JWT_ISSUER: 'https://issuer.example' }, 'AUTH_JWT_AUDIENCE'],
      ...['0', '-1', '1.5', 'many', '1000000001'].map(
        (value) => [{ MAX_CLIENTS_PER_ORG: value }, 'MAX_CLIENTS_PER_ORG'] as const,
      ),
      ...['AUTH_JWT_ADMIN', 'AUTH_JWT_SERVICE', 'AUTH_JWT_VIEWER'].map(
        (variable) => [{ [variable]: 'role=x' }, 'AUTH_JWT_ISSUER'] as const,
      ),
      [{ AUTH_JWT_TYPE: 'at+jwt' }, 'AUTH_JWT_ISSUER'],
      ...['admin', '=admin', 'role=', 'role', 'a b=c'].map(
        (value) => [{ ...JWT, AUTH_JWT_ADMIN: value }, 'AUTH_JWT_ADMIN'] as const,
      ),
      ...['at jwt', 'a/b/c', '/'].map(
        (value) => [{ ...JWT, AUTH_JWT_TYPE: value }, 'AUTH_JWT_TYPE'] as const,
      ),
      [{ ...JWT, AUTH_JWT_AUDIENCE: '  ' }, 'AUTH_JWT_AUDIENCE'],
      ...['keys', 'file:///etc/keys.json'].map(
        (value) => [{ ...JWT, AUTH_JWT_JWKS_URI: value }, 'AUTH_JWT_JWKS_URI'] as const,
      ),
      ...['Strict', 'any', 'toString'].map(
        (value) => [{ REGISTRATION_METADATA: value }, 'REGISTRATION_METADATA'] as const,
      ),
      ...['https://a.example', '!', '!*', 'bücher.example', 'https:', ','].map(
        (value) => [{ REGISTRATION_REDIRECT_HOSTS: value }, 'REGISTRATION_REDIRECT_HOSTS'] as const,
      ),
      ...['ab', 'Example, -', ','].map(
        (value) => [{ REGISTRATION_RESERVED_NAMES: value }, 'REGISTRATION_RESERVED_NAMES'] as const,
      ),
      ...['0', '-1', '1e3', '1000001', 'on'].map(
        (value) => [{ REGISTRATION_MAX_UNUSED: value }, 'REGISTRATION_MAX_UNUSED'] as const,
      ),
      [{ REGISTRATION_UNUSED_MIN_AGE: '1' }, 'REGISTRATION_UNUSED_MIN_AGE'],
      [{ REGISTRATION_UNUSED_TTL: '0d' }, 'REGISTRATION_UNUSED_TTL'],
      [{ REGISTRATION_MODE: 'statement' }, 'SOFTWARE_STATEMENT_ISSUERS'],
      [{ REGISTRATION_SECRET_TTL: '90' }, 'REGISTRATION_SECRET_TTL'],
      [{ REGISTRATION_REUSE: 'yes' }, 'REGISTRATION_REUSE'],
      ...['"read"', 'a\\b', 'lesen-für', 's'.repeat(129), ','].map(
        (value) => [{ REGISTRATION_ALLOWED_SCOPES: value }, 'REGISTRATION_ALLOWED_SCOPES'] as const,
      ),
      ...['implicit', 'authorization_code;refresh_token', 'Authorization_Code', ','].map(
        (value) => [{ REGISTRATION_ALLOWED_GRANT_TYPES: value }, 'REGISTRATION_ALLOWED_GRANT_TYPES'] as const,
      ),
      ...[
        'https://a.example',
        '=https://a.example/jwks',
        'a=',
        'a=ftp://a.example/jwks',
        'a=/no/such/file',
      ].map((value) => [{ SOFTWARE_STATEMENT_ISSUERS: value }, 'SOFTWARE_STATEMENT_ISSUERS'] as const),
      // A file that holds no key set, two keys for one issuer, and one of two that is invalid
      ...['a=package.json', 'a=http://b/1 a=http://b/2', 'a=http://b/1 b'].map(
        (value) => [{ SOFTWARE_STATEMENT_ISSUERS: value }, 'SOFTWARE_STATEMENT_ISSUERS'] as const,
      ),
      ...['0/1m', '60', '60/0m', '60/1d', '-1/1m', '1.5/1m', '60/1', '60/m/m', 'Off', 'false', '60 / 1m'].map(
        (value) => [{ RATE_LIMIT_REGISTER: value }, 'RATE_LIMIT_REGISTER'] as const,
      ),
      [{ RATE_LIMIT_FAILED_AUTH: '30' }, 'RATE_LIMIT_FAILED_AUTH'],
      [{ RATE_LIMIT_GRAPHQL: '0/1m' }, 'RATE_LIMIT_GRAPHQL'],
      [{ RATE_LIMIT_REGISTRATION_READ: '0/1m' }, 'RATE_LIMIT_REGISTRATION_READ'],
      ...['off', '0.0.0.0/0', '10.0.0.0/33', 'openai.example', ','].map(
        (value) => [{ RATE_LIMIT_EXEMPT: value }, 'RATE_LIMIT_EXEMPT'] as const,
      ),
      ...['10.0.0.0/8', '10.0.0.0/8=0', '10.0.0.0/8=1.5', '10.0.0.0/8=x', '=5', '10.0.0.1=2 10.0.0.2'].map(
        (value) => [{ RATE_LIMIT_RAISED: value }, 'RATE_LIMIT_RAISED'] as const,
      ),
      ...[
        'redis',
        'redis://',
        'http://redis',
        'redis://redis/zero',
        'redis://redis:99999',
        'redis://a b',
      ].map((value) => [{ REDIS_URL: value }, 'REDIS_URL'] as const),
      ...[
        'app.example',
        'https://app.example/',
        'https://app.example/a',
        'https://*.example',
        'null',
        'on',
        'tauri://localhost/',
        'tauri://localhost/a',
        'tauri://*',
        'tauri:localhost',
        'TAURI://localhost',
        'file://',
        'file://host',
        'HTTPS://app.example',
        'https://app.example:443',
      ].map((value) => [{ REGISTRATION_CORS_ORIGINS: value }, 'REGISTRATION_CORS_ORIGINS'] as const),
      ...['true', '*', 'all', 'loopback', '-1', '10.0.0.0/33', '10.0.0.256', 'proxy.example', '1,x', ','].map(
        (value) => [{ TRUST_PROXY: value }, 'TRUST_PROXY'] as const,
      ),
      // Not a hop count, and an address only to parsers that read a number as one
      ...['0', '100', '1.5', '0x1', '10.1'].map((value) => [{ TRUST_PROXY: value }, 'TRUST_PROXY'] as const),
      // To trust everyone is to let any caller forge its address
      ...['0.0.0.0/0', '::/0', '10.0.0.1 0.0.0.0/0'].map(
        (value) => [{ TRUST_PROXY: value }, 'TRUST_PROXY'] as const,
      ),
      ...['0d', '30', 'd', '1y', 'off'].map(
        (value) => [{ DELETED_CLIENT_RETENTION: value }, 'DELETED_CLIENT_RETENTION'] as const,
      ),
      ...['0d', 'never', '1.5d', '100000d'].map(
        (value) => [{ AUDIT_RETENTION: value }, 'AUDIT_RETENTION'] as const,
      ),
      ...['verbose', 'INFO', 'constructor'].map((value) => [{ LOG_LEVEL: value }, 'LOG_LEVEL'] as const),
      ...['true', 'ON', 'toString', 'valueOf', '__proto__'].map(
        (value) => [{ GRAPHQL_EXPLORER: value }, 'GRAPHQL_EXPLORER'] as const,
      ),
    ]),
  )('stops the start at %s and names the variable', (_, env, variable) => {
    const read = () => readConfig(env);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^${variable} takes [^\\n]+$`));
  });

  it.each([
    ...['%', 'p%2', '%zz', '%ff'].flatMap((password) => [
      [
        'DATABASE_URL',
        `postgres://u:${password}@db/r`,
        'has a % that begins no escape: write %25 for a percent sign',
      ],
      [
        'REDIS_URL',
        `redis://u:${password}@redis`,
        'has a % that begins no escape: write %25 for a percent sign',
      ],
    ]),
    ['DATABASE_URL', 'postgres://u:p%00@db/r', 'has a NUL byte (%00): leave it out'],
    [
      'DATABASE_URL',
      'postgres://u:p@db/r?sslmode=verify-full&sslrootcert=/nowhere/ca.pem',
      'names a file that cannot be read: /nowhere/ca.pem (ENOENT)',
    ],
    [
      'DATABASE_URL',
      'postgres://u:p@db/r?sslmode=allow',
      'has an unknown sslmode: use one of disable, prefer, require, verify-ca, verify-full, no-verify',
    ],
  ])('says what is wrong with %s=%s', (variable, value, fault) => {
    expect(() => readConfig({ [variable]: value })).toThrow(new ConfigError(`${variable} ${fault}`));
  });

  it('reports all faults at once, each in a line', () => {
    const env = { PORT: 'http', REGISTRATION_MODE: 'ajar', REGISTRATION_MODUS: 'x', AUTH_JWT_AUDIENCE: 'x' };
    expect(() => readConfig(env)).toThrow(
      /^REGISTRATION_MODUS is not a .*\nPORT takes .*\nREGISTRATION_MODE takes .*\nAUTH_JWT_ISSUER takes .*$/,
    );
  });

  it.each([
    [{ BOOTSTRAP_API_KEY: 'too-short-secret' }, 'too-short-secret'],
    [{ DATABASE_URL: 'postgres://u:hunter2@db:99999/r' }, 'hunter2'],
    [{ DATABASE_URL: 'postgres://u:hunter2%@db/r' }, 'hunter2'],
    [{ REDIS_URL: 'redis://u:hunter2%@redis' }, 'hunter2'],
    [{ PUBLIC_URL: 'https://u:hunter2@example.com' }, 'hunter2'],
    [{ REDIS_URL: 'redis://u:hunter2@redis/zero' }, 'hunter2'],
  ])('does not repeat an invalid value, which may be a secret: %j', (env, secret) => {
    expect(() => readConfig(env)).toThrow(ConfigError);
    expect(() => readConfig(env)).not.toThrow(secret);
  });
});
