import { Inject, Injectable } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { CONFIG, type Config } from '../config/config.js';
import { COMPACT_JWS, JwtVerifier } from '../jwt/jwt-verifier.js';
import { type Principal, type Role, ROLES } from './principal.js';

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
    const audience = this.config.jwtAudience ?? undefined;
    const claims = await this.verifier?.verify(token, { audience, requiredClaims: ['exp', 'sub'] });
    return claims ? principalOf(claims) : null;
  }
}

/** The claims that say who is calling: `sub`, `org_id`, and `role`, which is `member` where it is not there. */
function principalOf({ sub, org_id: orgId, role = 'member' }: JWTPayload): Principal | null {
  if (!isOwnerName(sub) || !isOwnerName(orgId)) return null;
  return ROLES.includes(role as Role)
    ? {
        userId: sub,
        orgId,
        role: role as Role,
        actor: { type: 'jwt', id: sub },
        keyName: null,
        sessionExpiresAt: null,
      }
    : null;
}

/** What both databases can store as an owner. */
function isOwnerName(claim: unknown): claim is string {
  return typeof claim === 'string' && /^[^\0\p{Cs}]{1,255}$/su.test(claim);
}
