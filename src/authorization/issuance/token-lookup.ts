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

/** The caller of an introspection: a client, or a principal. */
export type Caller = { client: Client } | { principal: Pick<Principal, 'orgId' | 'role'> };

/** A valid token with its client and grant. */
export interface ActiveToken {
  token: TokenEntity;
  client: Client;
  /** Null: of the client alone. */
  grant: Grant | null;
}

/** Finds and revokes issued tokens. */
@Injectable()
export class TokenLookup {
  constructor(
    private readonly tokens: TokensRepository,
    private readonly grants: GrantsRepository,
    private readonly clients: ClientLookupRepository,
    private readonly jwts: JwtAccessTokens,
  ) {}

  /**
   * An access or refresh token that is valid (RFC 7662 §2.2): not expired, used up or revoked, its client active and its grant alive.
   * Null for any other token, and for tokens that the caller may not see.
   */
  async findActive(issuer: string, value: string, caller: Caller): Promise<ActiveToken | null> {
    const token = await this.find(issuer, value);
    if (token === null || !['access', 'refresh'].includes(token.kind)) return null;
    const now = new Date();
    if (token.consumedAt !== null || token.expiresAt <= now) return null;
    const [client, grant] = await Promise.all([
      this.findKnown(token.clientId, caller),
      token.grantId === null ? null : this.grants.find(token.grantId),
    ]);
    if (client === null || !isUsable(client, now)) return null;
    if (token.grantId !== null && (grant === null || grant.revokedAt !== null)) return null;
    return { token, client, grant };
  }

  /** Revokes a token of the client (RFC 7009 §2.1); with a refresh token, its grant. Tokens of other clients are ignored. */
  async revoke(issuer: string, value: string, client: Client, context: RequestContext): Promise<void> {
    const token = await this.find(issuer, value);
    if (token?.clientId !== client.id) return;
    if (token.kind === 'refresh') await this.grants.revoke(token.grantId!, 'revocation', context);
    if (token.kind === 'access') await this.tokens.remove(token.hash);
  }

  /** The client with an id, if the caller may know of its tokens: `service` and `admin` of any, `member` of its organization's. */
  private async findKnown(id: string, caller: Caller): Promise<Client | null> {
    // It was looked up when it was authenticated
    if ('client' in caller) return caller.client.id === id ? caller.client : null;
    const { role, orgId } = caller.principal;
    const client = await this.clients.find({ id });
    const isKnown = role === 'service' || role === 'admin' || (role === 'member' && client?.orgId === orgId);
    return isKnown ? client : null;
  }

  private async find(issuer: string, value: string): Promise<TokenEntity | null> {
    const hash = await this.jwts.hashOf(issuer, value);
    return hash === null ? null : this.tokens.find(hash);
  }
}
