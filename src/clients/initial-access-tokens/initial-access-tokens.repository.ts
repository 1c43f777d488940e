import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { type AuditEntry, credentialEntry, type RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { type IdPageRequest, type Page, pageById } from '../../database/sql/pages.js';
import { rowLock } from '../../database/sql/for-update.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import type { InitialAccessToken } from './initial-access-token.js';
import { InitialAccessTokenEntity } from './initial-access-token.entity.js';

/** Initial access tokens in the database. */
@Injectable()
export class InitialAccessTokensRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {}

  insert(
    token: InitialAccessToken & { hash: string },
    entry: AuditEntry,
    context: RequestContext,
  ): Promise<void> {
    return this.writeQueue.run(async (manager) => {
      await manager.insert(InitialAccessTokenEntity, token as InitialAccessTokenEntity);
      await record(manager, context, [entry]);
    });
  }

  findByHash(hash: string): Promise<InitialAccessToken | null> {
    return this.dataSource.manager.findOneBy(InitialAccessTokenEntity, { hash });
  }

  /** Tokens, the newest first. */
  page(request: IdPageRequest): Promise<Page<InitialAccessToken>> {
    return pageById(this.dataSource.manager.createQueryBuilder(InitialAccessTokenEntity, 'token'), request);
  }

  count(): Promise<number> {
    return this.dataSource.manager.count(InitialAccessTokenEntity);
  }

  /** Revokes a token; null if there is none that is not revoked already. */
  revoke(id: string, context: RequestContext): Promise<InitialAccessToken | null> {
    return this.writeQueue.run(
      async (manager) => {
        const where = { id, revokedAt: IsNull() };
        const token = await manager.findOne(InitialAccessTokenEntity, { where, lock: rowLock(manager) });
        if (token === null) return null;
        const revokedAt = new Date();
        await manager.update(InitialAccessTokenEntity, id, { revokedAt });
        await record(manager, context, [credentialEntry('initial_access_token.revoked', id, [])]);
        return { ...token, revokedAt };
      },
      context,
      id,
    );
  }
}

/** The token, whether or not it has ended; null if there is none. */
export const findToken = (manager: EntityManager, id: string): Promise<InitialAccessToken | null> =>
  manager.findOneBy(InitialAccessTokenEntity, { id });

/**
 * Counts a registration, inside of its transaction; false if the token has ended. Of many at once, as many pass as it has left: its
 * row is locked until the transaction ends.
 */
export async function countRegistration(
  manager: EntityManager,
  tokenId: string,
  now: Date,
): Promise<boolean> {
  const { affected } = await manager
    .createQueryBuilder()
    .update(InitialAccessTokenEntity)
    .set({ registrations: () => 'registrations + 1', lastUsedAt: now })
    .where(
      'id = :tokenId AND registrations < max_registrations AND expires_at > :now AND revoked_at IS NULL',
      { tokenId, now: now.getTime() },
    )
    .execute();
  return affected === 1;
}
