import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, LessThanOrEqual, MoreThan } from 'typeorm';
import type { RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { type Lookup, batchedFindOne } from '../../database/sql/lookup.js';
import { UseNotes } from '../../database/writes/use-notes.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { hashSecret } from '../../secrets/secret.js';
import { ClientEntity, REMOVED_AT } from '../client/client.entity.js';
import { ClientSecretEntity } from '../secrets/client-secret.entity.js';

/** How exact the times of last use are. */
const CLIENT_RESOLUTION_MS = 3_600_000;
const SECRET_RESOLUTION_MS = 60_000;

/** One audit event per secret and this time. */
const REJECTION_PERIOD_MS = 3_600_000;

/** What authentication reads and writes of clients and their secrets. */
@Injectable()
export class ClientAuthenticationRepository {
  /** Last uses of clients that authenticated, and of their secrets. */
  readonly clientUses: UseNotes;
  readonly secretUses: UseNotes;
  private readonly secretByHash: Lookup<ClientSecretEntity>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {
    this.clientUses = new UseNotes(writeQueue, ClientEntity, CLIENT_RESOLUTION_MS);
    this.secretUses = new UseNotes(writeQueue, ClientSecretEntity, SECRET_RESOLUTION_MS);
    this.secretByHash = batchedFindOne(dataSource, ClientSecretEntity, ['clientId', 'hash']);
  }

  /** The secret of a client by its value, whether or not it still counts; null if the client has none such. */
  findSecret(clientId: string, value: string): Promise<ClientSecretEntity | null> {
    // As with API keys, the time of a hash comparison reveals nothing about a random value
    return this.secretByHash([clientId, hashSecret(value)]);
  }

  /** Whether a client of that id was deleted, and is not purged yet. */
  wasDeleted(id: string): Promise<boolean> {
    const query = this.dataSource.manager.createQueryBuilder(ClientEntity, 'client').withDeleted();
    return query.where({ id, deletedAt: MoreThan(REMOVED_AT) }).getExists();
  }

  /** Records that an expired or revoked secret was tried, once per secret and hour. */
  async recordRejection(
    { id, clientId, lastRejectedAt }: ClientSecretEntity,
    reason: 'expired' | 'revoked',
    context: RequestContext,
  ): Promise<void> {
    const now = new Date();
    const limit = new Date(now.getTime() - REJECTION_PERIOD_MS);
    if (lastRejectedAt !== null && lastRejectedAt > limit) return;
    await this.writeQueue.run(
      async (manager) => {
        const { affected } = await manager.update(
          ClientSecretEntity,
          [
            { id, lastRejectedAt: IsNull() },
            { id, lastRejectedAt: LessThanOrEqual(limit) },
          ],
          { lastRejectedAt: now },
        );
        if (!affected) return;
        const changes = [{ field: 'reason', before: null, after: reason }];
        await record(manager, context, [
          { action: 'client_secret.rejected', clientId, targetId: id, changes },
        ]);
      },
      context,
      id,
    );
  }
}
