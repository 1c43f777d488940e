import { GRANT_TYPES } from '../policy/grant-types.js';
import { METADATA_PROFILES } from '../policy/metadata-members.js';
import { REGISTRATION_MODES } from '../policy/registration.js';
import { ConfigError } from './config-error.js';
import { type DatabaseConfig, readDatabaseUrl } from './database-url.js';
import { nameFault } from './misspelled-variables.js';
import * as values from './values.js';

export { ConfigError };
export type { DatabaseConfig };
export type { ClaimValue, SoftwareStatementIssuer, RedirectHosts, RateLimit, RaisedLimit } from './values.js';

const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 86_400_000;
/** They are counted again and again. */
const MAX_UNUSED = 1_000_000;
const MAX_CLIENTS = 1_000_000_000;

interface Setting<T> extends values.Value<T> {
  /** The environment variable. */
  variable: string;
  /** The value where the variable is unset or empty. */
  fallback: T;
}

const setting = <T>(variable: string, value: values.Value<T>, fallback: NoInfer<T>): Setting<T> => ({
  ...value,
  variable,
  fallback,
});

/** One that is null where the variable is unset or empty. */
const optional = <T>(variable: string, value: values.Value<T>): Setting<T | null> => ({
  ...value,
  variable,
  fallback: null,
});

const perMinute = (points: number) => ({ points, durationSeconds: 60 });

const settings = {
  /** Whether this is a production start: JSON logs, no explorer, no banner. */
  production: setting(
    'NODE_ENV',
    values.oneOf<boolean>({ production: true, development: false, test: false }),
    false,
  ),
  /** Address to listen on. */
  host: setting('HOST', values.text('a host name or address'), '127.0.0.1'),
  /** Port to listen on; 0 picks a free one. */
  port: setting('PORT', values.port, 3000),
  /** Where callers reach the service; null: where it listens. Never taken from the Host header. */
  publicUrl: optional(
    'PUBLIC_URL',
    values.baseUrl('an absolute http or https URL without credentials, query and fragment'),
  ),
  database: setting<DatabaseConfig>(
    'DATABASE_URL',
    { takes: 'sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME', read: readDatabaseUrl },
    { engine: 'sqlite', path: 'data/registry.sqlite' },
  ),
  /** The first admin key; null: one is made on the first start of an empty SQLite database. */
  bootstrapApiKey: optional('BOOTSTRAP_API_KEY', values.bootstrapKey),
  bootstrapOrgId: setting(
    'BOOTSTRAP_ORG_ID',
    values.owner('the organization of the bootstrap key'),
    'default',
  ),
  bootstrapUserId: setting('BOOTSTRAP_USER_ID', values.owner('the user of the bootstrap key'), 'admin'),
  /** Issuer whose JWTs are accepted beside API keys; null: none are. Compared to `iss` as it stands. */
  jwtIssuer: optional('AUTH_JWT_ISSUER', values.plainUrl('the https or http URL of the token issuer')),
  /** The `aud` that a JWT must have; required with an issuer, or tokens meant for other services would open this one. */
  jwtAudience: optional(
    'AUTH_JWT_AUDIENCE',
    values.text('the audience that stands for this service in the tokens of AUTH_JWT_ISSUER'),
  ),
  /** Key set of the issuer; null: ISSUER/.well-known/jwks.json. */
  jwtJwksUri: optional(
    'AUTH_JWT_JWKS_URI',
    values.httpUrl("an http or https URL of the issuer's JSON Web Key Set"),
  ),
  /** The claim of a JWT that makes an admin; null: all JWTs are those of members. */
  jwtAdmin: optional('AUTH_JWT_ADMIN', values.claimValue),
  /** The `typ` that the header of a JWT must have; null: any. */
  jwtType: optional('AUTH_JWT_TYPE', values.mediaType),
  /** Who may register: anyone, whoever has credentials, or nobody. */
  registrationMode: setting('REGISTRATION_MODE', values.wordOf(REGISTRATION_MODES), 'open'),
  /** How a registration request with members beyond the contract is read. */
  registrationMetadata: setting('REGISTRATION_METADATA', values.wordOf(METADATA_PROFILES), 'registered'),
  /** Scopes that a registration may get; null: any. */
  registrationAllowedScopes: optional('REGISTRATION_ALLOWED_SCOPES', values.scopes),
  /** Scopes that a registration gets which names none. */
  registrationDefaultScopes: setting('REGISTRATION_DEFAULT_SCOPES', values.scopes, []),
  /** Grant types that a registration may get. */
  registrationAllowedGrantTypes: setting('REGISTRATION_ALLOWED_GRANT_TYPES', values.grantTypes, GRANT_TYPES),
  /** Where the redirect URIs of registrations may lead. */
  registrationRedirectHosts: setting('REGISTRATION_REDIRECT_HOSTS', values.redirectHosts, {
    allowed: [],
    denied: [],
  }),
  /** Names that no registration may be taken for. */
  registrationReservedNames: setting('REGISTRATION_RESERVED_NAMES', values.reservedNames, []),
  /** Anonymous clients that nobody has used yet, at most; null: any number. */
  registrationMaxUnused: optional('REGISTRATION_MAX_UNUSED', values.orOff(values.count(MAX_UNUSED), null)),
  /** How long an unused client is safe from making room for another, in milliseconds. */
  registrationUnusedMinAgeMs: setting(
    'REGISTRATION_UNUSED_MIN_AGE',
    values.orOff(values.duration('1h'), 0),
    MS_PER_HOUR,
  ),
  /** After which an unused client is removed, in milliseconds; null: never. */
  registrationUnusedTtlMs: optional('REGISTRATION_UNUSED_TTL', values.orOff(values.duration('30d'), null)),
  /** Whether anonymous registrations of a public client that ask for the same get the same client. */
  registrationReuse: setting(
    'REGISTRATION_REUSE',
    values.oneOf<boolean>({ true: true, false: false }),
    false,
  ),
  /** Whose software statements are believed (RFC 7591 §2.3); none: statements are ignored. */
  softwareStatementIssuers: setting('SOFTWARE_STATEMENT_ISSUERS', values.softwareStatementIssuers, []),
  /** Registrations, and changes to one's own, that one address may send; null: any number. */
  rateLimitRegister: setting('RATE_LIMIT_REGISTER', values.rateLimit, perMinute(60)),
  /** Bad credentials that one address may send, through all doors; null: any number. */
  rateLimitFailedAuth: setting('RATE_LIMIT_FAILED_AUTH', values.rateLimit, perMinute(30)),
  /** Requests for registrations (RFC 7592 §2.1) that one address may send; null: any number. */
  rateLimitRegistrationRead: setting('RATE_LIMIT_REGISTRATION_READ', values.rateLimit, perMinute(600)),
  /** Requests to GraphQL that one address may send; null: any number. */
  rateLimitGraphql: setting('RATE_LIMIT_GRAPHQL', values.rateLimit, perMinute(600)),
  /** Clients that an organization may have, deleted ones not counted; null: any number. */
  maxClientsPerOrg: optional('MAX_CLIENTS_PER_ORG', values.orOff(values.count(MAX_CLIENTS), null)),
  /** Requests to the clients of an organization that it may send; null: any number. */
  rateLimitOrg: setting('RATE_LIMIT_ORG', values.rateLimit, perMinute(6_000)),
  /** Bytes that an organization, or an address without one, may write by creating and changing clients; null: any number. */
  rateLimitAuditBytes: setting('RATE_LIMIT_AUDIT_BYTES', values.byteRate, {
    points: 50_000_000,
    durationSeconds: 3600,
  }),
  /** Addresses and networks that no rate limit holds for. */
  rateLimitExempt: setting('RATE_LIMIT_EXEMPT', values.addresses, []),
  /** Addresses and networks whose every address has a multiple of each limit, such as those that many users share. */
  rateLimitRaised: setting('RATE_LIMIT_RAISED', values.raisedLimits, []),
  /** Where rate limits are counted for all instances together; null: each counts for itself. */
  redisUrl: optional('REDIS_URL', values.redisUrl),
  /** Whose pages may register software from a browser: any, these origins, or null for none. */
  registrationCorsOrigins: setting('REGISTRATION_CORS_ORIGINS', values.corsOrigins, '*'),
  /** Proxies whose X-Forwarded-For is believed. */
  trustProxy: setting('TRUST_PROXY', values.trustedProxies, false),
  /** How long deleted clients can be restored, in milliseconds. */
  deletedClientRetentionMs: setting('DELETED_CLIENT_RETENTION', values.duration('30d'), 30 * MS_PER_DAY),
  /** How long events of the audit trail are kept, in milliseconds; null: for ever. */
  auditRetentionMs: optional('AUDIT_RETENTION', values.orOff(values.duration('400d'), null)),
  /** How far the clock may be ahead of the last reading and still be believed by what removes for good, in milliseconds. */
  purgeMaxClockSkewMs: setting('PURGE_MAX_CLOCK_SKEW', values.duration('1d'), MS_PER_DAY),
  logLevel: setting('LOG_LEVEL', values.logLevel, 'info'),
  /** Port of the metrics, `GET /metrics`; 0 picks a free one; null: none are counted. */
  metricsPort: optional('METRICS_PORT', values.port),
  /** Address to serve the metrics on; null: the one of the service. */
  metricsHost: optional('METRICS_HOST', values.text('a host name or address')),
  /** Where traces are sent, by OTLP over HTTP; null: none are made. The SDK reads its other variables itself. */
  tracesEndpoint: optional(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    values.baseUrl(
      'the absolute http or https URL of an OpenTelemetry collector, without credentials, query and fragment',
    ),
  ),
  /** Whether the admin console is served, and operators may sign in by a browser. */
  adminConsole: setting('ADMIN_CONSOLE', values.oneOf<boolean>({ on: true, off: false }), true),
  /** GraphQL introspection and the in-browser explorer; null: on, except in production. */
  graphqlExplorer: optional('GRAPHQL_EXPLORER', values.oneOf<boolean>({ on: true, off: false })),
};

type Settings = typeof settings;

/** Everything that an operator can set, read and checked once. */
export type Config = { readonly [K in keyof Settings]: Settings[K]['fallback'] };

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
  const config = Object.fromEntries(
    Object.entries(settings).map(([key, definition]) => [key, readSetting(definition, env, note)]),
  ) as unknown as Config;
  note(jwtFault(config));
  if (found.length > 0) throw new ConfigError(...found);
  return config;
}

/** What belongs together and is not all there. An issuer that is a fault itself is undefined here. */
function jwtFault({ jwtIssuer, jwtAudience, ...others }: Config): string | undefined {
  if (jwtIssuer && jwtAudience === null) return settingFault('jwtAudience');
  const needIssuer = [jwtAudience, others.jwtJwksUri, others.jwtAdmin, others.jwtType];
  return jwtIssuer === null && needIssuer.some((value) => value !== null)
    ? `${settingFault('jwtIssuer')}; without it no token is accepted`
    : undefined;
}

const faultOf = ({ variable, takes }: Setting<unknown>) => `${variable} takes ${takes}`;

/** What to tell an operator whose value of a setting cannot be used. */
export const settingFault = (key: keyof Config) => faultOf(settings[key]);

/** Where there is a fault, the value has no meaning. */
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
