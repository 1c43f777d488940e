import { Inject, Injectable } from '@nestjs/common';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { CONFIG, type Config } from '../config/config.js';
import { RegistryError } from '../errors/registry-error.js';
import { type Principal, type Role, ROLES } from './principal.js';

/** Signatures that only the issuer can make; never `none`, never a shared secret (RFC 8725 §3.1, §3.2). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 30;
const RETRY_AFTER_SECONDS = 5;

/** Three parts, the first of them an encoded JSON object (RFC 7515 §3.1). */
const COMPACT_JWS = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;

/** Tokens of the one issuer that the operator trusts, where there is one. */
@Injectable()
export class JwtService {
  private readonly keys: JWTVerifyGetKey | null;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    const { jwtIssuer, jwtJwksUri } = config;
    this.keys =
      jwtIssuer === null
        ? null
        : createRemoteJWKSet(new URL(jwtJwksUri ?? `${jwtIssuer.replace(/\/$/, '')}/.well-known/jwks.json`));
  }

  /** Whether the token is one for this service to judge, rather than for {@link ApiKeysService}. */
  accepts(token: string): boolean {
    return this.keys !== null && COMPACT_JWS.test(token);
  }

  /**
   * Whom the token speaks for; null where it is not valid.
   * @throws RegistryError `temporarily_unavailable` where the issuer's keys cannot be had
   */
  async authenticate(token: string): Promise<Principal | null> {
    const { keys, config } = this;
    if (keys === null) return null;
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.jwtIssuer ?? undefined,
        audience: config.jwtAudience ?? undefined,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      return principalOf(payload);
    } catch (error) {
      if (isAboutTheToken(error)) return null;
      throw new RegistryError('temporarily_unavailable', 'The keys of the token issuer cannot be had now.', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause: error,
      });
    }
  }
}

/** The claims that say who is calling: `sub`, `org_id`, and `role`, which is `member` where it is not there. */
function principalOf({ sub, org_id: orgId, role = 'member' }: JWTPayload): Principal | null {
  if (!isOwnerName(sub) || !isOwnerName(orgId)) return null;
  return ROLES.includes(role as Role) ? { userId: sub, orgId, role: role as Role } : null;
}

/** What both databases can store as an owner. */
function isOwnerName(claim: unknown): claim is string {
  return typeof claim === 'string' && /^[^\0]{1,255}$/su.test(claim);
}

/** Whether the token is to blame, rather than the way to the keys. */
function isAboutTheToken(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  // The generic error is what jose throws when the key set endpoint answers with anything but a key set
  return error instanceof errors.JOSEError && error.code !== errors.JOSEError.code;
}
