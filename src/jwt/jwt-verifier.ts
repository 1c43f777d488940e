import {
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyOptions,
} from 'jose';
import { RegistryError, RETRY_AFTER_SECONDS } from '../errors/registry-error.js';
import { knownUrl } from '../policy/uris/uri.js';
import { ConcurrencyLimit } from '../queues/concurrency-limit.js';
import {
  CLOCK_TOLERANCE_SECONDS,
  KeyNotFetched,
  type KeySet,
  localKeySet,
  remoteKeySet,
  verifyWithKeySet,
} from './key-set.js';
import { readJwt } from './read-jwt.js';

/** Signatures that only the issuer can make; never `none`, never a shared secret (RFC 8725 §3.1, §3.2). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Verifications that wait for the issuer's keys at once. Further ones are rejected: a server that hangs must not fill this one. */
const MAX_WAITING_FOR_KEYS = 50;

/** Between two fetches of the issuer's keys: anyone can cause them with unknown keys, and a new key is unknown for as long. */
const COOLDOWN_MS = 5_000;

/** The issuer's key set, rather than the token, is to blame. */
class KeysUnavailable extends Error {}

/** Verifies JWTs of one issuer. */
export class JwtVerifier {
  private readonly keys: KeySet;
  private readonly waiting = new ConcurrencyLimit(MAX_WAITING_FOR_KEYS);

  /** @param jwks the issuer's public keys, or the URL where they are */
  constructor(
    private readonly issuer: string,
    jwks: string | JSONWebKeySet,
  ) {
    this.keys =
      typeof jwks === 'string'
        ? remoteKeySet(knownUrl(jwks), COOLDOWN_MS, { [customFetch]: fetchWithPauses() })
        : localKeySet(jwks);
  }

  /**
   * The claims of a token that the issuer signed and that is valid now; null if it is not.
   * @param rejected called with the claim if the issuer signed the token, but for something else
   * @throws RegistryError `temporarily_unavailable` if the issuer's keys could not be fetched, or are not fetched again yet
   */
  async verify(
    token: string,
    options: Pick<JWTVerifyOptions, 'audience' | 'requiredClaims' | 'typ'> = {},
    rejected: (claim: string) => void = () => undefined,
  ): Promise<JWTPayload | null> {
    const sent = readJwt(token);
    if (sent === null) return null;
    const { issuer } = this;
    const all = { ...options, issuer, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_SECONDS };
    try {
      const { payload } = await verifyWithKeySet(token, this.keys, all, (verify) =>
        this.waiting.run('all', verify),
      );
      return payload;
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      if (error instanceof KeyNotFetched) {
        if (!this.mayBeValid(sent.claims)) return null;
        throw notFetched(error);
      }
      if (isAboutTheKeySet(error)) throw unavailable(error);
      // Found after the signature is verified; JWTExpired is an error of its own
      if (error instanceof errors.JWTClaimValidationFailed) rejected(error.claim);
      return null;
    }
  }

  /** Whether a retry with another key could succeed. It cannot with a token of another issuer, or an expired one. */
  private mayBeValid({ iss, exp }: JWTPayload): boolean {
    const isOver = typeof exp === 'number' && exp + CLOCK_TOLERANCE_SECONDS <= Date.now() / 1000;
    return iss === this.issuer && !isOver;
  }
}

/** Not logged: anyone can name an unknown key. */
const notFetched = ({ retryAfterSeconds }: KeyNotFetched) =>
  new RegistryError(
    'temporarily_unavailable',
    "The key of the token is not in the issuer's JWKS, which was fetched a moment ago. Retry after the time in Retry-After.",
    { retryAfterSeconds, isByDesign: true },
  );

const unavailable = (cause?: unknown) =>
  new RegistryError('temporarily_unavailable', "The token issuer's JWKS could not be fetched.", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });

/** Fetches keys, but not again right after that failed: callers must not make us hammer a server that is down. */
function fetchWithPauses(): FetchImplementation {
  // The clock of the machine may be set
  let pausedUntil = 0;
  return async (url, options) => {
    if (performance.now() < pausedUntil)
      throw new KeysUnavailable(`${url} could not be fetched a moment ago.`);
    try {
      const response = await fetch(url, options);
      if (response.status === 200) return response;
      throw new Error(`The response has the status ${response.status}.`);
    } catch (cause) {
      pausedUntil = performance.now() + RETRY_AFTER_SECONDS * 1000;
      throw new KeysUnavailable(`${url} could not be fetched.`, { cause });
    }
  };
}

/** A key that cannot be imported is about the token that names it: no other token suffers from it. */
const isAboutTheKeySet = (error: unknown) =>
  error instanceof KeysUnavailable ||
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  // What jose throws if the reply is not JSON
  (error instanceof errors.JOSEError && error.code === errors.JOSEError.code);
