import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { validate as isClientId } from 'uuid';
import type { RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { batchesOf } from '../../database/writes/statement-size.js';
import { lockRows } from '../../database/sql/for-update.js';
import { type RunSql, sqlRunner } from '../../database/sql/run-sql.js';
import { inSmallBatches } from '../../database/writes/purge-batches.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { ClientEntity, UNUSED } from '../client/client.entity.js';
import { purgeRemoved, removeUnused } from './unused-removal.repository.js';

/** How exact the time of a client's last use is: what was used since is not written again. */
const RESOLUTION_MS = 3_600_000;

/** Unused clients that one transaction removes. */
export const REMOVAL_BATCH = 100;

/** Clients whose last registration was before this time. */
const LAST_REGISTERED_BEFORE =
  '"created_at" < :limit AND ("last_registered_at" IS NULL OR "last_registered_at" < :limit)';

/** Unused clients. */
export interface UnusedClients {
  count: number;
  /** When the first and the last of them were created; null: there is none. */
  oldest: Date | null;
  newest: Date | null;
}

/** When clients were used, and those that never were, in the database. */
@Injectable()
export class ClientUseRepository {
  private readonly run: RunSql;

  constructor(
    private readonly writeQueue: WriteQueue,
    dataSource: DataSource,
  ) {
    this.run = sqlRunner(dataSource, 'select oauth_clients');
  }

  /**
   * Records the use of clients that are not deleted, unless it was recorded lately.
   * @returns of how many
   */
  recordUse(ids: readonly string[], at: Date): Promise<number> {
    const known = [...new Set(ids)].filter((id) => isClientId(id));
    return this.writeQueue.run(async (manager) => {
      let count = 0;
      for (const batch of batchesOf(known)) {
        const query = manager
          .createQueryBuilder(ClientEntity, 'client')
          .select('client.id')
          .where({ id: In(batch) })
          .andWhere('("last_used_at" IS NULL OR "last_used_at" <= :lately)', {
            lately: at.getTime() - RESOLUTION_MS,
          })
          // Other reporters of the same clients lock them in the same order
          .orderBy('client.id');
        const clients = await lockRows(query).getMany();
        if (clients.length === 0) continue;
        await manager.update(ClientEntity, { id: In(clients.map(({ id }) => id)) }, { lastUsedAt: at });
        count += clients.length;
      }
      return count;
    });
  }

  /** How many unused clients there are, counted up to `limit`. */
  async count(limit: number): Promise<number> {
    const [row] = await this.run(
      `SELECT COUNT(*) FROM (SELECT 1 FROM oauth_clients WHERE ${UNUSED} ORDER BY created_at LIMIT :limit) unused`,
      { limit },
    );
    return Number(row![0]);
  }

  /** When the oldest unused client was created; null: there is none. */
  async oldest(): Promise<Date | null> {
    const [row] = await this.run(
      `SELECT created_at FROM oauth_clients WHERE ${UNUSED} ORDER BY created_at LIMIT 1`,
      {},
    );
    return row ? new Date(Number(row[0])) : null;
  }

  /** When the youngest unused client was created that is not among the newest `max`; null: all are. */
  async youngestBeyond(max: number): Promise<Date | null> {
    const [row] = await this.run(
      `SELECT created_at FROM oauth_clients WHERE ${UNUSED} ORDER BY created_at DESC LIMIT 1 OFFSET :max`,
      { max },
    );
    return row ? new Date(Number(row[0])) : null;
  }

  /** Whether there is an unused client with no registration since `limit`. */
  async hasUnusedSince(limit: Date): Promise<boolean> {
    const rows = await this.run(
      `SELECT 1 FROM oauth_clients WHERE ${UNUSED} AND ${LAST_REGISTERED_BEFORE} ORDER BY created_at LIMIT 1`,
      { limit: limit.getTime() },
    );
    return rows.length > 0;
  }

  /** Counts unused clients with no registration since `limit`. Reads each of them. */
  async summary(limit: Date): Promise<UnusedClients> {
    const [row] = await this.run(
      `SELECT COUNT(*), MIN(created_at), MAX(created_at) FROM oauth_clients WHERE ${UNUSED} AND ${LAST_REGISTERED_BEFORE}`,
      { limit: limit.getTime() },
    );
    const [count, oldest, newest] = row!;
    const time = (ms: unknown) => (ms === null ? null : new Date(Number(ms)));
    return { count: Number(count), oldest: time(oldest), newest: time(newest) };
  }

  /**
   * Permanently removes the oldest unused clients with no registration since `limit`, `size` at most or fewer if they have many events, and
   * what the audit log says of what they did themselves; says how many: 0 if there is none. One event says so, too.
   */
  async remove(limit: Date, size: number, context: RequestContext): Promise<number> {
    const removed = await this.writeQueue.run((manager) =>
      removeOldest(manager, new Date(0), limit, Math.min(size, REMOVAL_BATCH), context),
    );
    return removed.length;
  }

  /** Removes all of them in the same way, batch by batch, an event for each. */
  removeAll(limit: Date, context: RequestContext): Promise<number> {
    // No batch passes over what the ones before have left, such as clients that were registered again
    let from = new Date(0);
    return inSmallBatches(this.writeQueue, async (manager, size) => {
      const removed = await removeOldest(manager, from, limit, size, context);
      from = removed.at(-1)?.createdAt ?? from;
      return removed.length;
    });
  }

  /** Removes the events of removed clients that had too many to go with them; says how many rows. */
  purgeRemoved(): Promise<number> {
    return purgeRemoved(this.writeQueue);
  }
}

/** One batch of those that were created since `from`. */
async function removeOldest(
  manager: EntityManager,
  from: Date,
  limit: Date,
  size: number,
  context: RequestContext,
) {
  const query = manager
    .createQueryBuilder(ClientEntity, 'client')
    .select(['client.id', 'client.createdAt'])
    .where(`${UNUSED} AND "created_at" >= :from AND ${LAST_REGISTERED_BEFORE}`, {
      from: from.getTime(),
      limit: limit.getTime(),
    })
    .orderBy('client.createdAt')
    .addOrderBy('client.id')
    .limit(size);
  // Each of several instances takes other rows
  const clients = await lockRows(query, 'skip_locked').getMany();
  const removed = await removeUnused(manager, clients);
  const last = removed.at(-1);
  if (last !== undefined) {
    await record(manager, context, [
      {
        action: 'unused_clients.removed',
        clientId: null,
        targetId: last.id,
        changes: [{ field: 'unusedClients', before: removed.length, after: 0 }],
      },
    ]);
  }
  return removed;
}
