import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import { type GrantType, GRANT_TYPES, isGrantType } from '../policy/grants/grant-types.js';
import { type JsonWebKeySet, jwksFaults } from '../policy/metadata/jwks.js';
import { ownerName, ownerNameFaults } from '../policy/names/owner-name.js';
import {
  identifierFaults,
  normalizeIdentifier,
  type ResourceDraft,
  type TokenFormat,
} from '../policy/resource.js';
import { isRedirectTarget } from '../policy/uris/redirect-host.js';
import { isReservable } from '../policy/reserved-name.js';
import { isScopeToken } from '../policy/grants/scope.js';
import { DURATION, DURATION_UNITS, readDuration } from './duration.js';
import { rejectBadEscapes } from './percent-encoding.js';

/** A kind of value that a variable may have. */
export interface Value<T> {
  /** The form of a valid value; completes the sentence "VARIABLE takes …". */
  takes: string;
  /** The same as JSON Schema, as far as it can say it: never stricter than `read`. */
  schema?: object;
  /** The value of `raw`, or undefined if it is invalid; may throw an error that completes "VARIABLE …". */
  read: (raw: string) => T | undefined;
}

/** A claim, and the value that it must have, or contain. */
export interface ClaimValue {
  claim: string;
  value: string;
}

/** A trusted issuer of software statements. */
export interface SoftwareStatementIssuer {
  /** Compared to `iss` literally. */
  issuer: string;
  /** The public keys, or the URL where they are. */
  jwks: string | JsonWebKeySet;
}

/** Where redirect URIs of registrations may lead, and where not. */
export interface RedirectHosts {
  /** None: anywhere that is not denied. */
  allowed: readonly string[];
  denied: readonly string[];
}

/** At most `points` requests in `durationSeconds`. */
export interface RateLimit {
  points: number;
  durationSeconds: number;
}

/** Addresses with a multiple of the rate limit of others. */
export interface RaisedLimit {
  /** An address, or a network in CIDR notation. */
  network: string;
  times: number;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const SECONDS = { s: 1, m: 60, h: 3600 } as const;
const MAX_RATE_LIMIT_SECONDS = 86_400;
const BOOTSTRAP_KEY = { min: 32, max: 512 };
const MIN_RSA_BITS = 2048;

/** At least one item, and all of them valid. */
function readEach<T>(items: string[], read: (item: string) => T | undefined): T[] | undefined {
  const good = items.map(read).filter((item) => item !== undefined);
  return items.length > 0 && good.length === items.length ? good : undefined;
}

const words = (raw: string) => raw.split(/[\s,]+/).filter(Boolean);
const wordsThat =
  <T extends string>(isGood: (word: string) => word is T) =>
  (raw: string) =>
    readEach(words(raw), (word) => (isGood(word) ? word : undefined));

/** A value with a pattern and, optionally, further rules. */
const matching = <T>(
  takes: string,
  pattern: RegExp,
  read: (raw: string, parts: string[]) => T | undefined,
): Value<T> => ({
  takes,
  schema: { pattern: pattern.source },
  read: (raw) => {
    const match = pattern.exec(raw);
    return match ? read(raw, match.slice(1)) : undefined;
  },
});

/** Or `off`, which represents another value. */
export const orOff = <T, Off>({ takes, schema, read }: Value<T>, off: Off): Value<T | Off> => ({
  takes: `${takes}, or off`,
  ...(schema && { schema: { anyOf: [schema, { const: 'off' }] } }),
  read: (raw) => (raw === 'off' ? off : read(raw)),
});

/** One of several words, each of which represents a value. */
export const oneOf = <T>(values: Record<string, T>): Value<T> => ({
  takes: Object.keys(values)
    .join(', ')
    .replace(/, (?=\w+$)/, ' or '),
  schema: { enum: Object.keys(values) },
  read: (raw) => (Object.hasOwn(values, raw) ? values[raw] : undefined),
});

/** One of some words. */
export const wordOf = <T extends string>(known: readonly T[]): Value<T> =>
  oneOf(Object.fromEntries(known.map((word) => [word, word])) as Record<T, T>);

export const logLevel = { ...wordOf(LOG_LEVELS), takes: LOG_LEVELS.join(', ') };

export const text = (takes: string): Value<string> => ({ takes, read: (raw) => raw });

export const port = matching('a port number from 0 to 65535', /^\d{1,5}$/, (raw) =>
  Number(raw) <= 65535 ? Number(raw) : undefined,
);

/** A count from 1. */
export const count = (max: number) =>
  matching(`a count from 1 to ${max}`, /^[1-9]\d{0,9}$/, (raw) =>
    Number(raw) <= max ? Number(raw) : undefined,
  );

/** In milliseconds. */
export const duration = (example: string): Value<number> => ({
  takes: `a duration such as ${example} (${DURATION_UNITS})`,
  schema: { pattern: DURATION.source },
  read: readDuration,
});

/** @param maxDigits of the number in front of the slash */
const rate = (example: string, maxDigits: number) =>
  matching<RateLimit>(
    `${example} (s, m or h, at most 24h)`,
    new RegExp(`^([1-9]\\d{0,${maxDigits - 1}})/(\\d{1,4})?([smh])$`),
    (_raw, [points, count = '1', unit]) => {
      const durationSeconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
      const isGood = durationSeconds > 0 && durationSeconds <= MAX_RATE_LIMIT_SECONDS;
      return isGood ? { points: Number(points), durationSeconds } : undefined;
    },
  );

/** Null: any number. */
export const rateLimit = orOff(rate('COUNT/DURATION such as 60/1m', 7), null);
export const byteRate = orOff(rate('BYTES/DURATION such as 50000000/1h', 12), null);

export const owner = (whose: string): Value<string> => ({
  takes: `${whose}, at most 255 visible characters`,
  read: (raw) => (ownerNameFaults(raw).length === 0 ? ownerName(raw) : undefined),
});

export const bootstrapKey = matching(
  `a secret string of ${BOOTSTRAP_KEY.min} to ${BOOTSTRAP_KEY.max} printable ASCII characters without spaces`,
  new RegExp(`^[\\x21-\\x7e]{${BOOTSTRAP_KEY.min},${BOOTSTRAP_KEY.max}}$`),
  (raw) => raw,
);

/** The `typ` of a JWT. */
export const mediaType = matching(
  'a media type, such as at+jwt (RFC 9068)',
  /^[\w.+-]+(\/[\w.+-]+)?$/,
  (raw) => raw,
);

const readHttpUrl = (raw: string) =>
  /^https?:\/\/[^\s/?#\\@]+(?:[/?][^\s#\\]*)?$/.test(raw) && URL.canParse(raw) ? raw : undefined;
const readPlainUrl = (raw: string) => (raw.includes('?') ? undefined : readHttpUrl(raw));

/** An absolute http or https URL without credentials and fragment, as it was written. */
export const httpUrl = (takes: string): Value<string> => ({ takes, read: readHttpUrl });

/** One without a query, as an issuer is (RFC 8414 §2). */
export const plainUrl = (takes: string): Value<string> => ({ takes, read: readPlainUrl });

/** One that paths can be appended to. */
export const httpBase: Value<string> = {
  takes: 'an absolute http or https URL without credentials, query and fragment',
  read: (raw) => readPlainUrl(raw)?.replace(/\/+$/, ''),
};

/** One endpoint, with credentials and the number of a database where there are any. */
export const redisUrl: Value<string> = {
  takes: 'redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// for TLS',
  read: (raw) => {
    if (!/^rediss?:\/\/[^\s/?#]+(?:\/\d{0,5})?$/.test(raw) || !URL.canParse(raw)) return undefined;
    rejectBadEscapes(raw);
    return raw;
  },
};

/** In the usual spelling only: `10.1` is an address too, but not the one that was meant. */
function isAddressOrNetwork(value: string): value is string {
  const [address = '', bits] = value.split('/');
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return isAddress && (bits === undefined || (ipaddr.isValidCIDR(value) && Number(bits) > 0));
}

const readAddresses = wordsThat(isAddressOrNetwork);

export const addresses: Value<readonly string[]> = {
  takes: 'addresses and CIDR ranges, separated by spaces or commas',
  read: readAddresses,
};

export const raisedLimits: Value<readonly RaisedLimit[]> = {
  takes:
    'pairs RANGE=TIMES separated by spaces or commas, RANGE being an address or CIDR range and TIMES from 1 to 999999',
  read: (raw) =>
    readEach(words(raw), (pair) => {
      const [, network = '', times] = /^([^=]+)=([1-9]\d{0,5})$/.exec(pair) ?? [];
      return isAddressOrNetwork(network) ? { network, times: Number(times) } : undefined;
    }),
};

/** What Fastify calls `trustProxy`. Trusting everyone is not an option: it lets any caller forge its address. */
export const trustedProxies: Value<false | number | string[]> = {
  takes: 'false, the number of proxies in front (1 to 99), or their addresses and CIDR ranges',
  read: (raw) => {
    if (raw === 'false') return false;
    return /^[1-9]\d?$/.test(raw) ? Number(raw) : readAddresses(raw);
  },
};

/** Origin of an app with a scheme of its own, such as tauri://localhost: URL has no origin for it. */
const APP_ORIGIN = /^(?!(https?|wss?|ftp|file|blob|data|javascript):)[a-z][a-z\d+.-]*:\/\/[\w.-]+(:\d+)?$/;

/** Whether a browser sends it, character by character (RFC 6454 §6.2). */
const isOrigin = (value: string): value is string =>
  APP_ORIGIN.test(value) || (!value.includes('*') && URL.canParse(value) && new URL(value).origin === value);

/** Origins that may call; null: none. */
export const corsOrigins = orOff<'*' | readonly string[], null>(
  {
    takes: '*, origins such as https://app.example or tauri://localhost separated by spaces or commas',
    read: (raw) => (raw === '*' ? '*' : wordsThat(isOrigin)(raw)),
  },
  null,
);

/** Split at the first equals sign. @param role of the example */
export const claimValue = (role: string) =>
  matching<ClaimValue>(
    `CLAIM=VALUE, such as roles=registry-${role} or realm_access.roles=registry-${role}`,
    /^([^\s=]+)=(\S.*)$/,
    (_raw, [claim, value]) => ({ claim: claim!, value: value! }),
  );

export const grantTypes: Value<readonly GrantType[]> = {
  takes: `any of ${GRANT_TYPES.join(', ')}, separated by spaces or commas`,
  read: wordsThat(isGrantType),
};

export const scopes: Value<readonly string[]> = {
  takes: 'scope tokens separated by spaces or commas',
  read: wordsThat(isScopeToken),
};

export const redirectHosts: Value<RedirectHosts> = {
  takes:
    'hosts such as example.com, *.example.com or localhost, and private-use schemes such as cursor:, separated by spaces or ' +
    'commas, with a ! before each that is denied',
  read: (raw) => {
    const isDenial = (word: string) => word.startsWith('!');
    const allowed = words(raw).filter((word) => !isDenial(word));
    const denied = words(raw)
      .filter(isDenial)
      .map((word) => word.slice(1));
    const targets = [...allowed, ...denied];
    return targets.length > 0 && targets.every(isRedirectTarget) ? { allowed, denied } : undefined;
  },
};

/** Names have spaces, so they are separated by commas and line breaks. */
export const reservedNames: Value<readonly string[]> = {
  takes:
    'names of at least three letters or digits, or *name* to find it anywhere, separated by commas or line breaks',
  read: (raw) => {
    const names = raw.split(/[,\n]/).map((name) => name.trim());
    return readEach(names.filter(Boolean), (name) => (isReservable(name) ? name : undefined));
  },
};

export const softwareStatementIssuers: Value<readonly SoftwareStatementIssuer[]> = {
  takes:
    'pairs ISSUER=JWKS separated by spaces, JWKS being the http or https URL of a JSON Web Key Set of public keys, or the ' +
    'path of a readable file with one',
  read: (raw) => {
    const issuers = readEach(raw.split(/\s+/), (pair) => {
      const [, issuer, place] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      const jwks = place && (/^https?:/.test(place) ? readHttpUrl(place) : keysInFile(place));
      return issuer && jwks ? { issuer, jwks } : undefined;
    });
    const names = new Set(issuers?.map(({ issuer }) => issuer));
    return names.size === issuers?.length ? issuers : undefined;
  },
};

function keysInFile(path: string): JsonWebKeySet | undefined {
  try {
    const jwks: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const isGood = jwksFaults(jwks).length === 0 && (jwks as JsonWebKeySet).keys.every(isStrongKey);
    return isGood ? (jwks as JsonWebKeySet) : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 7518 §3.3. @throws Error if it is not a key at all */
function isStrongKey(jwk: object): boolean {
  const { asymmetricKeyDetails } = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  return (asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS;
}

/** A resource that access tokens are issued for. */
export type ConfiguredResource = Pick<ResourceDraft, 'identifier' | 'tokenFormat'>;

const MAX_RESOURCES = 100;

/** Identifiers of resources, each with the format of its tokens. */
export const resources: Value<readonly ConfiguredResource[]> = {
  takes: `at most ${MAX_RESOURCES} absolute URIs without a fragment; =jwt after a URI, if its tokens are JWTs`,
  read: (raw) => {
    const read = readEach(words(raw), readResource);
    return read !== undefined && read.length <= MAX_RESOURCES ? read : undefined;
  },
};

function readResource(word: string): ConfiguredResource | undefined {
  const [, uri = '', format = 'opaque'] = /^(.*?)(?:=(jwt|opaque))?$/.exec(word)!;
  if (identifierFaults(uri).length > 0) return undefined;
  return { identifier: normalizeIdentifier(uri), tokenFormat: format as TokenFormat };
}

/** A secret that encrypts what is stored. */
export const keySecret = matching(
  `a secret of ${BOOTSTRAP_KEY.min} to ${BOOTSTRAP_KEY.max} printable ASCII characters`,
  new RegExp(`^[\\x21-\\x7e]{${BOOTSTRAP_KEY.min},${BOOTSTRAP_KEY.max}}$`),
  (raw) => raw,
);
