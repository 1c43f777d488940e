import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Transactions } from '../database/transactions.js';
import { RegistryError } from '../errors/registry-error.js';
import { generateCredential, hashSecret, secretHint } from '../secrets/secret.js';
import type { InitialAccessToken } from './initial-access-token.js';
import { InitialAccessTokenEntity } from './initial-access-token.entity.js';
import { type InitialAccessTokenDraft, initialAccessTokenFaults } from './policy/initial-access-token.js';
import { refusal } from './submission.js';

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
  async create(draft: InitialAccessTokenDraft): Promise<{ token: InitialAccessToken; value: string }> {
    const now = new Date();
    const faults = initialAccessTokenFaults(draft, now);
    if (Object.keys(faults).length > 0) throw refusal('validation_error', faults);
    const value = generateCredential('initialAccessToken');
    const token: InitialAccessToken = {
      ...draft,
      id: uuidv7(),
      hint: secretHint(value),
      registrations: 0,
      createdAt: now,
      lastUsedAt: null,
      revokedAt: null,
    };
    await this.transactions.run((manager) =>
      manager.insert(InitialAccessTokenEntity, {
        ...token,
        hash: hashSecret(value),
      } as InitialAccessTokenEntity),
    );
    return { token, value };
  }

  /** Every token, the newest first. */
  list(): Promise<InitialAccessToken[]> {
    return this.dataSource.manager.find(InitialAccessTokenEntity, { order: { id: 'DESC' } });
  }

  /** Ends a token for good, at once; its clients stay. False where there is none by that id, or it was revoked before. */
  async revoke(id: string): Promise<boolean> {
    const { affected } = await this.transactions.run((manager) =>
      manager
        .createQueryBuilder()
        .update(InitialAccessTokenEntity)
        .set({ revokedAt: new Date() })
        .where('id = :id AND revoked_at IS NULL', { id })
        .execute(),
    );
    return affected === 1;
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

const unusable = () =>
  new RegistryError('invalid_token', 'The initial access token is unknown, expired, revoked or used up.');
