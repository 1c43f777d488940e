import { Injectable } from '@nestjs/common';
import { customFetch, errors, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { siteOf } from '../../egress/connection.js';
import { EgressError } from '../../egress/egress-error.js';
import { EgressGuard } from '../../egress/egress-guard.js';
import { RegistryError } from '../../errors/registry-error.js';
import { JsonFault, parseStrictJson } from '../../json/strict-json.js';
import {
  KeyNotFetched,
  type KeySet,
  localKeySet,
  remoteKeySet,
  verifyWithKeySet,
} from '../../jwt/key-set.js';
import { readJwt, type SentJwt } from '../../jwt/read-jwt.js';
import { ASSERTION_SIGNING_ALGORITHMS } from '../../policy/client.js';
import { isVerificationKey, type JsonWebKeySet, jwksFaults } from '../../policy/metadata/jwks.js';
import { knownUrl } from '../../policy/uris/uri.js';
import { ConcurrencyLimit } from '../../queues/concurrency-limit.js';
import type { Client } from '../client/client.js';

/** Clock skew: a client's clock may be ahead. It does not extend `exp`, since the jti is not stored longer than that. */
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_LIFETIME_SECONDS = 3600;
const MAX_JTI_LENGTH = 255;

/** RFC 8725 §3.11: a token that says that it is an access token, or anything else, is not an assertion. */
const ASSERTION_TYPE = /^(application\/)?(jwt|client-authentication\+jwt)$/i;

/** Maximum number of keys tried for an assertion without a `kid`. */
const MAX_KEYS_TRIED = 3;

const MAX_KEY_SETS = 1000;
const CACHE_MAX_AGE_MS = 600_000;
/** Between two fetches of one URL, whether they succeeded or not. */
const FETCH_PAUSE_MS = 60_000;
const FETCH_LIMITS = {
  maxBytes: 65_536,
  timeoutMs: 5000,
  accept: 'application/jwk-set+json, application/json',
};
/** Assertions of anonymous clients that wait for a fetch at once, and as many of all others. */
const MAX_WAITING = 50;
/** Of those, for keys of one site: a slow one must not take the place of others. Anyone can have a few sites. */
const MAX_WAITING_FOR_SITE = { anonymous: 10, known: 25 };

/** What clients share. */
interface Pool {
  /** By `jwks_uri`, which clients may have in common. */
  remoteKeySets: LRUCache<string, KeySet>;
  waiting: ConcurrencyLimit;
  waitingForSite: ConcurrencyLimit;
}

const aPool = (mostForSite: number): Pool => ({
  remoteKeySets: new LRUCache({ max: MAX_KEY_SETS }),
  waiting: new ConcurrencyLimit(MAX_WAITING),
  waitingForSite: new ConcurrencyLimit(mostForSite),
});

/** Claims of a valid assertion. */
export type AssertionClaims = JWTPayload & { jti: string; exp: number };

/** A valid assertion, or why it is not: a sentence for operators. */
export type VerifiedAssertion = { claims: AssertionClaims; kid: string | null } | { fault: string };

/** The key set, rather than the assertion, is to blame. */
class KeySetFault extends Error {}

/** Verifies assertions with the keys that their client registered: `private_key_jwt` (RFC 7523 §3). */
@Injectable()
export class ClientKeys {
  /** Anyone can register any number of clients, whose keys come late or never: they have a pool of their own. */
  private readonly pools = {
    anonymous: aPool(MAX_WAITING_FOR_SITE.anonymous),
    known: aPool(MAX_WAITING_FOR_SITE.known),
  };
  /** Registered key sets by client and version. Separate, since any client can add sets to the others at no cost. */
  private readonly localKeySets = new LRUCache<string, KeySet>({ max: MAX_KEY_SETS });

  constructor(private readonly egress: EgressGuard) {}

  /**
   * Verifies everything but whether the `jti` was used before. Keys in the header of an assertion are ignored.
   * @param audience the issuer of the authorization server: the only audience that an assertion may have (draft-ietf-oauth-rfc7523bis)
   * @throws RegistryError `temporarily_unavailable` if too many others wait for keys, or the keys are not fetched again yet
   */
  async verify(client: Client, assertion: string, audience: string): Promise<VerifiedAssertion> {
    const sent = readJwt(assertion);
    if (sent === null) return { fault: 'The assertion is not a signed JWT.' };
    // Before the signature: an assertion that cannot be valid makes no one fetch keys
    const fault = headerFault(sent, client) ?? claimsFault(sent, client.id, audience);
    if (fault !== undefined) return { fault };
    try {
      return await this.verifySignature(client, assertion, sent);
    } catch (error) {
      if (error instanceof KeyNotFetched) throw notFetched(error);
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      return { fault: reason };
    }
  }

  private async verifySignature(
    client: Client,
    assertion: string,
    { header: { kid } }: SentJwt,
  ): Promise<VerifiedAssertion> {
    const { payload } = await verifyWithKeySet(
      assertion,
      this.keySetOf(client),
      { algorithms: algorithmsOf(client), clockTolerance: CLOCK_TOLERANCE_SECONDS },
      (verify) => this.waitFor(client, verify),
      MAX_KEYS_TRIED,
    );
    return { claims: payload as AssertionClaims, kid: typeof kid === 'string' ? kid : null };
  }

  /** @throws RegistryError `temporarily_unavailable` if too many wait already: the assertion may be valid */
  private waitFor<T>(client: Client, verify: () => Promise<T>): Promise<T> {
    const { waiting, waitingForSite } = this.poolOf(client);
    const site = siteOf(knownUrl(client.metadata.jwksUri!));
    return waitingForSite.run(site, () => waiting.run('all', verify));
  }

  private poolOf(client: Client): Pool {
    return this.pools[isAnonymous(client) ? 'anonymous' : 'known'];
  }

  private keySetOf(client: Client): KeySet {
    const { id, version, metadata } = client;
    const { jwks, jwksUri } = metadata;
    const [sets, name] =
      jwksUri === undefined
        ? [this.localKeySets, `${id} ${version}`]
        : [this.poolOf(client).remoteKeySets, jwksUri];
    const known = sets.get(name);
    if (known !== undefined) return known;
    const keys =
      jwksUri === undefined
        ? localKeySet(verificationKeys(jwks))
        : this.remoteKeys(jwksUri, isAnonymous(client));
    sets.set(name, keys);
    return keys;
  }

  private remoteKeys(url: string, isAnonymous: boolean): KeySet {
    // The clock of the machine may be set
    let pausedUntil = 0;
    let failure: unknown = new KeySetFault('The keys at jwks_uri were fetched a moment ago.');
    const fetchKeys = async () => {
      if (performance.now() < pausedUntil) throw failure;
      pausedUntil = performance.now() + FETCH_PAUSE_MS;
      try {
        return Response.json(await this.fetchKeys(url, isAnonymous));
      } catch (error) {
        failure = error;
        // Nothing was asked of the client's server
        if (error instanceof RegistryError) pausedUntil = 0;
        throw error;
      }
    };
    return remoteKeySet(knownUrl(url), FETCH_PAUSE_MS, {
      [customFetch]: fetchKeys,
      cacheMaxAge: CACHE_MAX_AGE_MS,
    });
  }

  private async fetchKeys(url: string, isAnonymous: boolean): Promise<JsonWebKeySet> {
    const reply = await this.egress.fetch(url, { ...FETCH_LIMITS, isAnonymous });
    if (reply.status !== 200) throw new KeySetFault(`jwks_uri answered with the status ${reply.status}.`);
    return verificationKeys(parsed(new Uint8Array(await reply.arrayBuffer())));
  }
}

/** Not a fault, and not logged: anyone can name an unknown key of a client, and its new key would be rejected for a minute. */
const notFetched = ({ retryAfterSeconds }: KeyNotFetched) =>
  new RegistryError(
    'temporarily_unavailable',
    'The key of the assertion is not at jwks_uri, which was fetched a moment ago. Retry after the time in Retry-After.',
    { retryAfterSeconds, isByDesign: true },
  );

/** @throws KeySetFault */
function parsed(jwks: Uint8Array): unknown {
  try {
    return parseStrictJson(jwks);
  } catch (error) {
    throw error instanceof JsonFault ? new KeySetFault(`The reply of jwks_uri ${error.message}.`) : error;
  }
}

/** Whether no one answers for the client: no owner, no operator who verified it or issued the token of its registration. */
const isAnonymous = ({ orgId, verified, initialAccessTokenId }: Client): boolean =>
  orgId === null && !verified && initialAccessTokenId === null;

/** What jose and the guard throw if the client or its server is to blame; undefined for anything else. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof KeySetFault || error instanceof EgressError) return error.message;
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return 'The signature of the assertion is invalid.';
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return 'The client has no key that fits the "alg" and "kid" of the assertion.';
  }
  // A key that Node.js cannot import
  if (error instanceof errors.JOSEError || error instanceof TypeError || isImportFailure(error)) {
    return `The assertion could not be verified: ${error.message}`;
  }
  return undefined;
}

const isImportFailure = (error: unknown): error is DOMException => error instanceof DOMException;

/** @throws KeySetFault */
function verificationKeys(jwks: unknown): JsonWebKeySet {
  const [fault] = jwksFaults(jwks);
  if (fault !== undefined) throw new KeySetFault(`The key set of the client ${fault}.`);
  // RFC 7517 §5: keys with values out of the supported ranges are ignored
  return { keys: bounded((jwks as JsonWebKeySet).keys.filter(isVerificationKey).map(withoutOthers)) };
}

/** Limits of a cached key, and of all keys of a cached set, in characters of JSON. An RSA key of 4,096 bits has 800. */
const MAX_KEY_LENGTH = 1_024;
const MAX_SET_LENGTH = 10_240;

/** Without keys that are larger than any that verifies, and those beyond the size of a set. */
function bounded(keys: object[]): object[] {
  let total = 0;
  return keys.filter((key) => {
    const { length } = JSON.stringify(key);
    if (length <= MAX_KEY_LENGTH) total += length;
    return length <= MAX_KEY_LENGTH && total <= MAX_SET_LENGTH;
  });
}

/** What verifies signatures, and chooses the key for it (RFC 7517 §4, RFC 7518 §6). */
const USED_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use', 'key_ops'];

/** A key as it is remembered: its other members may be large. */
const withoutOthers = (key: object): object =>
  Object.fromEntries(Object.entries(key).filter(([name]) => USED_MEMBERS.includes(name)));

const algorithmsOf = ({ metadata: { tokenEndpointAuthSigningAlg: algorithm } }: Client): string[] =>
  ASSERTION_SIGNING_ALGORITHMS.filter((known) => algorithm === undefined || known === algorithm);

function headerFault({ header: { alg, typ = 'JWT' } }: SentJwt, client: Client): string | undefined {
  if (typeof typ !== 'string' || !ASSERTION_TYPE.test(typ)) {
    return 'The "typ" of the assertion must be JWT, client-authentication+jwt or absent.';
  }
  const algorithms = algorithmsOf(client);
  return typeof alg === 'string' && algorithms.includes(alg)
    ? undefined
    : `The "alg" of the assertion must be one of ${algorithms.join(', ')}.`;
}

/** Its issuer chose the type of every claim. */
function claimsFault({ claims }: SentJwt, clientId: string, audience: string): string | undefined {
  const { iss, sub, aud, exp, iat, nbf, jti }: Record<string, unknown> = claims;
  const now = Date.now() / 1000;
  if (iss !== clientId || sub !== clientId) {
    return '"iss" and "sub" of the assertion must be the client_id.';
  }
  const [only, ...others] = [aud].flat();
  if (only !== audience || others.length > 0) {
    return `"aud" of the assertion must be ${audience} alone.`;
  }
  if (typeof exp !== 'number' || exp <= now) return 'The assertion is expired, or has no "exp".';
  if (exp > now + MAX_LIFETIME_SECONDS + CLOCK_TOLERANCE_SECONDS) {
    return `"exp" of the assertion must be at most ${MAX_LIFETIME_SECONDS} s ahead.`;
  }
  const isPast = (time: unknown) =>
    time === undefined || (typeof time === 'number' && time <= now + CLOCK_TOLERANCE_SECONDS);
  if (!isPast(iat) || !isPast(nbf)) return '"iat" and "nbf" of the assertion must not be in the future.';
  return typeof jti === 'string' && jti !== '' && jti.length <= MAX_JTI_LENGTH
    ? undefined
    : `"jti" of the assertion must be a string of 1 to ${MAX_JTI_LENGTH} characters.`;
}
