import { GRANT_TYPES } from '../policy/grants/grant-types.js';
import { CONTRACT_MEMBERS, METADATA_PROFILES } from '../policy/metadata-members.js';
import { REGISTRATION_MODES } from '../policy/registration.js';
import { httpUrlOf, isLoopback } from '../policy/uris/uri.js';
import { ConfigError } from './config-error.js';
import { type DatabaseConfig, readDatabaseUrl } from './database-url.js';
import { nameFault } from './misspelled-variables.js';
import { openidIssuer, openidScope } from './openid-values.js';
import * as values from './values.js';

export { ConfigError };
export type { DatabaseConfig };
export type { ClaimValue, SoftwareStatementIssuer, RedirectHosts, RateLimit, RaisedLimit } from './values.js';

/** They are counted again and again. */
const MAX_UNUSED = 1_000_000;
const MAX_CLIENTS = 1_000_000_000;

/** What the reference and `.env.example` say of a variable, in addition to its values. */
interface Documentation {
  /** Markdown without links. The first sentence is also in `.env.example`. */
  description: string;
  /** Omitted if the default is an example, or if a copied value would be unsafe. */
  example?: string;
}

export interface Setting<T> extends values.Value<T>, Documentation {
  /** The environment variable. */
  variable: string;
  /** The value if the variable is unset or empty. */
  fallback: T;
  /** The fallback as a value of the variable, or in words (Markdown) if there is no such value. */
  shown: { value: string } | { words: string };
}

/** One whose fallback can only be said in words. */
const unwritten = <T>(
  variable: string,
  value: values.Value<T>,
  fallback: NoInfer<T>,
  words: string,
  documentation: Documentation,
): Setting<T> => ({ ...value, ...documentation, variable, fallback, shown: { words } });

/** A variable whose fallback is the value of `shown`. */
const setting = <T>(
  variable: string,
  value: values.Value<T>,
  shown: string,
  documentation: Documentation,
) => ({
  ...unwritten<T>(variable, value, value.read(shown) as NoInfer<T>, '', documentation),
  shown: { value: shown },
});

/** One that is null if the variable is unset or empty. */
const optional = <T>(variable: string, value: values.Value<T>, words: string, documentation: Documentation) =>
  unwritten<T | null>(variable, value, null, words, documentation);

const onOff = values.oneOf<boolean>({ on: true, off: false });
const trueFalse = values.oneOf<boolean>({ true: true, false: false });
const environment = values.oneOf<boolean>({ production: true, development: false, test: false });
const databaseUrl: values.Value<DatabaseConfig> = {
  takes: 'sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME',
  read: readDatabaseUrl,
};
const orNone = <T>(value: values.Value<T>) => values.orOff(value, null);

/** The settings by the topics of the reference, in its order. */
const topics = {
  server: {
    production: setting('NODE_ENV', environment, 'development', {
      description:
        'The environment: `production` for a deployment. In production, the service prints no example commands at its start, and the GraphQL explorer is off by default. Logs are JSON, except on a terminal outside production.',
      example: 'production',
    }),
    host: setting('HOST', values.text('a host name or address'), '127.0.0.1', {
      description: 'The address to listen on.',
    }),
    port: setting('PORT', values.port, '3000', {
      description: 'The port to listen on. `0` picks a free port.',
    }),
    publicUrl: optional('PUBLIC_URL', values.httpBase, 'the address that it listens on', {
      description:
        'The public URL of the service: the issuer identifier of the authorization server (`iss`), and the base of URLs in replies. The `Host` header has no effect on them. With https, cookies are `Secure`.',
      example: 'https://registry.example',
    }),
    trustProxy: setting('TRUST_PROXY', values.trustedProxies, 'false', {
      description:
        'The proxies whose `X-Forwarded-For` header is trusted: their addresses and networks, or their number. With `false`, all callers behind a proxy share one rate limit. Use a number only if no caller can reach the port except through the proxy.',
    }),
    egressProxy: setting('EGRESS_PROXY', onOff, 'off', {
      description:
        'Whether URLs of clients, such as `jwks_uri`, are fetched through the HTTP proxy of `HTTPS_PROXY`. The proxy then resolves host names, so it must reject internal addresses. `NO_PROXY` is not read.',
      example: 'off',
    }),
  },
  database: {
    database: setting('DATABASE_URL', databaseUrl, 'sqlite:data/registry.sqlite', {
      description:
        'The database: an SQLite file or PostgreSQL. Parameters of PostgreSQL are `?sslmode=`, `?connect_timeout=` in seconds (default: 5) and `?statement_timeout=` in milliseconds (default: 15000). Percent-encode special characters in the user and the password.',
      example: 'postgres://registry:PASSWORD@127.0.0.1:5432/registry',
    }),
  },
  authentication: {
    bootstrapApiKey: optional('BOOTSTRAP_API_KEY', values.bootstrapKey, 'none', {
      description:
        'The first admin key; make one with `openssl rand -base64 33`. It is required for the first start on PostgreSQL. If it is unset on SQLite, the first start generates an admin key and shows it once. A start with a new value adds another admin key. A revoked key stays revoked.',
    }),
    bootstrapOrgId: setting(
      'BOOTSTRAP_ORG_ID',
      values.owner('the organization of the bootstrap key'),
      'default',
      { description: 'The organization that the bootstrap key belongs to.' },
    ),
    bootstrapUserId: setting('BOOTSTRAP_USER_ID', values.owner('the user of the bootstrap key'), 'admin', {
      description: 'The user that the bootstrap key belongs to.',
    }),
    jwtIssuer: optional(
      'AUTH_JWT_ISSUER',
      values.plainUrl('the https or http URL of the token issuer'),
      'no JWTs',
      {
        description:
          'The issuer whose JWTs are accepted besides API keys. It must equal the `iss` claim, character by character. It cannot be this service (`PUBLIC_URL`) while `AUTHORIZATION_SERVER` is on: its clients would act as users of the API.',
        example: 'https://issuer.example',
      },
    ),
    // Without an audience, tokens that were meant for other services would be accepted
    jwtAudience: optional(
      'AUTH_JWT_AUDIENCE',
      values.text('the audience of this service in the tokens of AUTH_JWT_ISSUER'),
      'none',
      {
        description: 'The required `aud` claim of a JWT. Required with `AUTH_JWT_ISSUER`.',
        example: 'https://registry.example',
      },
    ),
    jwtJwksUri: optional(
      'AUTH_JWT_JWKS_URI',
      values.httpUrl("an http or https URL of the issuer's JSON Web Key Set"),
      '`AUTH_JWT_ISSUER/.well-known/jwks.json`',
      {
        description: 'The URL of the JSON Web Key Set of `AUTH_JWT_ISSUER`.',
        example: 'https://issuer.example/.well-known/jwks.json',
      },
    ),
    jwtAdmin: optional('AUTH_JWT_ADMIN', values.claimValue('admin'), 'no JWT has the admin role', {
      description:
        'The claim that gives a JWT the admin role. Its value may be a string, a list, `true` or a scope (`scope=registry:admin`). A dot in the name selects a member of an object. The name may be a URL. With a scope, every client that the issuer lets request this scope can get the role: choose a scope that only trusted clients may request.',
      example: 'realm_access.roles=registry-admin',
    }),
    jwtService: optional('AUTH_JWT_SERVICE', values.claimValue('service'), 'no JWT has the service role', {
      description:
        'The claim that gives a JWT the service role, as in `AUTH_JWT_ADMIN`. If a JWT has several of these claims, admin precedes service, and service precedes viewer. A JWT with none of them has the role member.',
      example: 'scope=registry:service',
    }),
    jwtViewer: optional('AUTH_JWT_VIEWER', values.claimValue('viewer'), 'no JWT has the viewer role', {
      description: 'The claim that gives a JWT the viewer role, as in `AUTH_JWT_ADMIN`.',
      example: 'realm_access.roles=registry-viewer',
    }),
    jwtType: optional('AUTH_JWT_TYPE', values.mediaType, 'any type', {
      description:
        'The required `typ` in the header of a JWT. Set it if the access tokens of the issuer have a `typ`, such as `at+jwt` (RFC 9068). JWTs with another `typ`, or without one, are then rejected.',
      example: 'at+jwt',
    }),
  },
  registration: {
    registrationMode: setting('REGISTRATION_MODE', values.wordOf(REGISTRATION_MODES), 'open', {
      description:
        'Who may register clients: anyone (`open`), callers with a software statement or credentials (`statement`), callers with credentials (`token`), or no one (`closed`). Credentials are an initial access token, an API key or a JWT. A software statement must be of an issuer in `SOFTWARE_STATEMENT_ISSUERS`. In every mode, registered clients can manage their registration.',
    }),
    registrationMetadata: setting('REGISTRATION_METADATA', values.wordOf(METADATA_PROFILES), 'registered', {
      description: `The metadata profile: which members a registration may have. \`strict\`: ${[...CONTRACT_MEMBERS].map((member) => `\`${member}\``).join(', ')}. \`registered\`: also the members of the IANA registries of OAuth, which are stored or ignored; all others are rejected. \`lenient\`: any; unknown ones are ignored.`,
    }),
    registrationAllowedScopes: optional('REGISTRATION_ALLOWED_SCOPES', values.scopes, 'any scope', {
      description: 'The scopes that a registration may get.',
      example: 'read write',
    }),
    registrationDefaultScopes: unwritten('REGISTRATION_DEFAULT_SCOPES', values.scopes, [], 'none', {
      description:
        'The scopes of a registration that requests none, as far as `REGISTRATION_ALLOWED_SCOPES` allows them. A registration without the grant type client_credentials gets them in addition to those that it requests: its software can ask users for them later.',
      example: 'read',
    }),
    registrationAllowedGrantTypes: setting(
      'REGISTRATION_ALLOWED_GRANT_TYPES',
      values.grantTypes,
      GRANT_TYPES.join(' '),
      { description: 'The grant types that a registration may get.' },
    ),
    registrationRedirectHosts: unwritten(
      'REGISTRATION_REDIRECT_HOSTS',
      values.redirectHosts,
      { allowed: [], denied: [] },
      'any host',
      {
        description:
          'The hosts and private-use schemes that `redirect_uris`, `post_logout_redirect_uris` and `initiate_login_uri` of registrations may have.',
        example: 'localhost 127.0.0.1 *.example.com cursor: !evil.example.com',
      },
    ),
    registrationReservedNames: unwritten('REGISTRATION_RESERVED_NAMES', values.reservedNames, [], 'none', {
      description:
        'The names that client names of registrations must not begin with. An entry `*name*` also rejects client names that contain the name anywhere. Look-alike spellings, such as `4cme` for `Acme`, are rejected too.',
      example: 'Example Desktop, Example CLI',
    }),
    registrationMaxUnused: setting('REGISTRATION_MAX_UNUSED', orNone(values.count(MAX_UNUSED)), 'off', {
      description:
        'The maximum number of unused anonymous clients. Above it, a new anonymous client evicts the oldest unused one. Set it only if your authorization server reports the use of clients. Otherwise, clients that are in use count as unused.',
    }),
    registrationUnusedMinAgeMs: setting(
      'REGISTRATION_UNUSED_MIN_AGE',
      values.orOff(values.duration('1h'), 0),
      '1h',
      {
        description:
          'The minimum age at which an unused client can be evicted. `off`: no minimum. If all unused clients are younger, a new registration gets a 503.',
      },
    ),
    registrationUnusedTtlMs: setting('REGISTRATION_UNUSED_TTL', orNone(values.duration('30d')), 'off', {
      description: 'The age at which unused anonymous clients are removed. `off`: never.',
    }),
    registrationSecretTtlMs: setting('REGISTRATION_SECRET_TTL', orNone(values.duration('90d')), 'off', {
      description:
        'The lifetime of client secrets that registered clients get by registration, by `PUT`, or by issuing them. A `PUT` in the last third of this time returns another secret. `off`: secrets do not expire.',
    }),
    registrationReuse: setting('REGISTRATION_REUSE', trueFalse, 'false', {
      description:
        'Whether anonymous registrations with the same metadata get the same client. Confidential clients are shared only if they have the same software statement.',
    }),
    softwareStatementIssuers: unwritten(
      'SOFTWARE_STATEMENT_ISSUERS',
      values.softwareStatementIssuers,
      [],
      'software statements of new clients are ignored',
      {
        description:
          'The issuers whose software statements are trusted (RFC 7591 §2.3), with their public keys.',
        example: 'https://issuer.example=https://issuer.example/jwks.json',
      },
    ),
    registrationCorsOrigins: setting('REGISTRATION_CORS_ORIGINS', values.corsOrigins, '*', {
      description:
        'The origins whose pages may call the service from a browser (CORS); `*` allows all. This applies to `/v2/oauth/register`, and to the token endpoint, the keys and the metadata of the authorization server. No other path allows cross-origin requests.',
    }),
  },
  limits: {
    rateLimitRegister: setting('RATE_LIMIT_REGISTER', values.rateLimit, '60/1m', {
      description:
        'Registrations, their updates and deletions (`PUT`, `DELETE`), and secrets that registered clients issue or revoke, per address. IPv6 addresses count per /64 network, and per /48 network with sixteen times the limit.',
    }),
    rateLimitRegistrationRead: setting('RATE_LIMIT_REGISTRATION_READ', values.rateLimit, '600/1m', {
      description:
        'Reads of registrations and of their secrets (`GET /v2/oauth/register/{client_id}`, RFC 7592 §2.1) per address.',
    }),
    rateLimitFailedAuth: setting('RATE_LIMIT_FAILED_AUTH', values.rateLimit, '30/1m', {
      description:
        'Failed authentications per address, at all interfaces together. Above the limit, credentials are rejected without a check, except those that were valid within the last ten minutes. The same limit applies to the failures of each client at `/v2/oauth/clients/authenticate` and at the token, PAR, introspection and revocation endpoints; this limit per client never rejects valid credentials.',
    }),
    rateLimitGraphql: setting('RATE_LIMIT_GRAPHQL', values.rateLimit, '600/1m', {
      description: 'Requests to `/graphql` per address.',
    }),
    rateLimitAuthorize: setting('RATE_LIMIT_AUTHORIZE', values.rateLimit, '600/1m', {
      description:
        'Requests to `/v2/oauth/authorize`, the built-in consent page and `/v2/oauth/login/callback` per address.',
    }),
    rateLimitToken: setting('RATE_LIMIT_TOKEN', values.rateLimit, '6000/1m', {
      description:
        'Requests to `/v2/oauth/token` and `/v2/oauth/par` per client, for public clients per client and address, with those to `/v2/oauth/introspect` and `/v2/oauth/revoke`; all public clients of an address together have four times this limit. Each further KB that a token request stores counts as a request.',
    }),
    rateLimitTokenBytes: setting('RATE_LIMIT_TOKEN_BYTES', values.byteRate, '1000000000/1h', {
      description:
        'Bytes that requests to `/v2/oauth/token` store for clients of an organization, all of them together, with the identifiers of client assertions at all endpoints (256 bytes each). Assertions of one client have a tenth of the limit: by default 390,000 an hour. Clients of other organizations and clients without an owner never use up the limit of the organization of a user: a tenth of the limit applies to each user, for all of these clients together.',
    }),
    rateLimitOrg: setting('RATE_LIMIT_ORG', values.rateLimit, '6000/1m', {
      description:
        'Requests to `/v2/oauth/clients`, `/v2/oauth/grants` and `/v2/oauth/consent` per organization, except those of the role `service`. All its other API keys and JWTs count together.',
    }),
    rateLimitAuditBytes: setting('RATE_LIMIT_AUDIT_BYTES', values.byteRate, '50000000/1h', {
      description:
        'Bytes that creations and changes of clients store in the database and the audit log, through REST and dynamic registration, per organization. Revoking and deleting does not count. Registered software has a tenth of the limit, together for all clients with the same initial access token. So does each user for grants that they give or deny, and each API key for its sessions. For clients without an owner, the limit applies per address, and also counts their authorization requests and assertions. At an authorization server of your own, each of these clients has a tenth of the limit for its assertions.',
    }),
    maxClientsPerOrg: setting('MAX_CLIENTS_PER_ORG', orNone(values.count(MAX_CLIENTS)), 'off', {
      description:
        'The maximum number of clients of an organization, at all interfaces. Above it, the reply is a 403 `insufficient_scope`. Deleted clients do not count. The service keeps at most ten times this number (at least 100) of deleted clients of an organization for restoring, and purges older ones once per minute.',
    }),
    rateLimitExempt: unwritten('RATE_LIMIT_EXEMPT', values.addresses, [], 'none', {
      description: 'The addresses and networks that have no rate limits.',
      example: '198.51.100.0/24',
    }),
    rateLimitRaised: unwritten('RATE_LIMIT_RAISED', values.raisedLimits, [], 'none', {
      description:
        'Networks with a higher rate limit per address, for addresses that many users share. `RANGE=50` multiplies each limit per address by 50. Limits per organization or client stay the same.',
      example: '203.0.113.0/24=50',
    }),
    redisUrl: optional('REDIS_URL', values.redisUrl, 'each instance counts for itself', {
      description: 'The Redis server in which all instances count requests for rate limits together.',
      example: 'redis://:PASSWORD@127.0.0.1:6379/0',
    }),
  },
  authorization: {
    authorizationServer: optional('AUTHORIZATION_SERVER', onOff, '`on`, in production `off`', {
      description:
        'Whether the built-in authorization server issues tokens for registered clients. In production it requires an https or loopback `PUBLIC_URL`, which is the issuer identifier.',
      example: 'on',
    }),
    authorizationResources: unwritten(
      'AUTHORIZATION_RESOURCES',
      values.resources,
      [],
      'only this service; outside of production also any loopback URL',
      {
        description:
          'The resources, which are the APIs that access tokens are issued for: their identifiers (RFC 8707), separated by spaces. Append `=jwt` to an identifier to issue its tokens as JWTs (RFC 9068). Other tokens are opaque.',
        example: 'https://api.example https://mcp.example/mcp=jwt',
      },
    ),
    authorizationRestrictedScopes: unwritten('AUTHORIZATION_RESTRICTED_SCOPES', values.scopes, [], 'none', {
      description:
        'The scopes that only clients of organizations and verified clients can get in tokens. This protects against anonymous clients: members of any organization can create clients that get these scopes. Anonymous clients can still register them if `REGISTRATION_ALLOWED_SCOPES` allows it.',
      example: 'admin',
    }),
    authorizationConsentUrl: optional(
      'AUTHORIZATION_CONSENT_URL',
      values.httpUrl('an http or https URL of your consent page'),
      'the built-in page',
      {
        description:
          'Your page that asks users for consent. The browser opens it with `?consent_token=…`. The page calls `/v2/oauth/consent/{consent_token}` and `/v2/oauth/grants` with the API key or JWT of the user.',
        example: 'https://portal.example/consent',
      },
    ),
    authorizationLoginIssuer: optional('AUTHORIZATION_LOGIN_ISSUER', openidIssuer, 'no sign-in', {
      description:
        'The OpenID provider at which users sign in before they are asked for consent. Register `PUBLIC_URL/v2/oauth/login/callback` there as the redirect URI.',
      example: 'https://login.example',
    }),
    authorizationLoginClientId: optional(
      'AUTHORIZATION_LOGIN_CLIENT_ID',
      values.text('the client_id of this service at AUTHORIZATION_LOGIN_ISSUER'),
      'none',
      {
        description:
          'The `client_id` of this service at the OpenID provider. Required with `AUTHORIZATION_LOGIN_ISSUER`.',
        example: 'oauth-client-registry',
      },
    ),
    authorizationLoginClientSecret: optional(
      'AUTHORIZATION_LOGIN_CLIENT_SECRET',
      values.text('the client secret of this service at AUTHORIZATION_LOGIN_ISSUER'),
      'a public client, which has PKCE only',
      { description: 'The client secret of this service at the OpenID provider.' },
    ),
    authorizationLoginOrgClaim: setting(
      'AUTHORIZATION_LOGIN_ORG_CLAIM',
      values.text('the name of a claim'),
      'org_id',
      {
        description:
          'The claim of the ID token that names the organization of the user, such as `tid` (Entra) or `hd` (Google). A dot in the name selects a member of an object. Users without the claim are rejected.',
      },
    ),
    authorizationLoginScope: setting('AUTHORIZATION_LOGIN_SCOPE', openidScope, 'openid', {
      description:
        'The scopes to request from the OpenID provider. Some providers need a scope before they send a claim.',
      example: 'openid email',
    }),
    signingKeySecret: optional(
      'SIGNING_KEY_SECRET',
      values.keySecret,
      'on SQLite, a file beside the database; on PostgreSQL, no JWTs are signed',
      {
        description:
          'The secret that encrypts the private signing keys in the database; make one with `openssl rand -base64 33`. All instances need the same one.',
      },
    ),
    signingKeyRotationMs: setting('SIGNING_KEY_ROTATION', orNone(values.duration('90d')), '90d', {
      description:
        'The age at which a signing key is replaced. The next key is published a day before it signs. `off`: never.',
    }),
  },
  retention: {
    deletedClientRetentionMs: setting('DELETED_CLIENT_RETENTION', values.duration('30d'), '30d', {
      description:
        'How long a deleted client can be restored. Expired and revoked secrets are purged after the same time.',
    }),
    auditRetentionMs: setting('AUDIT_RETENTION', orNone(values.duration('400d')), 'off', {
      description: 'How long audit events are kept. `off`: forever.',
    }),
    purgeMaxClockSkewMs: setting('PURGE_MAX_CLOCK_SKEW', values.duration('1d'), '1d', {
      description:
        'How far the clock may be ahead of the trusted time before the service distrusts the clock. This prevents a wrong clock from purging rows too early.',
    }),
  },
  observability: {
    logLevel: setting('LOG_LEVEL', values.logLevel, 'info', {
      description: 'The lowest level that is logged.',
    }),
    metricsPort: optional('METRICS_PORT', values.port, 'no metrics', {
      description:
        'The port of `GET /metrics` for Prometheus. It has no authentication: do not expose it. `0` picks a free port.',
      example: '9464',
    }),
    metricsHost: optional('METRICS_HOST', values.text('a host name or address'), 'the value of `HOST`', {
      description: 'The address to serve the metrics on.',
      example: '127.0.0.1',
    }),
    tracesEndpoint: optional('OTEL_EXPORTER_OTLP_ENDPOINT', values.httpBase, 'no traces', {
      description:
        'The OpenTelemetry collector that traces are sent to, by OTLP over HTTP as JSON (`ENDPOINT/v1/traces`). The OpenTelemetry SDK reads its other variables itself.',
      example: 'http://127.0.0.1:4318',
    }),
  },
  console: {
    adminConsole: setting('ADMIN_CONSOLE', onOff, 'on', {
      description: 'Whether the service serves the console at `/admin` and accepts its sign-ins.',
    }),
    graphqlExplorer: optional('GRAPHQL_EXPLORER', onOff, '`on`, in production `off`', {
      description: 'Whether GraphQL introspection and the in-browser explorer are on.',
      example: 'off',
    }),
  },
};

const settings = {
  ...topics.server,
  ...topics.database,
  ...topics.authentication,
  ...topics.registration,
  ...topics.limits,
  ...topics.authorization,
  ...topics.retention,
  ...topics.observability,
  ...topics.console,
};

/** The settings of each topic, for the reference. */
export const TOPICS: Readonly<Record<keyof typeof topics, Readonly<Record<string, Setting<unknown>>>>> =
  topics;

type Settings = typeof settings;

/** Everything that an operator can set, read and checked once. */
export type Config = { readonly [K in keyof Settings]: Settings[K]['fallback'] } & {
  /** The proxy of HTTPS_PROXY, which is for all programs; null unless EGRESS_PROXY is on. */
  readonly httpsProxy: string | null;
};

/** The configuration before it is validated: an invalid value is undefined. */
type Unchecked = { readonly [K in keyof Config]: Config[K] | undefined };

/** Injection token of the {@link Config}. */
export const CONFIG = Symbol('Config');

/** Names of all variables that the service reads. */
export const VARIABLES: readonly string[] = Object.values(settings).map(({ variable }) => variable);

/**
 * Reads the configuration from `env`.
 * @param faults what is wrong already with where `env` comes from
 * @throws ConfigError with a line for each fault
 */
export function readConfig(env: NodeJS.ProcessEnv, faults: readonly string[] = []): Config {
  const found = [...faults];
  const note = (fault: string | undefined) => void (fault !== undefined && found.push(fault));
  for (const name of Object.keys(env)) note(nameFault(name, VARIABLES, env));
  const read = Object.fromEntries(
    Object.entries(settings).map(([key, definition]) => [key, readSetting(definition, env, note)]),
  ) as unknown as Unchecked;
  const config = { ...read, httpsProxy: read.egressProxy ? readProxy(env, note) : null };
  note(jwtFault(config));
  note(statementFault(config));
  for (const fault of authorizationFaults(config)) note(fault);
  if (found.length > 0) throw new ConfigError(...found);
  return config as Config;
}

/** What belongs together and is not all there. */
function jwtFault({ jwtIssuer, jwtAudience, ...others }: Unchecked): string | undefined {
  if (jwtIssuer && jwtAudience === null) return settingFault('jwtAudience');
  const needIssuer = [
    jwtAudience,
    others.jwtJwksUri,
    others.jwtType,
    others.jwtAdmin,
    others.jwtService,
    others.jwtViewer,
  ];
  return jwtIssuer === null && needIssuer.some((value) => value !== null)
    ? `${settingFault('jwtIssuer')}; without it no token is accepted`
    : undefined;
}

/** Whether the built-in authorization server is on. In production an upgrade must not open new endpoints. */
export const isAuthorizationServerOn = ({
  authorizationServer,
  production,
}: Pick<Unchecked, 'authorizationServer' | 'production'>): boolean => authorizationServer ?? !production;

/** Whether private keys can be stored, encrypted: on SQLite, a file beside the database has the secret if the configuration has none. */
export const canSignTokens = ({
  signingKeySecret,
  database,
}: Pick<Unchecked, 'signingKeySecret' | 'database'>): boolean =>
  signingKeySecret !== null || database?.engine !== 'postgres';

function authorizationFaults(config: Unchecked): string[] {
  if (!isAuthorizationServerOn(config)) return [];
  const { publicUrl, production, database, signingKeySecret, authorizationResources } = config;
  const faults = loginFaults(config);
  if (trustsItself(config)) {
    faults.push(
      'AUTH_JWT_ISSUER takes an issuer other than PUBLIC_URL while AUTHORIZATION_SERVER is on: clients choose the scopes of its tokens',
    );
  }
  if (production && (publicUrl === null || (publicUrl && !isSecureOrigin(publicUrl)))) {
    faults.push(
      'PUBLIC_URL takes an https URL, or one of the loopback interface; AUTHORIZATION_SERVER=on requires it',
    );
  }
  const hasJwt = authorizationResources?.some(({ tokenFormat }) => tokenFormat === 'jwt');
  if (hasJwt && !canSignTokens({ signingKeySecret, database })) {
    faults.push(
      'SIGNING_KEY_SECRET takes at least 32 characters; a resource with =jwt requires it on PostgreSQL',
    );
  }
  return faults;
}

/** Whether the API would accept the tokens of the built-in authorization server. */
function trustsItself({ jwtIssuer, publicUrl, host, port }: Unchecked): boolean {
  if (!jwtIssuer || publicUrl === undefined || host === undefined || port === undefined) return false;
  const own = publicUrl ?? httpUrlOf(host, port);
  return URL.canParse(own) && new URL(own).href === new URL(jwtIssuer.replace(/\/+$/, '')).href;
}

function loginFaults(config: Unchecked): string[] {
  const { authorizationLoginIssuer: issuer, authorizationLoginClientId: clientId } = config;
  const faults: string[] = [];
  if (issuer && clientId === null) {
    faults.push(`${settingFault('authorizationLoginClientId')}; AUTHORIZATION_LOGIN_ISSUER requires it`);
  }
  if (issuer === null && (clientId || config.authorizationLoginClientSecret)) {
    faults.push(`${settingFault('authorizationLoginIssuer')}; without it no user signs in`);
  }
  if (issuer && config.authorizationConsentUrl) {
    faults.push('AUTHORIZATION_CONSENT_URL and AUTHORIZATION_LOGIN_ISSUER exclude each other');
  }
  return faults;
}

const isSecureOrigin = (url: string) => url.startsWith('https:') || isLoopback(new URL(url));

function readProxy(env: NodeJS.ProcessEnv, note: (fault: string) => void): string | null {
  const proxy = (env.HTTPS_PROXY ?? env.https_proxy ?? '').trim();
  if (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol)) return proxy;
  note('EGRESS_PROXY is on, so HTTPS_PROXY takes the http or https URL of a proxy');
  return null;
}

/** Why no one could register with a software statement if one is required. */
function statementFault({
  registrationMode,
  registrationMetadata,
  softwareStatementIssuers: issuers,
}: Unchecked): string | undefined {
  if (registrationMode !== 'statement') return undefined;
  if (issuers?.length === 0) {
    return `${settingFault('softwareStatementIssuers')}; REGISTRATION_MODE=statement requires it`;
  }
  return registrationMetadata === 'strict'
    ? 'REGISTRATION_MODE=statement requires REGISTRATION_METADATA=registered or lenient'
    : undefined;
}

const faultOf = ({ variable, takes }: Setting<unknown>) => `${variable} takes ${takes}`;

/** The error for an invalid value of a variable. */
export const settingFault = (key: keyof Settings) => faultOf(settings[key]);

/** With an error, the value has no meaning. */
function readSetting(
  definition: Setting<unknown>,
  env: NodeJS.ProcessEnv,
  note: (fault: string) => void,
): unknown {
  const raw = env[definition.variable]?.trim();
  if (!raw) return definition.fallback;
  try {
    const value = definition.read(raw);
    if (value === undefined) note(faultOf(definition));
    return value;
  } catch (error) {
    note(`${definition.variable} ${(error as Error).message}`);
    return undefined;
  }
}
