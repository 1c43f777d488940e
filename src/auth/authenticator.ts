import { Injectable } from '@nestjs/common';
import type { Channel } from '../audit/audit-event.js';
import { RegistryError } from '../errors/registry-error.js';
import { type AccessLevel, isAllowed, rolesText } from './principal/access-roles.js';
import { requestContextOf, type AuthenticatedRequest } from './principal/request-context.js';
import { bearerToken, initialAccessToken } from './bearer-token.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { DenialAudit } from './principal/denial-audit.js';
import { JwtService } from './jwt/jwt.service.js';
import type { Principal } from './principal/principal.js';

/** Authenticates callers, and authorizes them by role. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly jwts: JwtService,
    private readonly denials: DenialAudit,
  ) {}

  /**
   * Authenticates and authorizes the caller, and sets the principal on the request.
   * @throws RegistryError `unauthorized` without credentials, `invalid_token` with invalid ones, `insufficient_scope` with
   *   those of a role that the level does not include
   */
  async authenticate(
    request: AuthenticatedRequest,
    level: AccessLevel,
    channel: Channel,
  ): Promise<Principal | null> {
    if (level === 'public') return null;
    const { authorization } = request.headers;
    if (level === 'optional' && initialAccessToken(authorization) !== null) return null;
    request.principal ??= await this.identify(authorization);
    if (request.principal === null) {
      if (level === 'optional') return null;
      throw new RegistryError(
        'unauthorized',
        'Authentication is required. Send an API key or a JWT as "Authorization: Bearer TOKEN".',
      );
    }
    if (!isAllowed(request.principal.role, level)) {
      await this.denials.record(requestContextOf(request, channel));
      throw new RegistryError('insufficient_scope', `This operation requires the ${rolesText(level)} role.`);
    }
    return request.principal;
  }

  private async identify(authorization: string | undefined): Promise<Principal | null> {
    if (authorization === undefined) return null;
    const token = bearerToken(authorization);
    const principal =
      token === undefined
        ? null
        : await (this.jwts.accepts(token) ? this.jwts.authenticate(token) : this.apiKeys.authenticate(token));
    if (principal === null) {
      throw new RegistryError('invalid_token', 'The bearer token is malformed, unknown, expired or revoked.');
    }
    return principal;
  }
}
