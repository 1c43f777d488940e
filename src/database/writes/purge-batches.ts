import { setTimeout as wait } from 'node:timers/promises';
import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { lockRows } from '../sql/for-update.js';
import type { WriteQueue } from './write-queue.js';

/** How long a batch should take, in milliseconds. On SQLite it blocks the event loop and all other writes. */
const TARGET_MS = 10;
/** Rows of a batch: the first one, and the fewest and most of any. A commit takes its time however few they are. */
const FIRST_SIZE = 50;
const MIN_SIZE = 20;
const MAX_SIZE = 500;
/** A database that hangs holds up the next batch no longer than this. */
const MAX_PAUSE_MS = 1_000;

/**
 * Does work of the service's own on many rows, each batch in a transaction, as large as the time that the last one took allows. The pause
 * after it is as long, so that requests have half of the time at least.
 * @param work does one batch of at most `size` rows; says how many it did, and 0 if none is left
 * @returns how many rows it was done to, less than all if the service stops
 */
export async function inSmallBatches(
  writeQueue: WriteQueue,
  work: (manager: EntityManager, size: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let size = FIRST_SIZE; !writeQueue.isEnding;) {
    let sinceMs = 0;
    const count = await writeQueue.run((manager) => {
      sinceMs = performance.now();
      return work(manager, size);
    });
    if (count === 0) break;
    total += count;
    const tookMs = performance.now() - sinceMs;
    // At most twice as many rows, and at least half as many: one slow batch says little of the next
    const factor = Math.min(2, Math.max(0.5, TARGET_MS / tookMs));
    size = Math.min(MAX_SIZE, Math.max(MIN_SIZE, Math.round(size * factor)));
    await wait(Math.min(tookMs, MAX_PAUSE_MS));
  }
  return total;
}

/**
 * Removes rows that are due by a column, batch by batch. Of many instances, each takes rows that no other has locked.
 * @param and another condition, on `row`
 */
export function purgeDue<E extends ObjectLiteral>(
  writeQueue: WriteQueue,
  entity: EntityTarget<E>,
  by: keyof E & string,
  before: Date | string,
  and = 'TRUE',
): Promise<number> {
  const valueOf = (value: unknown) => (value instanceof Date ? value.getTime() : value);
  // PostgreSQL keeps index entries of removed rows: no batch looks at those of the ones before
  let from = before instanceof Date ? 0 : ('' as unknown);
  return inSmallBatches(writeQueue, async (manager, size) => {
    const { propertyName: id } = manager.dataSource.getMetadata(entity).primaryColumns[0]!;
    const query = manager
      .createQueryBuilder(entity, 'row')
      .select([...new Set([`row.${id}`, `row.${by}`])])
      .where(`row.${by} >= :from AND row.${by} < :before AND ${and}`, { from, before: valueOf(before) })
      .orderBy(`row.${by}`)
      .limit(size);
    const rows = await lockRows(query, 'skip_locked').getMany();
    if (rows.length === 0) return 0;
    from = valueOf(rows.at(-1)![by]);
    await manager.delete(
      entity,
      rows.map((row) => row[id] as string),
    );
    return rows.length;
  });
}
