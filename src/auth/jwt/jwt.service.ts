import { Inject, Injectable, Logger } from '@nestjs/common';
import type { JWTPayload } from 'jose';
import { isOwnerName } from '../../policy/names/owner-name.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { JwtVerifier } from '../../jwt/jwt-verifier.js';
import { COMPACT_JWS } from '../../jwt/read-jwt.js';
import { hasClaim, isForOtherUse } from './jwt-claims.js';
import type { Principal, Role } from '../principal/principal.js';

/** Tokens of the issuer that the operator trusts, if any. */
@Injectable()
export class JwtService {
  private readonly logger = new Logger(JwtService.name);
  private readonly verifier: JwtVerifier | null;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    const { jwtIssuer: issuer, jwtJwksUri } = config;
    this.verifier =
      issuer === null
        ? null
        : new JwtVerifier(issuer, jwtJwksUri ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`);
  }

  /** Whether this service validates the token, rather than {@link ApiKeysService}. */
  accepts(token: string): boolean {
    return this.verifier !== null && COMPACT_JWS.test(token);
  }

  /**
   * The principal of the token; null if it is not valid.
   * @throws RegistryError `temporarily_unavailable` if the issuer's keys could not be fetched
   */
  async authenticate(token: string): Promise<Principal | null> {
    const { jwtAudience, jwtType } = this.config;
    const claims = await this.verifier?.verify(
      token,
      {
        audience: jwtAudience ?? undefined,
        typ: jwtType ?? undefined,
        requiredClaims: ['exp', 'sub'],
      },
      (claim) => this.warn(`its ${claim} is missing or not the configured one.`),
    );
    if (!claims) return null;
    if (isForOtherUse(claims)) {
      this.warn('its claims are those of an ID token or a logout token. Send the access token.');
      return null;
    }
    const bad = OWNER_CLAIMS.filter((claim) => !isOwnerName(claims[claim]));
    if (bad.length === 0) return principalOf(claims, this.config);
    this.warn(
      `${bad.join(' and ')} must be a string of 1 to 255 characters in Unicode NFC, without leading or trailing ` +
        'whitespace, control, invisible or compatibility characters such as full-width letters, whitespace other than the space character, several spaces in a row, or Cyrillic or Greek letters beside others in a word.',
    );
    return null;
  }

  /** For operators who set up an issuer: without the values, and only of tokens that the issuer signed. Callers get no reason. */
  private warn(reason: string): void {
    this.logger.warn(`A JWT that AUTH_JWT_ISSUER signed was rejected: ${reason}`);
  }
}

/** The claims that identify the caller. They are not normalized: only the issuer knows what another form of a name means. */
const OWNER_CLAIMS = ['sub', 'org_id'];

/** The principal that the claims identify. */
function principalOf(claims: JWTPayload, config: Config): Principal {
  const { sub, org_id: orgId } = claims as { sub: string; org_id: string };
  return {
    userId: sub,
    orgId,
    role: roleOf(claims, config),
    actor: { type: 'jwt', id: sub },
    keyName: null,
    sessionExpiresAt: null,
  };
}

/** The strongest role that the claims give. */
function roleOf(claims: JWTPayload, { jwtAdmin, jwtService, jwtViewer }: Config): Role {
  const given = [
    ['admin', jwtAdmin],
    ['service', jwtService],
    ['viewer', jwtViewer],
  ] as const;
  return given.find(([, claim]) => claim !== null && hasClaim(claims, claim))?.[0] ?? 'member';
}
