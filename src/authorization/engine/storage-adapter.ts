import type { Adapter } from 'oidc-provider';
import { hashSecret } from '../../secrets/secret.js';
import type { GrantsRepository } from '../grants/grants.repository.js';
import { toEngineGrant } from '../grants/engine-grant.js';
import type { TokenKind } from '../tokens/token.js';
import type { TokensRepository } from '../tokens/tokens.repository.js';
import { toEngineClient } from './engine-client.js';
import { currentUnit } from './unit-of-work.js';

/** The models of the library that are stored as tokens. */
const KINDS: Partial<Record<string, TokenKind>> = {
  AccessToken: 'access',
  ClientCredentials: 'access',
  RefreshToken: 'refresh',
  AuthorizationCode: 'code',
  Interaction: 'consent',
  PushedAuthorizationRequest: 'pushed',
};

/** What the library reads and writes of one of its models. */
export function adapterOf(model: string, tokens: TokensRepository, grants: GrantsRepository): Adapter {
  if (model === 'Client') return new ClientAdapter();
  if (model === 'Grant') return new GrantAdapter(grants);
  const kind = KINDS[model];
  return kind === undefined ? new NoAdapter() : new TokenAdapter(model, kind, tokens);
}

/** What the library wants to keep, and we have no use for: sessions. */
class NoAdapter implements Adapter {
  find: Adapter['find'] = () => Promise.resolve(undefined);
  findByUid: Adapter['findByUid'] = () => Promise.resolve(undefined);
  findByUserCode: Adapter['findByUserCode'] = () => Promise.resolve(undefined);
  upsert: Adapter['upsert'] = () => Promise.resolve();
  consume: Adapter['consume'] = () => Promise.resolve();
  destroy: Adapter['destroy'] = () => Promise.resolve();
  revokeByGrantId = (grantId: string): Promise<void> => {
    currentUnit().revokedGrants.add(grantId);
    return Promise.resolve();
  };
}

/** The one client that the request is about was looked up and authenticated before. */
class ClientAdapter extends NoAdapter {
  override find: Adapter['find'] = (id) => {
    const { client, redirectUri } = currentUnit();
    return Promise.resolve(client.id === id ? toEngineClient(client, redirectUri) : undefined);
  };
}

class GrantAdapter extends NoAdapter {
  constructor(private readonly grants: GrantsRepository) {
    super();
  }

  override find: Adapter['find'] = async (id) => {
    const grant = await this.grants.find(id);
    if (grant === null || grant.revokedAt !== null) return undefined;
    currentUnit().grant = grant;
    return toEngineGrant(grant);
  };

  override destroy = this.revokeByGrantId;
}

class TokenAdapter extends NoAdapter {
  constructor(
    private readonly model: string,
    private readonly kind: TokenKind,
    private readonly tokens: TokensRepository,
  ) {
    super();
  }

  override find: Adapter['find'] = async (id) => {
    const hash = hashSecret(id);
    const { knownToken } = currentUnit();
    const token = knownToken?.hash === hash ? knownToken : await this.tokens.find(hash);
    if (token === null || token.payload.kind !== this.model) return undefined;
    return {
      ...token.payload,
      jti: id,
      ...(token.consumedAt !== null && { consumed: Math.floor(token.consumedAt.getTime() / 1000) }),
    };
  };

  override upsert: Adapter['upsert'] = (id, payload, expiresIn) => {
    const { params, kind, iat, exp } = payload;
    // Of a consent request, `returnTo` contains the token; of all others, the jti is the token
    const rest = this.kind === 'consent' ? { params, kind, iat, exp } : { ...payload };
    delete rest.jti;
    const now = new Date();
    const unit = currentUnit();
    unit.insert.push({
      hash: hashSecret(id),
      kind: this.kind,
      clientId: unit.client.id,
      grantId: payload.grantId ?? null,
      payload: rest,
      createdAt: now,
      expiresAt: new Date(now.getTime() + expiresIn! * 1000),
      consumedAt: null,
      sealedReply: null,
      seenBy: null,
    });
    return Promise.resolve();
  };

  override consume: Adapter['consume'] = (id) => {
    currentUnit().consume = hashSecret(id);
    return Promise.resolve();
  };
}
