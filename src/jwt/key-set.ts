import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type ExportedJWKSCache,
  type JSONWebKeySet,
  jwksCache,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  type RemoteJWKSetOptions,
} from 'jose';
import { readJwt } from './read-jwt.js';

/** Keys that verify JWTs: those that are here, and those that have to be fetched. */
export interface KeySet {
  /** The keys that need no fetch; null: there are none, or they are too old. */
  known: () => JWTVerifyGetKey | null;
  /** All keys, which are fetched if a JWT names another, unless that was done a moment ago; null: there are no others. */
  fetched: RemoteKeys | null;
}

interface RemoteKeys {
  keys: ReturnType<typeof createRemoteJWKSet>;
  /** When the latest set was fetched. */
  fetchedAt: () => number;
  cooldownMs: number;
}

/** Whether there is a key is not known: the set was fetched a moment ago without it, and is not fetched again yet. */
export class KeyNotFetched extends Error {
  /** @param retryAfterSeconds until the set is fetched again */
  constructor(readonly retryAfterSeconds: number) {
    super('The key set was fetched a moment ago without the key.');
  }
}

/** How far the clock of an issuer may differ from that of this machine. */
export const CLOCK_TOLERANCE_SECONDS = 30;

export function localKeySet(jwks: JSONWebKeySet): KeySet {
  const keys = createLocalJWKSet(jwks);
  return { known: () => keys, fetched: null };
}

/** @param cooldownMs after a fetch, for which an unknown key causes no other */
export function remoteKeySet(url: URL, cooldownMs: number, options: RemoteJWKSetOptions): KeySet {
  const latest: Partial<ExportedJWKSCache> = {};
  const fetched = createRemoteJWKSet(url, {
    ...options,
    cooldownDuration: cooldownMs,
    [jwksCache]: latest as ExportedJWKSCache,
  });
  let keys: JWTVerifyGetKey | null = null;
  const known = () => {
    if (latest.jwks !== undefined) {
      keys = createLocalJWKSet(latest.jwks);
      // A copy less in memory
      delete latest.jwks;
    }
    return fetched.fresh ? keys : null;
  };
  return { known, fetched: { keys: fetched, fetchedAt: () => latest.uat ?? 0, cooldownMs } };
}

/**
 * Verifies a JWT. One with a known key waits for no fetch that another one causes.
 * @param wait runs a verification that can wait for a fetch, or rejects it
 * @param maxTried how many keys are tried if the JWT does not say which one it was signed with
 * @throws KeyNotFetched if the key may have been published since the set was fetched
 */
export async function verifyWithKeySet(
  token: string,
  { known, fetched }: KeySet,
  options: JWTVerifyOptions,
  wait: (verify: () => Promise<JWTVerifyResult>) => Promise<JWTVerifyResult>,
  maxTried = Infinity,
): Promise<JWTVerifyResult> {
  const keys = known();
  if (keys !== null) {
    try {
      return await verifyWithKeys(token, keys, options, maxTried);
    } catch (error) {
      if (fetched === null || !(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
  }
  const { coolingDown, reloading } = fetched!.keys;
  try {
    return await wait(() => verifyWithKeys(token, fetched!.keys, options, maxTried));
  } catch (error) {
    // Otherwise, the set was fetched for this JWT
    const isOlder = coolingDown || reloading;
    if (isOlder && error instanceof errors.JWKSNoMatchingKey) throwIfNotFetched(token, fetched!);
    throw error;
  }
}

/** The key of a JWT that was issued before the set was fetched would be in it, and no key has a name that is not a string. */
function throwIfNotFetched(token: string, { fetchedAt, cooldownMs }: RemoteKeys): void {
  // Read before by the caller
  const { header, claims } = readJwt(token)!;
  const { iat } = claims;
  if (typeof header.kid !== 'string') return;
  const fetched = fetchedAt();
  if (typeof iat === 'number' && (iat + CLOCK_TOLERANCE_SECONDS) * 1000 < fetched) return;
  // The clock of the machine may be set
  const leftMs = Math.min(Math.max(fetched + cooldownMs - Date.now(), 0), cooldownMs);
  throw new KeyNotFetched(Math.max(1, Math.ceil(leftMs / 1000)));
}

/** A JWT that does not say which key it was signed with may fit several; they are tried one by one. */
async function verifyWithKeys(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
  maxTried: number,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let tried = 0;
    for await (const key of error) {
      if (++tried > maxTried) break;
      try {
        return await jwtVerify(token, key, options);
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}
