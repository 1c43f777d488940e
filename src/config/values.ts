import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import { type GrantType, isGrantType } from '../policy/grant-types.js';
import { type JsonWebKeySet, jwksFaults } from '../policy/metadata/jwks.js';
import { ownerName, ownerNameFaults } from '../policy/names/owner-name.js';
import { isRedirectTarget } from '../policy/uris/redirect-host.js';
import { isReservable } from '../policy/reserved-name.js';
import { isScopeToken } from '../policy/scope.js';
import { readDuration } from './duration.js';
import { refuseBadEscapes } from './percent-encoding.js';

/** A claim, and the value that it must have, or contain. */
export interface ClaimValue {
  claim: string;
  value: string;
}

/** Somebody whose software statements are believed. */
export interface SoftwareStatementIssuer {
  /** Compared to `iss` as it stands. */
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

/** Addresses that may send so many times as much as others. */
export interface RaisedLimit {
  /** An address, or a network in CIDR notation. */
  network: string;
  times: number;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const SECONDS = { s: 1, m: 60, h: 3600 } as const;
export const BOOTSTRAP_KEY = { min: 32, max: 512 };
export const MS_PER_HOUR = 3_600_000;
export const MS_PER_DAY = 86_400_000;
const MIN_RSA_BITS = 2048;
/** They are counted again and again. */
export const MAX_UNUSED = 1_000_000;
export const MAX_CLIENTS = 1_000_000_000;
const MAX_RATE_LIMIT_SECONDS = 86_400;
export const RATE_LIMIT = 'COUNT/DURATION such as 60/1m (s, m or h, at most 24h), or off';

export const text = (raw: string) => raw;
export const port = (raw: string) =>
  /^\d{1,5}$/.test(raw) && Number(raw) <= 65535 ? Number(raw) : undefined;
export const oneOfThese =
  <T>(values: Record<string, T>) =>
  (raw: string) =>
    Object.hasOwn(values, raw) ? values[raw] : undefined;
export const oneOf =
  <T extends string>(values: readonly T[]) =>
  (raw: string) =>
    values.find((value) => value === raw);
export const owner = (raw: string) => (ownerNameFaults(raw).length === 0 ? ownerName(raw) : undefined);
const words = (raw: string) => raw.split(/[\s,]+/).filter(Boolean);

/** An absolute http or https URL without credentials and fragment, as it was written. */
export const httpUrl = (raw: string) =>
  /^https?:\/\/[^\s/?#\\@]+(?:[/?][^\s#\\]*)?$/.test(raw) && URL.canParse(raw) ? raw : undefined;

/** One without a query, as an issuer is (RFC 8414 §2). */
export const plainUrl = (raw: string) => (raw.includes('?') ? undefined : httpUrl(raw));

/** One that paths can be appended to. */
export const baseUrl = (raw: string) => plainUrl(raw)?.replace(/\/+$/, '');

/** @param maxDigits of the number in front of the slash */
function rate(raw: string, maxDigits: number): RateLimit | null | undefined {
  if (raw === 'off') return null;
  const [, points = '', count = '1', unit] = /^([1-9]\d*)\/(\d{1,4})?([smh])$/.exec(raw) ?? [];
  const durationSeconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
  const isGood =
    points && points.length <= maxDigits && durationSeconds > 0 && durationSeconds <= MAX_RATE_LIMIT_SECONDS;
  return isGood ? { points: Number(points), durationSeconds } : undefined;
}

export const rateLimit = (raw: string) => rate(raw, 7);
export const byteRate = (raw: string) => rate(raw, 12);

export function addresses(raw: string): string[] | undefined {
  return someOf(words(raw), isAddressOrNetwork);
}

export function raisedLimits(raw: string): readonly RaisedLimit[] | undefined {
  const limits = words(raw).map((pair) => {
    const [, network = '', times] = /^([^=]+)=([1-9]\d{0,5})$/.exec(pair) ?? [];
    return isAddressOrNetwork(network) ? { network, times: Number(times) } : undefined;
  });
  const good = limits.filter((limit) => limit !== undefined);
  return limits.length > 0 && good.length === limits.length ? good : undefined;
}

/** One endpoint, with credentials and the number of a database where there are any. */
export function redisUrl(raw: string): string | undefined {
  if (!/^rediss?:\/\/[^\s/?#]+(?:\/\d{0,5})?$/.test(raw) || !URL.canParse(raw)) return undefined;
  refuseBadEscapes(raw);
  return raw;
}

/** Of an app, whose scheme is its own, such as tauri://localhost: URL has no origin for it. */
const APP_ORIGIN = /^(?!(https?|wss?|ftp|file|blob|data|javascript):)[a-z][a-z\d+.-]*:\/\/[\w.-]+(:\d+)?$/;

/** Whether a browser sends it, character by character (RFC 6454 §6.2). */
const isOrigin = (value: string): value is string =>
  APP_ORIGIN.test(value) || (!value.includes('*') && URL.canParse(value) && new URL(value).origin === value);

/** Origins that may call; null: none. */
export function corsOrigins(raw: string): '*' | readonly string[] | null | undefined {
  if (raw === '*') return '*';
  if (raw === 'off') return null;
  return someOf(words(raw), isOrigin);
}

/** At least one value, and all of them good. */
function someOf<T extends string>(values: string[], isGood: (value: string) => value is T): T[] | undefined {
  return values.length > 0 && values.every(isGood) ? values : undefined;
}

/** In the usual spelling only: `10.1` is an address too, but not the one that was meant. */
function isAddressOrNetwork(value: string): value is string {
  const [address = '', bits] = value.split('/');
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return isAddress && (bits === undefined || (ipaddr.isValidCIDR(value) && Number(bits) > 0));
}

/** What Fastify calls `trustProxy`. Trusting everyone is no choice: it lets any caller forge its address. */
export function trustedProxies(raw: string): false | number | string[] | undefined {
  if (raw === 'false') return false;
  if (/^[1-9]\d?$/.test(raw)) return Number(raw);
  return addresses(raw);
}

/** Split at the first equals sign. */
export function claimValue(raw: string): ClaimValue | undefined {
  const [, claim, value] = /^([^\s=]+)=(\S.*)$/.exec(raw) ?? [];
  return claim && value ? { claim, value } : undefined;
}

export function grantTypes(raw: string): readonly GrantType[] | undefined {
  return someOf(words(raw), isGrantType);
}

export function scopes(raw: string): readonly string[] | undefined {
  return someOf(words(raw), isScopeToken);
}

export function redirectHosts(raw: string): RedirectHosts | undefined {
  const isDenial = (word: string) => word.startsWith('!');
  const allowed = words(raw).filter((word) => !isDenial(word));
  const denied = words(raw)
    .filter(isDenial)
    .map((word) => word.slice(1));
  return someOf([...allowed, ...denied], isRedirectTarget) && { allowed, denied };
}

/** Names have spaces, so they are separated by commas and line breaks. */
export function reservedNames(raw: string): readonly string[] | undefined {
  const names = raw
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter(Boolean);
  return names.length > 0 && names.every(isReservable) ? names : undefined;
}

/** Or `off`, which is null. */
export const durationOrOff = (raw: string) => (raw === 'off' ? null : readDuration(raw));

/** A count from 1, or `off`, which is null. */
export const countOrOff =
  (max: number) =>
  (raw: string): number | null | undefined => {
    if (raw === 'off') return null;
    return /^[1-9]\d{0,9}$/.test(raw) && Number(raw) <= max ? Number(raw) : undefined;
  };

export function softwareStatementIssuers(raw: string): readonly SoftwareStatementIssuer[] | undefined {
  const issuers = raw.split(/\s+/).map((pair) => {
    const [, issuer, place] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
    const jwks = place && (/^https?:/.test(place) ? httpUrl(place) : keysInFile(place));
    return issuer && jwks ? { issuer, jwks } : undefined;
  });
  const good = issuers.filter((issuer) => issuer !== undefined);
  const names = new Set(good.map(({ issuer }) => issuer));
  return names.size === issuers.length ? good : undefined;
}

function keysInFile(path: string): JsonWebKeySet | undefined {
  try {
    const jwks: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const isGood = jwksFaults(jwks).length === 0 && (jwks as JsonWebKeySet).keys.every(isStrongKey);
    return isGood ? (jwks as JsonWebKeySet) : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 7518 §3.3. @throws Error where it is no key at all */
function isStrongKey(jwk: object): boolean {
  const { asymmetricKeyDetails } = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  return (asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS;
}
