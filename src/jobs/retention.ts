import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval, Timeout } from '@nestjs/schedule';
import { AuditTrail } from '../audit/audit-trail.js';
import { ClientUseService } from '../clients/use/client-use.service.js';
import { AdminSessionsService } from '../auth/sessions/admin-sessions.service.js';
import { ClientSecretsService } from '../clients/secrets/client-secrets.service.js';
import { ClientsService } from '../clients/registry/clients.service.js';
import { RegistrationCountsService } from '../clients/registration/registration-counts.service.js';
import { CONFIG, type Config } from '../config/variables.js';
import { PurgeClock } from '../database/clock/purge-clock.js';
import { purgeClock } from '../diagnostics/channels.js';
import { type Job, runJob } from './job.js';

/** Soon after the start, or a process that is restarted every hour would never do it. */
const FIRST_RUN_MS = 60_000;
const INTERVAL_MS = 3_600_000;

/** A year of days, and a little more to compare with. */
const REGISTRATION_COUNTS_MS = 400 * 86_400_000;

/** How long the trail has that an unused client ended itself, where it has everything else for ever. */
const UNUSED_DELETIONS_MS = 30 * 86_400_000;

/**
 * Removes for good what is kept for a while only: deleted clients, secrets that have ended, anonymous clients that nobody uses, events of the audit
 * trail, sessions that are over, and counts of long ago. Any number of instances may do it at once: each takes small batches of rows that no
 * other has locked. What is due is decided by the {@link PurgeClock}.
 */
@Injectable()
export class Retention implements OnApplicationBootstrap {
  private readonly logger = new Logger(Retention.name);

  constructor(
    private readonly clients: ClientsService,
    private readonly clientSecrets: ClientSecretsService,
    private readonly clientUse: ClientUseService,
    private readonly auditTrail: AuditTrail,
    private readonly adminSessions: AdminSessionsService,
    private readonly registrationCounts: RegistrationCountsService,
    private readonly clock: PurgeClock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Before anything is written with the clock of this start, or a process that ends before its first run would leave no reading. */
  async onApplicationBootstrap(): Promise<void> {
    await this.readClock().catch((error: unknown) => this.logger.error(error));
  }

  /** Never fails: what could not be removed now is removed an hour later. */
  @Timeout(FIRST_RUN_MS)
  @Interval(INTERVAL_MS)
  async run(): Promise<void> {
    const { deletedClientRetentionMs, registrationUnusedTtlMs, auditRetentionMs } = this.config;
    // Each job fails where it does
    const time = this.readClock();
    await this.purge('purge_deleted_clients', time, deletedClientRetentionMs, (limit) =>
      this.clients.purge(limit),
    );
    await this.purge('purge_ended_secrets', time, deletedClientRetentionMs, (limit) =>
      this.clientSecrets.purge(limit),
    );
    await this.purge('expire_unused_clients', time, registrationUnusedTtlMs, (limit) =>
      this.clientUse.expire(limit),
    );
    await this.purge('purge_audit_events', time, auditRetentionMs, (limit) => this.auditTrail.purge(limit));
    // Of what anybody can write without end, nothing is kept without end
    if (auditRetentionMs === null) {
      await this.purge('purge_unused_client_deletions', time, UNUSED_DELETIONS_MS, (limit) =>
        this.auditTrail.purge(limit, 'unused_client.deleted'),
      );
    }
    await this.purge('purge_admin_sessions', time, 0, (limit) => this.adminSessions.purge(limit));
    await this.purge('purge_registration_counts', time, REGISTRATION_COUNTS_MS, (limit) =>
      this.registrationCounts.purge(limit),
    );
  }

  private async readClock(): Promise<Date> {
    const { time, behindMs } = await this.clock.advance(this.config.purgeMaxClockSkewMs);
    if (purgeClock.hasSubscribers) purgeClock.publish({ behindMs });
    if (behindMs > 0) {
      const hours = Math.ceil(behindMs / 3_600_000);
      this.logger.warn(
        `The clock has gone ahead by more than PURGE_MAX_CLOCK_SKEW since the last purge. If it is wrong, set it right. Else the service was ` +
          `stopped for long: only what was due at ${time.toISOString()} is purged, and the ${hours} h are caught up while it runs as long.`,
      );
    }
    return time;
  }

  /** @param retentionMs null: for ever */
  private async purge(
    job: Job,
    time: Promise<Date>,
    retentionMs: number | null,
    purgeBefore: (limit: Date) => Promise<number>,
  ): Promise<void> {
    if (retentionMs === null) return;
    const rows = await runJob(job, this.logger, async () =>
      purgeBefore(new Date((await time).getTime() - retentionMs)),
    );
    if (rows > 0) this.logger.warn(`${job}: ${rows} rows.`);
  }
}
