import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import type { Principal } from '../../auth/principal/principal.js';
import { type Client, isUsable } from '../../clients/client/client.js';
import { ClientLookupRepository } from '../../clients/client/client-lookup.repository.js';
import type { Grant } from '../grants/grant.js';
import { GrantsRepository } from '../grants/grants.repository.js';
import { JwtAccessTokens } from '../keys/jwt-access-tokens.js';
import type { TokenEntity } from '../tokens/token.entity.js';
import { TokensRepository } from '../tokens/tokens.repository.js';

/** Who asks about a token: the client that it may belong to, or the holder of a key. */
export type Asker = { client: Client } | { principal: Pick<Principal, 'orgId' | 'role'> };

/** A token that is good, and whose it is. */
export interface ActiveToken {
  token: TokenEntity;
  client: Client;
  /** Null: of the client alone. */
  grant: Grant | null;
}

/** Tells of issued tokens, and ends them. */
@Injectable()
export class TokenLookup {
  constructor(
    private readonly tokens: TokensRepository,
    private readonly grants: GrantsRepository,
    private readonly clients: ClientLookupRepository,
    private readonly jwts: JwtAccessTokens,
  ) {}

  /**
   * An access or refresh token that counts (RFC 7662 §2.2): not expired, used up or revoked, its client active and its grant alive.
   * Null for any other, and for those that the asker has no business with.
   */
  async findActive(issuer: string, value: string, asker: Asker): Promise<ActiveToken | null> {
    const token = await this.find(issuer, value);
    if (token === null || !['access', 'refresh'].includes(token.kind)) return null;
    const now = new Date();
    if (token.consumedAt !== null || token.expiresAt <= now) return null;
    const [client, grant] = await Promise.all([
      this.clients.find({ id: token.clientId }),
      token.grantId === null ? null : this.grants.find(token.grantId),
    ]);
    if (client === null || !isUsable(client, now) || !mayKnow(asker, client)) return null;
    if (token.grantId !== null && (grant === null || grant.revokedAt !== null)) return null;
    return { token, client, grant };
  }

  /** Ends a token of the client (RFC 7009 §2.1). With a refresh token, its grant ends. What is no token of it is none of its business. */
  async revoke(issuer: string, value: string, client: Client, context: RequestContext): Promise<void> {
    const token = await this.find(issuer, value);
    if (token?.clientId !== client.id) return;
    if (token.kind === 'refresh') await this.grants.revoke(token.grantId!, 'revocation', context);
    if (token.kind === 'access') await this.tokens.remove(token.hash);
  }

  private async find(issuer: string, value: string): Promise<TokenEntity | null> {
    const hash = await this.jwts.hashOf(issuer, value);
    return hash === null ? null : this.tokens.find(hash);
  }
}

/** `service` and `admin` know any token, `member` those of its organization's clients. */
function mayKnow(asker: Asker, client: Client): boolean {
  if ('client' in asker) return asker.client.id === client.id;
  const { role, orgId } = asker.principal;
  return role === 'service' || role === 'admin' || (role === 'member' && client.orgId === orgId);
}
