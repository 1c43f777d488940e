import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type EntityTarget, In } from 'typeorm';
import { lockRows } from '../sql/for-update.js';
import type { WriteQueue } from './write-queue.js';

/** Rows of one transaction. */
const MAX_TOGETHER = 500;
/** Between two transactions. */
const PAUSE_MS = 100;
/** After one that failed. */
const BACK_OFF_MS = 10_000;

/** A row that knows when it was last used; null: never. */
interface Used {
  id: string;
  lastUsedAt: Date | null;
}

/**
 * Writes down when rows of a table were used, at most once per row and `resolutionMs`. No request waits for it: it takes one transaction
 * at a time, and passes over rows that another transaction has locked.
 */
export class UseNotes {
  private readonly logger = new Logger(UseNotes.name);
  private readonly used = new Set<string>();
  private isWriting = false;

  constructor(
    private readonly writeQueue: WriteQueue,
    private readonly entity: EntityTarget<Used>,
    private readonly resolutionMs: number,
  ) {}

  /** Notes that a row is used now, unless `lastUsedAt` is recent enough. */
  note({ id, lastUsedAt }: Used): void {
    if (lastUsedAt !== null && lastUsedAt.getTime() > Date.now() - this.resolutionMs) return;
    this.used.add(id);
    if (!this.isWriting) void this.write();
  }

  private async write(): Promise<void> {
    this.isWriting = true;
    while (this.used.size > 0) {
      const ids = [...this.used].slice(0, MAX_TOGETHER);
      for (const id of ids) this.used.delete(id);
      let pauseMs = PAUSE_MS;
      try {
        await this.record(ids, new Date());
      } catch (error) {
        // A credential whose use cannot be stored stays valid
        this.logger.warn(error);
        pauseMs = BACK_OFF_MS;
      }
      await wait(pauseMs, undefined, { ref: false });
    }
    this.isWriting = false;
  }

  private record(ids: string[], now: Date): Promise<void> {
    return this.writeQueue.run(async (manager) => {
      const query = manager
        .createQueryBuilder(this.entity, 'row')
        .select('row.id')
        // Only one of several instances writes
        .where('(row.lastUsedAt IS NULL OR row.lastUsedAt <= :stale)', {
          stale: now.getTime() - this.resolutionMs,
        })
        .andWhere({ id: In(ids) });
      const rows = await lockRows(query, 'skip_locked').getMany();
      if (rows.length === 0) return;
      await manager.update(this.entity, { id: In(rows.map(({ id }) => id)) }, { lastUsedAt: now });
    });
  }
}
