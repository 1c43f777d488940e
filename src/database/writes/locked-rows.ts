import { LRUCache } from 'lru-cache';
import { locked, RegistryError, RETRY_AFTER_SECONDS } from '../../errors/registry-error.js';
import type { BatchLimits } from '../../queues/batcher.js';
import type { Cancellation } from '../../queues/cancellation.js';
import { FairQueue } from '../../queues/fair-queue.js';
import { isLocked } from '../connection/unavailable.js';

/** How long a row counts as locked after a write ran into its lock: until callers retry after Retry-After. */
const LOCKED_MS = 2 * RETRY_AFTER_SECONDS * 1_000;

/**
 * Rows of PostgreSQL that foreign transactions lock. Writes that wait for them share one connection, so that they do not take all from
 * the others.
 */
export class LockedRows {
  private readonly known: LRUCache<string, true>;
  private readonly queue: FairQueue;

  /** @param limits of a queue that runs one write after the other */
  constructor(limits: Pick<BatchLimits, 'waiting' | 'waitMs' | 'inFlight'>) {
    this.known = new LRUCache({ max: limits.waiting, ttl: LOCKED_MS });
    this.queue = new FairQueue('transaction on locked rows', limits, limits);
  }

  /**
   * Runs `work` in the queue, or in that of locked rows.
   * @param row what `work` locks first
   * @throws RegistryError `temporarily_unavailable` if it is locked, or cannot begin in time
   */
  async run<T>(
    queue: FairQueue,
    work: () => Promise<T>,
    cancellation: Cancellation,
    row: string | undefined,
  ): Promise<T> {
    const isKnown = row !== undefined && this.known.has(row);
    try {
      const result = await (isKnown ? this.queue : queue).run(work, cancellation, row);
      if (isKnown) this.known.delete(row);
      return result;
    } catch (error) {
      if (isLocked(error)) {
        if (row !== undefined) this.known.set(row, true);
        throw locked(error);
      }
      // Its turn has not come, because of others that waited for locks
      const isRefused = error instanceof RegistryError && error.code === 'temporarily_unavailable';
      throw isKnown && isRefused ? locked(error) : error;
    }
  }
}
