import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, LessThanOrEqual } from 'typeorm';
import type { RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { newId } from '../../database/id.js';
import { Batcher, type Outcome } from '../../queues/batcher.js';
import { type Lookup, batchedFindOne } from '../../database/sql/lookup.js';
import { purgeDue } from '../../database/writes/purge-batches.js';
import { UseNotes } from '../../database/writes/use-notes.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { hashSecret } from '../../secrets/secret.js';
import { ClientEntity } from '../client/client.entity.js';
import { ClientSecretEntity } from '../secrets/client-secret.entity.js';
import { ClientAssertionEntity } from './client-assertion.entity.js';

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
  private readonly assertions: Batcher<ClientAssertionEntity, boolean>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {
    this.clientUses = new UseNotes(writeQueue, ClientEntity, CLIENT_RESOLUTION_MS);
    this.secretUses = new UseNotes(writeQueue, ClientSecretEntity, SECRET_RESOLUTION_MS);
    this.secretByHash = batchedFindOne(dataSource, ClientSecretEntity, ['clientId', 'hash']);
    this.assertions = new Batcher({
      name: 'insert client_assertions',
      run: (assertions) => this.insertAssertions(assertions),
      limits: { underWay: 1 },
    });
  }

  /** The secret of a client by its value, whether or not it still counts; null if the client has none such. */
  findSecret(clientId: string, value: string): Promise<ClientSecretEntity | null> {
    // As with API keys, the time of a hash comparison reveals nothing about a random value
    return this.secretByHash([clientId, hashSecret(value)]);
  }

  /** Whether a client of that id was deleted, and is not purged yet. */
  wasDeleted(id: string): Promise<boolean> {
    const query = this.dataSource.manager.createQueryBuilder(ClientEntity, 'client').withDeleted();
    return query.where('client.id = :id AND client.deletedAt IS NOT NULL', { id }).getExists();
  }

  /** Uses up a `jti` of a client. False if that was done before, by any instance: one statement decides. */
  useAssertion(clientId: string, jti: string, expiresAt: Date): Promise<boolean> {
    return this.assertions.add({ hash: hashSecret(`${clientId} ${jti}`), usedBy: newId(), expiresAt });
  }

  private async insertAssertions(assertions: ClientAssertionEntity[]): Promise<Outcome<boolean>[]> {
    const hashes = assertions.map(({ hash }) => hash);
    const used = await this.writeQueue.run(async (manager) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(ClientAssertionEntity)
        // In one order, so that two instances do not wait for each other
        .values(assertions.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)))
        .orIgnore()
        .execute();
      return manager.findBy(ClientAssertionEntity, { hash: In(hashes) });
    });
    const usedBy = new Set(used.map((row) => row.usedBy));
    return assertions.map((assertion) => ({ value: usedBy.has(assertion.usedBy) }));
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

  /** Deletes assertions that expired before `limit`, which are rejected as expired. Returns how many. */
  purgeAssertions(limit: Date): Promise<number> {
    return purgeDue(this.writeQueue, ClientAssertionEntity, 'expiresAt', limit);
  }
}
