import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ApiKeysRepository } from './api-keys.repository.js';

/** A use is written down at most this often, so that a busy key costs no write per request. */
export const LAST_USED_RESOLUTION_MS = 60_000;
/** Keys of one transaction. */
const MAX_TOGETHER = 500;
/** Between two transactions. */
const PAUSE_MS = 100;
/** After one that failed. */
const BACK_OFF_MS = 10_000;

/** Stores when keys were last used, in the background: one transaction at a time, on one connection at most. */
export class ApiKeyUses {
  private readonly logger = new Logger(ApiKeyUses.name);
  private readonly used = new Set<string>();
  private isWriting = false;

  constructor(private readonly repository: ApiKeysRepository) {}

  note(id: string): void {
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
        const now = new Date();
        await this.repository.recordUse(ids, now, new Date(now.getTime() - LAST_USED_RESOLUTION_MS));
      } catch (error) {
        // A key whose use cannot be written down is as good as before
        this.logger.warn(error);
        pauseMs = BACK_OFF_MS;
      }
      await wait(pauseMs, undefined, { ref: false });
    }
    this.isWriting = false;
  }
}
