import { Inject, Injectable, Logger } from '@nestjs/common';
import { Interval, Timeout } from '@nestjs/schedule';
import { AuditTrail } from '../audit/audit-trail.js';
import { ClientUseService } from '../clients/client-use.service.js';
import { AdminSessionsService } from '../auth/admin-sessions.service.js';
import { ClientSecretsService } from '../clients/client-secrets.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { RegistrationCountsService } from '../clients/registration-counts.service.js';
import { CONFIG, type Config } from '../config/config.js';
import { type Job, runJob } from './job.js';

/** Soon after the start, or a process that is restarted every hour would never do it. */
const FIRST_RUN_MS = 60_000;
const INTERVAL_MS = 3_600_000;
/** A clock that is off by more was set, and not for the better perhaps. */
const MAX_CLOCK_STEP_MS = 3_600_000;

/** A year of days, and a little more to compare with. */
const REGISTRATION_COUNTS_MS = 400 * 86_400_000;

/** How long the trail has that an unused client ended itself, where it has everything else for ever. */
const UNUSED_DELETIONS_MS = 30 * 86_400_000;

/** When this process started, as the clock has it now: it moves as the clock is set. */
const startOfProcess = () => Date.now() - performance.now();

/**
 * Forgets what is kept for a while only: deleted clients, secrets that have ended, anonymous ones that nobody uses, events of the audit trail, sessions
 * that are over, and counts of long ago. Any number of instances may do it at once: each takes small batches of rows that no other has locked. What is gone is gone for good,
 * so that a clock that has just been set is not believed before an hour has passed.
 */
@Injectable()
export class Retention {
  private readonly logger = new Logger(Retention.name);
  private startOfProcess = startOfProcess();

  constructor(
    private readonly clients: ClientsService,
    private readonly clientSecrets: ClientSecretsService,
    private readonly clientUse: ClientUseService,
    private readonly auditTrail: AuditTrail,
    private readonly adminSessions: AdminSessionsService,
    private readonly registrationCounts: RegistrationCountsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Never fails: what could not be forgotten now is forgotten an hour later. */
  @Timeout(FIRST_RUN_MS)
  @Interval(INTERVAL_MS)
  async run(): Promise<void> {
    if (this.wasClockSet()) {
      this.logger.warn('The clock was set since the last time; nothing is purged now.');
      return;
    }
    const { deletedClientRetentionMs, registrationUnusedTtlMs, auditRetentionMs } = this.config;
    await this.forgetAll('purge_deleted_clients', deletedClientRetentionMs, (limit) =>
      this.clients.purge(limit),
    );
    await this.forgetAll('purge_ended_secrets', deletedClientRetentionMs, (limit) =>
      this.clientSecrets.purge(limit),
    );
    await this.forgetAll('expire_unused_clients', registrationUnusedTtlMs, (limit) =>
      this.clientUse.expire(limit),
    );
    await this.forgetAll('purge_audit_events', auditRetentionMs, (limit) => this.auditTrail.purge(limit));
    // Of what anybody can write without end, nothing is kept without end
    if (auditRetentionMs === null) {
      await this.forgetAll('purge_unused_client_deletions', UNUSED_DELETIONS_MS, (limit) =>
        this.auditTrail.purge(limit, 'unused_client.deleted'),
      );
    }
    await this.forgetAll('purge_admin_sessions', 0, (limit) => this.adminSessions.purge(limit));
    await this.forgetAll('purge_registration_counts', REGISTRATION_COUNTS_MS, (limit) =>
      this.registrationCounts.purge(limit),
    );
  }

  private wasClockSet(): boolean {
    const before = this.startOfProcess;
    this.startOfProcess = startOfProcess();
    return Math.abs(this.startOfProcess - before) > MAX_CLOCK_STEP_MS;
  }

  /** @param retentionMs null: for ever */
  private async forgetAll(
    job: Job,
    retentionMs: number | null,
    forgetBatch: (limit: Date) => Promise<number>,
  ): Promise<void> {
    if (retentionMs === null) return;
    const limit = new Date(Date.now() - retentionMs);
    const rows = await runJob(job, this.logger, () => forgetBatch(limit));
    if (rows > 0) this.logger.warn(`${job}: ${rows} rows.`);
  }
}
