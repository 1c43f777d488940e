import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { type Client, usableGrantTypes } from '../../clients/client/client.js';
import { RegistryError } from '../../errors/registry-error.js';
import { GRANT_TYPES, type GrantType } from '../../policy/grants/grant-types.js';
import { splitScope } from '../../policy/grants/scope.js';
import { isRegisteredRedirectUri } from '../../policy/uris/redirect-uri.js';
import { hashSecret } from '../../secrets/secret.js';
import { AuthorizationEngine } from '../engine/authorization-engine.js';
import { engineError, type EngineReply } from '../engine/exchange.js';
import { spendTokenBytes, type UnitOfWork } from '../engine/unit-of-work.js';
import { GrantsRepository } from '../grants/grants.repository.js';
import { JwtAccessTokens } from '../keys/jwt-access-tokens.js';
import { ResourcesService } from '../resources/resources.service.js';
import { NO_SCOPES, requestedScopes } from '../resources/scopes.js';
import { TokenCountsService } from './token-counts.service.js';
import type { TokenKind } from '../tokens/token.js';
import type { TokenEntity } from '../tokens/token.entity.js';
import { isRetry, replyTo, sealReply, type TokenRequest } from '../tokens/refresh-token-retries.js';
import { TokensRepository } from '../tokens/tokens.repository.js';

/** The parameters of a token request, without the credentials of the client. */
export type TokenParameters = Record<string, string>;

/** A token reply (RFC 6749 §5.1). */
export interface IssuedTokens {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token?: string;
  scope?: string;
}

/** What a token request gets, and how much of it is stored. */
export interface Issuance {
  tokens: IssuedTokens;
  storedBytes: number;
}

/** Issues tokens (RFC 6749 §4.1.3, §4.4.2 and §6). */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly engine: AuthorizationEngine,
    private readonly tokens: TokensRepository,
    private readonly grants: GrantsRepository,
    private readonly resources: ResourcesService,
    private readonly jwts: JwtAccessTokens,
    private readonly counts: TokenCountsService,
  ) {}

  /**
   * The reply to a token request of a client that was authenticated.
   * @param issuer the issuer identifier of this server
   * @param dpop the DPoP header (RFC 9449 §5); undefined: none
   * @param context its `spend` counts the bytes that are stored
   * @throws RegistryError
   */
  async issue(
    issuer: string,
    client: Client,
    parameters: TokenParameters,
    dpop: string | undefined,
    context: RequestContext,
  ): Promise<Issuance> {
    const grantType = grantTypeOf(parameters, client);
    const resources = await this.resources.known();
    const resource = resources.find(parameters.resource ?? issuer, issuer);
    if (resource === null) throw new RegistryError('invalid_target', 'The resource is not known here.');
    const asked = { ...parameters };
    if (asked.resource !== undefined) asked.resource = resource.identifier;
    if (grantType === 'client_credentials') {
      asked.scope = scopeFor(parameters, resources.grantableScopes(client, [resource.identifier]));
    }
    const request = { parameters: asked, dpop };
    const knownToken = grantType === 'refresh_token' ? await this.findRefreshToken(client, parameters) : null;
    if (knownToken !== null && knownToken.consumedAt !== null) {
      return this.replyAgain(knownToken, request, context);
    }
    const { reply, unit } = await this.engine.handle(
      issuer,
      { endpoint: 'token', parameters: Object.entries({ ...asked, client_id: client.id }), dpop },
      client,
      context,
      {
        knownToken,
        redirectUri: grantType === 'authorization_code' ? redirectUriOf(parameters, client) : null,
      },
    );
    for (const id of unit.revokedGrants) await this.grants.revoke(id, 'reuse', context);
    if (reply.status !== 200) throw toRegistryError(reply);
    // All scopes of the grant were taken from the client
    const { scope } = JSON.parse(reply.body) as IssuedTokens;
    if (knownToken?.payload.scope && !scope) throw noScope();
    return this.store(issuer, client, request, reply, unit, context);
  }

  /** The refresh token of a request, as it is now; null: the client has no such token. */
  private async findRefreshToken(
    client: Client,
    { refresh_token: value }: TokenParameters,
  ): Promise<TokenEntity | null> {
    const token = value === undefined ? null : await this.tokens.find(hashSecret(value));
    return token?.kind === 'refresh' && token.clientId === client.id ? token : null;
  }

  /** The stored reply to the same request with a refresh token that was just replaced. Later, its use revokes the grant. */
  private async replyAgain(
    replaced: TokenEntity,
    request: TokenRequest,
    context: RequestContext,
  ): Promise<Issuance> {
    if (!isRetry(replaced)) {
      await this.grants.revoke(replaced.grantId!, 'refresh_token_reuse', context);
      throw new RegistryError('invalid_grant', 'The refresh token was used before. Its grant is revoked.');
    }
    const grant = await this.grants.find(replaced.grantId!);
    if (grant === null || grant.revokedAt !== null) throw new RegistryError('invalid_grant', INVALID_GRANT);
    const reply = replyTo(request, replaced);
    // Clients refresh for several resources at once, too: no sign of theft
    if (reply === null) throw new RegistryError('invalid_grant', REPLACED);
    return { tokens: JSON.parse(reply) as IssuedTokens, storedBytes: 0 };
  }

  private async store(
    issuer: string,
    client: Client,
    request: TokenRequest,
    reply: EngineReply,
    unit: UnitOfWork,
    context: RequestContext,
  ): Promise<Issuance> {
    bindRefreshToken(unit);
    const body = await this.jwts.inPlaceOfOpaque(issuer, reply.body, unit);
    const { consume, insert } = unit;
    const { knownToken } = unit;
    // The proof of a retry is not verified: it gets no tokens that are bound to a key
    const isRepeatable = consume !== undefined && knownToken !== null && request.dpop === undefined;
    const sealedReply = isRepeatable ? sealReply(request, body) : null;
    const storedBytes = Buffer.byteLength(JSON.stringify([insert, sealedReply]));
    spendTokenBytes(unit, storedBytes);
    const isStored = await this.tokens.commit(
      { consume, insert, ...(knownToken && { replaced: { sealedReply } }) },
      context,
    );
    if (!isStored) return this.rejectSecondUse(client, request, unit, context);
    if (unit.grant !== null) this.grants.uses.note(unit.grant);
    this.counts.count(request.parameters.grant_type as GrantType);
    return { tokens: JSON.parse(body) as IssuedTokens, storedBytes };
  }

  /** Another request was faster. */
  private async rejectSecondUse(
    client: Client,
    request: TokenRequest,
    { insert, knownToken }: UnitOfWork,
    context: RequestContext,
  ): Promise<Issuance> {
    const replaced = knownToken && (await this.findRefreshToken(client, request.parameters));
    if (replaced) return this.replyAgain(replaced, request, context);
    const grantId = insert[0]?.grantId;
    if (grantId) await this.grants.revoke(grantId, 'code_reuse', context);
    throw new RegistryError('invalid_grant', 'The authorization code was used before.');
  }

  /** Removes tokens that expired before `limit`. Returns how many. */
  purge(limit: Date): Promise<number> {
    return this.tokens.purge(limit);
  }
}

function scopeFor({ scope }: TokenParameters, grantable: readonly string[]): string {
  const asked = scope === undefined ? undefined : splitScope(scope);
  const scopes = requestedScopes(asked, grantable);
  if (scopes === null) throw noScope();
  return scopes.join(' ');
}

const noScope = () => new RegistryError('invalid_scope', NO_SCOPES);

const INVALID_GRANT = 'The code or refresh token is unknown, expired, used up, or not for this request.';

const REPLACED =
  'The refresh token was just replaced by another request. Send the one that replaced it, which is in the reply to that request.';

/**
 * Binds the new refresh token of a public client to the key of its access token (RFC 9449 §5). At a refresh, the library binds it to that
 * of the old one only. It takes all clients for public, and so binds tokens of confidential ones, too.
 */
function bindRefreshToken({ client, insert }: UnitOfWork): void {
  const payloadOf = (kind: TokenKind) => insert.find((token) => token.kind === kind)?.payload;
  const refresh = payloadOf('refresh');
  if (refresh) refresh.jkt = client.type === 'public' ? payloadOf('access')?.jkt : undefined;
}

/** The error of the engine. For grants, its reason is not disclosed. */
function toRegistryError(reply: EngineReply): RegistryError {
  const error = engineError(reply, 'The token request is invalid.');
  return error.code === 'invalid_grant' ? new RegistryError('invalid_grant', INVALID_GRANT) : error;
}

function grantTypeOf({ grant_type: grantType }: TokenParameters, client: Client): GrantType {
  if (grantType === undefined) throw new RegistryError('invalid_request', 'grant_type is missing.');
  const known = GRANT_TYPES.find((each) => each === grantType);
  if (known === undefined) {
    throw new RegistryError('unsupported_grant_type', `grant_type must be one of ${GRANT_TYPES.join(', ')}.`);
  }
  if (!usableGrantTypes(client).includes(known)) {
    throw new RegistryError('unauthorized_client', `The client may not use the grant type ${known}.`);
  }
  return known;
}

/** The redirect URI of a code exchange, which the engine compares to that of the code. */
function redirectUriOf({ redirect_uri: uri }: TokenParameters, client: Client): string {
  if (uri !== undefined && isRegisteredRedirectUri(uri, client.redirectUris)) return uri;
  throw new RegistryError('invalid_grant', 'redirect_uri must be that of the authorization request.');
}
