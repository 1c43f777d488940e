import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { type ClaimValue, CONFIG, type Config } from '../config/config.js';
import { JwtVerifier } from '../jwt/jwt-verifier.js';
import { COMPACT_JWS } from '../jwt/read-jwt.js';
import { hasClaim, isForOtherUse } from './jwt-claims.js';
import type { Principal } from './principal.js';

/** Tokens of the one issuer that the operator trusts, where there is one. */
@Injectable()
export class JwtService {
  private readonly verifier: JwtVerifier | null;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    const { jwtIssuer: issuer, jwtJwksUri } = config;
    this.verifier =
      issuer === null
        ? null
        : new JwtVerifier(issuer, jwtJwksUri ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`);
  }

  /** Whether the token is one for this service to judge, rather than for {@link ApiKeysService}. */
  accepts(token: string): boolean {
    return this.verifier !== null && COMPACT_JWS.test(token);
  }

  /**
   * Whom the token speaks for; null where it is not valid.
   * @throws RegistryError `temporarily_unavailable` where the issuer's keys cannot be had
   */
  async authenticate(token: string): Promise<Principal | null> {
    const { jwtAudience, jwtType, jwtAdmin } = this.config;
    const claims = await this.verifier?.verify(token, {
      audience: jwtAudience ?? undefined,
      typ: jwtType ?? undefined,
      requiredClaims: ['exp', 'sub'],
    });
    return claims && !isForOtherUse(claims) ? principalOf(claims, jwtAdmin) : null;
  }
}

/**
 * The claims that say who is calling: `sub` and `org_id`.
 * @param admin the claim that makes an admin of a member; null: none does
 */
function principalOf(claims: JWTPayload, admin: ClaimValue | null): Principal | null {
  const { sub, org_id: orgId } = claims;
  if (!isOwnerName(sub) || !isOwnerName(orgId)) return null;
  return {
    userId: sub,
    orgId,
    role: admin !== null && hasClaim(claims, admin) ? 'admin' : 'member',
    actor: { type: 'jwt', id: sub },
    keyName: null,
    sessionExpiresAt: null,
  };
}

/** What both databases can store as an owner. */
function isOwnerName(claim: unknown): claim is string {
  return typeof claim === 'string' && /^[^\0\p{Cs}]{1,255}$/su.test(claim);
}
