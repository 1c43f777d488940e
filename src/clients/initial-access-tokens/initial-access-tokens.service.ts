import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { type RequestContext, changesBetween, credentialEntry } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-trail.js';
import { newId } from '../../database/id.js';
import { type IdPageRequest, type Page, pageById } from '../../database/sql/pages.js';
import { rowLock } from '../../database/sql/row-lock.js';
import { Transactions } from '../../database/writes/transactions.js';
import { RegistryError } from '../../errors/registry-error.js';
import { generateCredential, hashSecret, secretHint } from '../../secrets/secret.js';
import type { InitialAccessToken } from './initial-access-token.js';
import { withOwnerNames } from '../../policy/names/owner-name.js';
import { InitialAccessTokenEntity } from './initial-access-token.entity.js';
import { type InitialAccessTokenDraft, initialAccessTokenFaults } from '../../policy/initial-access-token.js';
import { refusal } from '../client/client-request.js';

/** The tokens with which operators let others register clients (RFC 7591 §3). */
@Injectable()
export class InitialAccessTokensService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Makes a token. `value` is the only copy of it in clear.
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
    await this.transactions.run(async (manager) => {
      await manager.insert(InitialAccessTokenEntity, {
        ...token,
        hash: hashSecret(value),
      } as InitialAccessTokenEntity);
      await record(manager, context, [
        credentialEntry('initial_access_token.created', token.id, changesBetween(null, draft)),
      ]);
    });
    return { token, value };
  }

  /** Tokens, the newest first. */
  page(request: IdPageRequest): Promise<Page<InitialAccessToken>> {
    const query = this.dataSource.manager.createQueryBuilder(InitialAccessTokenEntity, 'token');
    return pageById(query, request);
  }

  /** How many tokens there are, those that ended included. */
  count(): Promise<number> {
    return this.dataSource.manager.count(InitialAccessTokenEntity);
  }

  /**
   * Ends a token for good, at once; its clients stay.
   * @throws RegistryError `not_found` where there is none that is not revoked already
   */
  async revoke(id: string, context: RequestContext): Promise<InitialAccessToken> {
    if (!isUuid(id)) throw noSuchToken();
    return this.transactions.run(
      async (manager) => {
        const where = { id, revokedAt: IsNull() };
        const token = await manager.findOne(InitialAccessTokenEntity, { where, lock: rowLock(manager) });
        if (token === null) throw noSuchToken();
        const revokedAt = new Date();
        await manager.update(InitialAccessTokenEntity, id, { revokedAt });
        await record(manager, context, [credentialEntry('initial_access_token.revoked', id, [])]);
        return { ...token, revokedAt };
      },
      context,
      id,
    );
  }

  /**
   * The token of that value, if a client may be registered with it now.
   * @throws RegistryError `invalid_token`
   */
  async authenticate(value: string): Promise<InitialAccessToken> {
    const token = await this.dataSource.manager.findOneBy(InitialAccessTokenEntity, {
      hash: hashSecret(value),
    });
    if (token === null || !isUsable(token, new Date())) throw unusable();
    return token;
  }
}

function isUsable({ registrations, maxRegistrations, expiresAt, revokedAt }: InitialAccessToken, now: Date) {
  return registrations < maxRegistrations && expiresAt > now && revokedAt === null;
}

/**
 * Counts a registration, inside of its transaction. Of many at once, as many pass as the token has left: the row is
 * locked until the transaction ends, and the condition is looked at again then.
 * @throws RegistryError `invalid_token` where the token has ended meanwhile
 */
export async function countRegistration(manager: EntityManager, tokenId: string, now: Date): Promise<void> {
  const { affected } = await manager
    .createQueryBuilder()
    .update(InitialAccessTokenEntity)
    .set({ registrations: () => 'registrations + 1', lastUsedAt: now })
    .where(
      'id = :tokenId AND registrations < max_registrations AND expires_at > :now AND revoked_at IS NULL',
      { tokenId, now: now.getTime() },
    )
    .execute();
  if (affected !== 1) throw unusable();
}

const noSuchToken = () => new RegistryError('not_found', 'There is no such token, or it is revoked already.');

const unusable = () =>
  new RegistryError('invalid_token', 'The initial access token is unknown, expired, revoked or used up.');
