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

/** Keys that verify JWTs: those that are here, and those that have to be fetched. */
export interface KeySet {
  /** The keys that need no fetch; null: there are none, or they are too old. */
  known: () => JWTVerifyGetKey | null;
  /** All keys, which are fetched if a JWT names another, unless that was done a moment ago; null: there are no others. */
  fetched: JWTVerifyGetKey | null;
}

export function localKeySet(jwks: JSONWebKeySet): KeySet {
  const keys = createLocalJWKSet(jwks);
  return { known: () => keys, fetched: null };
}

export function remoteKeySet(url: URL, options: RemoteJWKSetOptions): KeySet {
  const latest: Partial<ExportedJWKSCache> = {};
  const fetched = createRemoteJWKSet(url, { ...options, [jwksCache]: latest as ExportedJWKSCache });
  let keys: JWTVerifyGetKey | null = null;
  const known = () => {
    if (latest.jwks !== undefined) {
      keys = createLocalJWKSet(latest.jwks);
      // A copy less in memory
      delete latest.jwks;
    }
    return fetched.fresh ? keys : null;
  };
  return { known, fetched };
}

/**
 * Verifies a JWT. One with a known key waits for no fetch that another one causes.
 * @param wait runs a verification that can wait for a fetch, or rejects it
 * @param maxTried how many keys are tried if the JWT does not say which one it was signed with
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
  return wait(() => verifyWithKeys(token, fetched!, options, maxTried));
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
