import { Inject, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AuditTrail } from '../audit/audit-trail.js';
import { ClientsService } from '../clients/clients.service.js';
import { CONFIG, type Config } from '../config/config.js';

const INTERVAL_MS = 3_600_000;

/**
 * Forgets what is kept for a while only: deleted clients, and events of the audit trail. Any number of instances may do it at
 * once: each takes small batches of rows that no other has locked.
 */
@Injectable()
export class Retention {
  private readonly logger = new Logger(Retention.name);

  constructor(
    private readonly clients: ClientsService,
    private readonly auditTrail: AuditTrail,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Never fails: what could not be forgotten now is forgotten an hour later. */
  @Interval(INTERVAL_MS)
  async run(): Promise<void> {
    const { deletedClientRetentionMs, auditRetentionMs } = this.config;
    try {
      const clients = await forgetAll(deletedClientRetentionMs, (limit) => this.clients.purge(limit));
      const events = await forgetAll(auditRetentionMs, (limit) => this.auditTrail.purge(limit));
      if (clients + events > 0)
        this.logger.warn(`Purged ${clients} deleted clients and ${events} audit events.`);
    } catch (error) {
      this.logger.error(error);
    }
  }
}

/** @param retentionMs null: for ever */
async function forgetAll(
  retentionMs: number | null,
  forgetBatch: (limit: Date) => Promise<number>,
): Promise<number> {
  if (retentionMs === null) return 0;
  const limit = new Date(Date.now() - retentionMs);
  let total = 0;
  for (let forgotten = -1; forgotten !== 0; total += forgotten) forgotten = await forgetBatch(limit);
  return total;
}
