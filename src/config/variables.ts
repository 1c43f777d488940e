import { type GrantType, GRANT_TYPES } from '../policy/grant-types.js';
import { METADATA_PROFILES, type MetadataProfile } from '../policy/metadata-members.js';
import { REGISTRATION_MODES, type RegistrationMode } from '../policy/registration.js';
import { ConfigError } from './config-error.js';
import { type DatabaseConfig, readDatabaseUrl } from './database-url.js';
import { readDuration } from './duration.js';
import { nameFault } from './misspelled-variables.js';
import {
  type ClaimValue,
  type SoftwareStatementIssuer,
  type RedirectHosts,
  type RateLimit,
  type RaisedLimit,
  LOG_LEVELS,
  BOOTSTRAP_KEY,
  MS_PER_HOUR,
  MS_PER_DAY,
  MAX_UNUSED,
  MAX_CLIENTS,
  RATE_LIMIT,
  text,
  port,
  oneOfThese,
  oneOf,
  owner,
  httpUrl,
  plainUrl,
  baseUrl,
  rateLimit,
  byteRate,
  addresses,
  raisedLimits,
  redisUrl,
  corsOrigins,
  trustedProxies,
  claimValue,
  grantTypes,
  scopes,
  redirectHosts,
  reservedNames,
  durationOrOff,
  countOrOff,
  softwareStatementIssuers,
} from './values.js';

export { ConfigError };
export type { DatabaseConfig };
export type { ClaimValue, SoftwareStatementIssuer, RedirectHosts, RateLimit, RaisedLimit } from './values.js';

interface Setting<T> {
  /** The environment variable. */
  variable: string;
  /** What a good value looks like; completes the sentence "VARIABLE takes …". */
  takes: string;
  /** The value that `raw` stands for, or undefined where it stands for none; may throw what completes "VARIABLE …". */
  read: (raw: string) => T | undefined;
  /** The value where the variable is unset or empty. */
  fallback: T;
}

/** Only there to let the compiler infer `T` per setting. */
const setting = <T>(definition: Setting<T>): Setting<T> => definition;

const settings = {
  /** Whether this is a production start: JSON logs, no explorer, no banner. */
  production: setting({
    variable: 'NODE_ENV',
    takes: 'production, development or test',
    read: oneOfThese({ production: true, development: false, test: false }),
    fallback: false,
  }),
  /** Address to listen on. */
  host: setting({ variable: 'HOST', takes: 'a host name or address', read: text, fallback: '127.0.0.1' }),
  /** Port to listen on; 0 picks a free one. */
  port: setting({ variable: 'PORT', takes: 'a port number from 0 to 65535', read: port, fallback: 3000 }),
  /** Where callers reach the service; null: where it listens. Never taken from the Host header. */
  publicUrl: setting<string | null>({
    variable: 'PUBLIC_URL',
    takes: 'an absolute http or https URL without credentials, query and fragment',
    read: baseUrl,
    fallback: null,
  }),
  database: setting<DatabaseConfig>({
    variable: 'DATABASE_URL',
    takes: 'sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME',
    read: readDatabaseUrl,
    fallback: { engine: 'sqlite', path: 'data/registry.sqlite' },
  }),
  /** The first admin key; null: one is made on the first start of an empty SQLite database. */
  bootstrapApiKey: setting<string | null>({
    variable: 'BOOTSTRAP_API_KEY',
    takes: `a secret string of ${BOOTSTRAP_KEY.min} to ${BOOTSTRAP_KEY.max} printable ASCII characters without spaces`,
    read: (raw) =>
      /^[\x21-\x7e]+$/.test(raw) && raw.length >= BOOTSTRAP_KEY.min && raw.length <= BOOTSTRAP_KEY.max
        ? raw
        : undefined,
    fallback: null,
  }),
  bootstrapOrgId: setting({
    variable: 'BOOTSTRAP_ORG_ID',
    takes: 'the organization of the bootstrap key, at most 255 visible characters',
    read: owner,
    fallback: 'default',
  }),
  bootstrapUserId: setting({
    variable: 'BOOTSTRAP_USER_ID',
    takes: 'the user of the bootstrap key, at most 255 visible characters',
    read: owner,
    fallback: 'admin',
  }),
  /** Issuer whose JWTs are accepted beside API keys; null: none are. Compared to `iss` as it stands. */
  jwtIssuer: setting<string | null>({
    variable: 'AUTH_JWT_ISSUER',
    takes: 'the https or http URL of the token issuer',
    read: plainUrl,
    fallback: null,
  }),
  /** The `aud` that a JWT must have; required with an issuer, or tokens meant for other services would open this one. */
  jwtAudience: setting<string | null>({
    variable: 'AUTH_JWT_AUDIENCE',
    takes: 'the audience that stands for this service in the tokens of AUTH_JWT_ISSUER',
    read: text,
    fallback: null,
  }),
  /** Key set of the issuer; null: ISSUER/.well-known/jwks.json. */
  jwtJwksUri: setting<string | null>({
    variable: 'AUTH_JWT_JWKS_URI',
    takes: "an http or https URL of the issuer's JSON Web Key Set",
    read: httpUrl,
    fallback: null,
  }),
  /** The claim of a JWT that makes an admin; null: all JWTs are those of members. */
  jwtAdmin: setting<ClaimValue | null>({
    variable: 'AUTH_JWT_ADMIN',
    takes: 'CLAIM=VALUE, such as roles=registry-admin or realm_access.roles=registry-admin',
    read: claimValue,
    fallback: null,
  }),
  /** The `typ` that the header of a JWT must have; null: any. */
  jwtType: setting<string | null>({
    variable: 'AUTH_JWT_TYPE',
    takes: 'a media type, such as at+jwt (RFC 9068)',
    read: (raw) => (/^[\w.+-]+(\/[\w.+-]+)?$/.test(raw) ? raw : undefined),
    fallback: null,
  }),
  /** Who may register: anyone, whoever has credentials, or nobody. */
  registrationMode: setting<RegistrationMode>({
    variable: 'REGISTRATION_MODE',
    takes: 'open, token or closed',
    read: oneOf(REGISTRATION_MODES),
    fallback: 'open',
  }),
  /** How a registration request with members beyond the contract is read. */
  registrationMetadata: setting<MetadataProfile>({
    variable: 'REGISTRATION_METADATA',
    takes: METADATA_PROFILES.join(', ').replace(/, (?=\w+$)/, ' or '),
    read: oneOf(METADATA_PROFILES),
    fallback: 'registered',
  }),
  /** Scopes that a registration may get; null: any. */
  registrationAllowedScopes: setting<readonly string[] | null>({
    variable: 'REGISTRATION_ALLOWED_SCOPES',
    takes: 'scope tokens separated by spaces or commas',
    read: scopes,
    fallback: null,
  }),
  /** Scopes that a registration gets which names none. */
  registrationDefaultScopes: setting<readonly string[]>({
    variable: 'REGISTRATION_DEFAULT_SCOPES',
    takes: 'scope tokens separated by spaces or commas',
    read: scopes,
    fallback: [],
  }),
  /** Grant types that a registration may get. */
  registrationAllowedGrantTypes: setting<readonly GrantType[]>({
    variable: 'REGISTRATION_ALLOWED_GRANT_TYPES',
    takes: `any of ${GRANT_TYPES.join(', ')}, separated by spaces or commas`,
    read: grantTypes,
    fallback: GRANT_TYPES,
  }),
  /** Where the redirect URIs of registrations may lead. */
  registrationRedirectHosts: setting<RedirectHosts>({
    variable: 'REGISTRATION_REDIRECT_HOSTS',
    takes:
      'hosts such as example.com, *.example.com or localhost, and private-use schemes such as cursor:, separated by spaces or ' +
      'commas, with a ! before each that is denied',
    read: redirectHosts,
    fallback: { allowed: [], denied: [] },
  }),
  /** Names that no registration may be taken for. */
  registrationReservedNames: setting<readonly string[]>({
    variable: 'REGISTRATION_RESERVED_NAMES',
    takes:
      'names of at least three letters or digits, or *name* to find it anywhere, separated by commas or line breaks',
    read: reservedNames,
    fallback: [],
  }),
  /** Anonymous clients that nobody has used yet, at most; null: any number. */
  registrationMaxUnused: setting<number | null>({
    variable: 'REGISTRATION_MAX_UNUSED',
    takes: `a count from 1 to ${MAX_UNUSED}, or off`,
    read: countOrOff(MAX_UNUSED),
    fallback: null,
  }),
  /** How long an unused client is safe from making room for another, in milliseconds. */
  registrationUnusedMinAgeMs: setting({
    variable: 'REGISTRATION_UNUSED_MIN_AGE',
    takes: 'a duration such as 1h (m, h or d), or off',
    read: (raw) => (raw === 'off' ? 0 : readDuration(raw)),
    fallback: MS_PER_HOUR,
  }),
  /** After which an unused client is removed, in milliseconds; null: never. */
  registrationUnusedTtlMs: setting<number | null>({
    variable: 'REGISTRATION_UNUSED_TTL',
    takes: 'a duration such as 30d (m, h or d), or off',
    read: durationOrOff,
    fallback: null,
  }),
  /** Whether anonymous registrations of a public client that ask for the same get the same client. */
  registrationReuse: setting({
    variable: 'REGISTRATION_REUSE',
    takes: 'true or false',
    read: oneOfThese({ true: true, false: false }),
    fallback: false,
  }),
  /** Whose software statements are believed (RFC 7591 §2.3); none: statements are ignored. */
  softwareStatementIssuers: setting<readonly SoftwareStatementIssuer[]>({
    variable: 'SOFTWARE_STATEMENT_ISSUERS',
    takes:
      'pairs ISSUER=JWKS separated by spaces, JWKS being the http or https URL of a JSON Web Key Set of public keys, or the ' +
      'path of a readable file with one',
    read: softwareStatementIssuers,
    fallback: [],
  }),
  /** Registrations, and changes to one's own, that one address may send; null: any number. */
  rateLimitRegister: setting<RateLimit | null>({
    variable: 'RATE_LIMIT_REGISTER',
    takes: RATE_LIMIT,
    read: rateLimit,
    fallback: { points: 60, durationSeconds: 60 },
  }),
  /** Bad credentials that one address may send, through all doors; null: any number. */
  rateLimitFailedAuth: setting<RateLimit | null>({
    variable: 'RATE_LIMIT_FAILED_AUTH',
    takes: RATE_LIMIT,
    read: rateLimit,
    fallback: { points: 30, durationSeconds: 60 },
  }),
  /** Requests for registrations (RFC 7592 §2.1) that one address may send; null: any number. */
  rateLimitRegistrationRead: setting<RateLimit | null>({
    variable: 'RATE_LIMIT_REGISTRATION_READ',
    takes: RATE_LIMIT,
    read: rateLimit,
    fallback: { points: 600, durationSeconds: 60 },
  }),
  /** Requests to GraphQL that one address may send; null: any number. */
  rateLimitGraphql: setting<RateLimit | null>({
    variable: 'RATE_LIMIT_GRAPHQL',
    takes: RATE_LIMIT,
    read: rateLimit,
    fallback: { points: 600, durationSeconds: 60 },
  }),
  /** Clients that an organization may have, deleted ones not counted; null: any number. */
  maxClientsPerOrg: setting<number | null>({
    variable: 'MAX_CLIENTS_PER_ORG',
    takes: `a count from 1 to ${MAX_CLIENTS}, or off`,
    read: countOrOff(MAX_CLIENTS),
    fallback: null,
  }),
  /** Requests to the clients of an organization that it may send; null: any number. */
  rateLimitOrg: setting<RateLimit | null>({
    variable: 'RATE_LIMIT_ORG',
    takes: RATE_LIMIT,
    read: rateLimit,
    fallback: { points: 6_000, durationSeconds: 60 },
  }),
  /**
   * Bytes that an organization may add to the audit trail by changes of its clients, at REST and at registration, or an address by those
   * of clients that belong to nobody; null: any number.
   */
  rateLimitAuditBytes: setting<RateLimit | null>({
    variable: 'RATE_LIMIT_AUDIT_BYTES',
    takes: 'BYTES/DURATION such as 50000000/1h (s, m or h, at most 24h), or off',
    read: byteRate,
    fallback: { points: 50_000_000, durationSeconds: 3600 },
  }),
  /** Addresses and networks that no rate limit holds for. */
  rateLimitExempt: setting<readonly string[]>({
    variable: 'RATE_LIMIT_EXEMPT',
    takes: 'addresses and CIDR ranges, separated by spaces or commas',
    read: addresses,
    fallback: [],
  }),
  /** Addresses and networks whose every address has a multiple of each limit, such as those that many users share. */
  rateLimitRaised: setting<readonly RaisedLimit[]>({
    variable: 'RATE_LIMIT_RAISED',
    takes:
      'pairs RANGE=TIMES separated by spaces or commas, RANGE being an address or CIDR range and TIMES from 1 to 999999',
    read: raisedLimits,
    fallback: [],
  }),
  /** Where rate limits are counted for all instances together; null: each counts for itself. */
  redisUrl: setting<string | null>({
    variable: 'REDIS_URL',
    takes: 'redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// for TLS',
    read: redisUrl,
    fallback: null,
  }),
  /** Whose pages may register software from a browser: any, these origins, or null for none. */
  registrationCorsOrigins: setting<'*' | readonly string[] | null>({
    variable: 'REGISTRATION_CORS_ORIGINS',
    takes:
      '*, origins such as https://app.example or tauri://localhost separated by spaces or commas, or off',
    read: corsOrigins,
    fallback: '*',
  }),
  /** Proxies whose X-Forwarded-For is believed. */
  trustProxy: setting<false | number | string[]>({
    variable: 'TRUST_PROXY',
    takes: 'false, the number of proxies in front (1 to 99), or their addresses and CIDR ranges',
    read: trustedProxies,
    fallback: false,
  }),
  /** How long deleted clients can be restored, in milliseconds. */
  deletedClientRetentionMs: setting({
    variable: 'DELETED_CLIENT_RETENTION',
    takes: 'a duration such as 30d (m, h or d)',
    read: readDuration,
    fallback: 30 * MS_PER_DAY,
  }),
  /** How long events of the audit trail are kept, in milliseconds; null: for ever. */
  auditRetentionMs: setting<number | null>({
    variable: 'AUDIT_RETENTION',
    takes: 'a duration such as 400d (m, h or d), or off',
    read: durationOrOff,
    fallback: null,
  }),
  /** How far the clock may be ahead of the last reading and still be believed by what removes for good, in milliseconds. */
  purgeMaxClockSkewMs: setting({
    variable: 'PURGE_MAX_CLOCK_SKEW',
    takes: 'a duration such as 1d (m, h or d)',
    read: readDuration,
    fallback: MS_PER_DAY,
  }),
  logLevel: setting<(typeof LOG_LEVELS)[number]>({
    variable: 'LOG_LEVEL',
    takes: LOG_LEVELS.join(', '),
    read: oneOf(LOG_LEVELS),
    fallback: 'info',
  }),
  /** Port of the metrics, `GET /metrics`; 0 picks a free one; null: none are counted. */
  metricsPort: setting<number | null>({
    variable: 'METRICS_PORT',
    takes: 'a port number from 0 to 65535',
    read: port,
    fallback: null,
  }),
  /** Address to serve the metrics on; null: the one of the service. */
  metricsHost: setting<string | null>({
    variable: 'METRICS_HOST',
    takes: 'a host name or address',
    read: text,
    fallback: null,
  }),
  /** Where traces are sent, by OTLP over HTTP; null: none are made. The SDK reads its other variables itself. */
  tracesEndpoint: setting<string | null>({
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    takes:
      'the absolute http or https URL of an OpenTelemetry collector, without credentials, query and fragment',
    read: baseUrl,
    fallback: null,
  }),
  /** Whether the admin console is served, and operators may sign in by a browser. */
  adminConsole: setting({
    variable: 'ADMIN_CONSOLE',
    takes: 'on or off',
    read: oneOfThese({ on: true, off: false }),
    fallback: true,
  }),
  /** GraphQL introspection and the in-browser explorer; null: on, except in production. */
  graphqlExplorer: setting<boolean | null>({
    variable: 'GRAPHQL_EXPLORER',
    takes: 'on or off',
    read: oneOfThese({ on: true, off: false }),
    fallback: null,
  }),
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
