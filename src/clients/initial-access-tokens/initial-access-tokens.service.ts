import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { type RequestContext, changesBetween, credentialEntry } from '../../audit/audit-event.js';
import { newId } from '../../database/id.js';
import type { IdPageRequest, Page } from '../../database/sql/pages.js';
import { RegistryError } from '../../errors/registry-error.js';
import { type InitialAccessTokenDraft, initialAccessTokenFaults } from '../../policy/initial-access-token.js';
import { withOwnerNames } from '../../policy/names/owner-name.js';
import { generateCredential, hashSecret, secretHint } from '../../secrets/secret.js';
import { refusal } from '../client/client-request.js';
import { type InitialAccessToken, isUsable, unusableToken } from './initial-access-token.js';
import { InitialAccessTokensRepository } from './initial-access-tokens.repository.js';

/** The tokens with which operators let others register clients (RFC 7591 §3). */
@Injectable()
export class InitialAccessTokensService {
  constructor(private readonly repository: InitialAccessTokensRepository) {}

  /**
   * Makes a token. `value` is the only copy of it in plaintext.
   * @throws RegistryError `validation_error` with every field at fault
   */
  async create(
    asked: InitialAccessTokenDraft,
    context: RequestContext,
  ): Promise<{ token: InitialAccessToken; value: string }> {
    const draft = withOwnerNames(asked);
    const now = new Date();
    const faults = initialAccessTokenFaults(draft, now);
    if (Object.keys(faults).length > 0) throw refusal('validation_error', faults);
    const value = generateCredential('initialAccessToken');
    const token: InitialAccessToken = {
      ...draft,
      id: newId(),
      hint: secretHint(value),
      registrations: 0,
      createdAt: now,
      lastUsedAt: null,
      revokedAt: null,
    };
    const entry = credentialEntry('initial_access_token.created', token.id, changesBetween(null, draft));
    await this.repository.insert({ ...token, hash: hashSecret(value) }, entry, context);
    return { token, value };
  }

  /** Tokens, the newest first. */
  page(request: IdPageRequest): Promise<Page<InitialAccessToken>> {
    return this.repository.page(request);
  }

  /** How many tokens there are, those that ended included. */
  count(): Promise<number> {
    return this.repository.count();
  }

  /**
   * Ends a token permanently, at once; its clients stay.
   * @throws RegistryError `not_found` if there is none that is not revoked already
   */
  async revoke(id: string, context: RequestContext): Promise<InitialAccessToken> {
    const revoked = isUuid(id) ? await this.repository.revoke(id, context) : null;
    if (revoked !== null) return revoked;
    throw new RegistryError('not_found', 'The initial access token does not exist or is already revoked.');
  }

  /**
   * The token of that value, if a client may be registered with it now.
   * @throws RegistryError `invalid_token`
   */
  async authenticate(value: string): Promise<InitialAccessToken> {
    const token = await this.repository.findByHash(hashSecret(value));
    if (token === null || !isUsable(token, new Date())) throw unusableToken();
    return token;
  }
}
