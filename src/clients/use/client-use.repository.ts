import { setImmediate as nextTurn } from 'node:timers/promises';
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
import { ClientEntity, LAST_REGISTERED, UNUSED } from '../client/client.entity.js';
import { purgeRemoved, removeUnused } from './unused-removal.repository.js';

/** How exact the time of a client's last use is: what was used since is not written again. */
const RESOLUTION_MS = 3_600_000;

/** Unused clients that one transaction removes. */
export const REMOVAL_BATCH = 100;

/** Rows that one statement of a count passes over: on SQLite, it blocks the event loop. */
export const COUNT_STEP = 20_000;

/** A place among the unused clients in the order of their last registration. */
interface Position {
  ms: number;
  id: string;
}

/** Behind the client that was last registered. */
const END: Position = { ms: Number.MAX_SAFE_INTEGER, id: '' };

/** Unused clients up to a position, the last registered first. */
const UNTIL = `FROM oauth_clients WHERE ${UNUSED} AND (${LAST_REGISTERED}, id) <= (:ms, :id) ORDER BY ${LAST_REGISTERED} DESC, id DESC`;

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
    return (await this.passOver(limit)).passed;
  }

  /** When the oldest unused client was last registered, which is evicted first; null: there is none. */
  async oldest(): Promise<Date | null> {
    // With LIMIT 1, SQLite would rather sort the table
    const [row] = await this.run(`SELECT MIN(${LAST_REGISTERED}) FROM oauth_clients WHERE ${UNUSED}`, {});
    const [ms] = row!;
    return ms === null ? null : new Date(Number(ms));
  }

  /** When the last unused client was registered that is not among the `max` that were registered last; null: all are. */
  async youngestBeyond(max: number): Promise<Date | null> {
    const { next } = await this.passOver(max);
    return next && new Date(next.ms);
  }

  /**
   * Passes over the `count` unused clients that were registered last, in steps, between which requests go on. Says how many there are, and
   * which is next.
   */
  private async passOver(count: number): Promise<{ passed: number; next: Position | null }> {
    let from = END;
    for (let passed = 0; ;) {
      const step = Math.min(count - passed, COUNT_STEP);
      const next = await this.positionBehind(from, step);
      if (next === null) return { passed: passed + (await this.countStep(from, step)), next };
      passed += step;
      if (passed === count) return { passed, next };
      from = next;
      await nextTurn();
    }
  }

  /** Where the unused client is that has `step` later ones up to a position, which counts; null: there is none. */
  private async positionBehind(from: Position, step: number): Promise<Position | null> {
    const sql = `SELECT ${LAST_REGISTERED}, id ${UNTIL} LIMIT :one OFFSET :step`;
    // If SQLite knew the limit, it would rather sort the table
    const [row] = await this.run(sql, { ...from, one: 1, step });
    return row ? { ms: Number(row[0]), id: row[1] as string } : null;
  }

  private async countStep(from: Position, step: number): Promise<number> {
    const [row] = await this.run(`SELECT COUNT(*) FROM (SELECT 1 ${UNTIL} LIMIT :step) step`, {
      ...from,
      step,
    });
    return Number(row![0]);
  }

  /** Counts unused clients with no registration since `limit`. Reads each of them. */
  async summary(limit: Date): Promise<UnusedClients> {
    const [row] = await this.run(
      `SELECT COUNT(*), MIN(created_at), MAX(created_at) FROM oauth_clients WHERE ${UNUSED} AND ${LAST_REGISTERED} < :limit`,
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
    // PostgreSQL keeps index entries of removed rows: no batch looks at those of the ones before
    let from = new Date(0);
    return inSmallBatches(this.writeQueue, async (manager, size) => {
      const removed = await removeOldest(manager, from, limit, size, context);
      from = lastRegistered(removed.at(-1)) ?? from;
      return removed.length;
    });
  }

  /** Removes the events of removed clients that had too many to go with them; says how many rows. */
  purgeRemoved(): Promise<number> {
    return purgeRemoved(this.writeQueue);
  }
}

const lastRegistered = (client?: ClientEntity) => client && (client.lastRegisteredAt ?? client.createdAt);

/** One batch of those that were last registered since `from`, the oldest first. */
async function removeOldest(
  manager: EntityManager,
  from: Date,
  limit: Date,
  size: number,
  context: RequestContext,
) {
  const query = manager
    .createQueryBuilder(ClientEntity, 'client')
    .select(['client.id', 'client.createdAt', 'client.lastRegisteredAt'])
    .where(`${UNUSED} AND ${LAST_REGISTERED} >= :from AND ${LAST_REGISTERED} < :limit`, {
      from: from.getTime(),
      limit: limit.getTime(),
    })
    .orderBy(LAST_REGISTERED)
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
