import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval, Timeout } from '@nestjs/schedule';
import { AuditTrail } from '../audit/audit-trail.js';
import { GrantsService } from '../authorization/grants/grants.service.js';
import { TokenCountsService } from '../authorization/issuance/token-counts.service.js';
import { TokenIssuer } from '../authorization/issuance/token-issuer.js';
import { ClientAuthenticator } from '../clients/authentication/client-authenticator.js';
import { ClientAuthenticationCountsService } from '../clients/authentication/client-authentication-counts.service.js';
import { UNUSED_DELETED } from '../clients/anonymous/unused-deletions.js';
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
const DAILY_COUNTS_MS = 400 * 86_400_000;

/** How long the audit log keeps deletions of unused clients by themselves, if it keeps everything else for ever. */
const UNUSED_DELETIONS_MS = 30 * 86_400_000;

/** Permanently removes what is kept for a while only, on any number of instances at once. The {@link PurgeClock} says what is due. */
@Injectable()
export class Retention implements OnApplicationBootstrap {
  private readonly logger = new Logger(Retention.name);

  constructor(
    private readonly clients: ClientsService,
    private readonly clientSecrets: ClientSecretsService,
    private readonly clientUse: ClientUseService,
    private readonly clientAuthenticator: ClientAuthenticator,
    private readonly auditTrail: AuditTrail,
    private readonly adminSessions: AdminSessionsService,
    private readonly registrationCounts: RegistrationCountsService,
    private readonly authenticationCounts: ClientAuthenticationCountsService,
    // Also while the authorization server is off
    private readonly tokenIssuer: TokenIssuer,
    private readonly tokenCounts: TokenCountsService,
    private readonly grants: GrantsService,
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
    // Each job fails if it does
    const time = this.readClock();
    // Data that anyone can write without limit must not be kept without limit
    const unusedDeletionsMs = auditRetentionMs === null ? UNUSED_DELETIONS_MS : null;
    const { auditTrail } = this;
    const jobs: [Job, retentionMs: number | null, purge: (limit: Date) => Promise<number>][] = [
      ['purge_deleted_clients', deletedClientRetentionMs, (limit) => this.clients.purge(limit)],
      ['purge_ended_secrets', deletedClientRetentionMs, (limit) => this.clientSecrets.purge(limit)],
      ['expire_unused_clients', registrationUnusedTtlMs, (limit) => this.clientUse.expire(limit)],
      ['purge_removed_clients', 0, () => this.clientUse.purgeRemoved()],
      ['purge_audit_events', auditRetentionMs, (limit) => auditTrail.purge(limit)],
      [
        'purge_unused_client_deletions',
        unusedDeletionsMs,
        (limit) => auditTrail.purge(limit, UNUSED_DELETED),
      ],
      ['purge_client_assertions', 0, (limit) => this.clientAuthenticator.purgeAssertions(limit)],
      ['purge_admin_sessions', 0, (limit) => this.adminSessions.purge(limit)],
      ['purge_registration_counts', DAILY_COUNTS_MS, (limit) => this.registrationCounts.purge(limit)],
      [
        'purge_client_authentication_counts',
        DAILY_COUNTS_MS,
        (limit) => this.authenticationCounts.purge(limit),
      ],
      ['purge_oauth_tokens', 0, (limit) => this.tokenIssuer.purge(limit)],
      ['purge_oauth_token_counts', DAILY_COUNTS_MS, (limit) => this.tokenCounts.purge(limit)],
      ['purge_revoked_grants', deletedClientRetentionMs, (limit) => this.grants.purge(limit)],
    ];
    for (const [job, retentionMs, purge] of jobs) await this.purge(job, time, retentionMs, purge);
  }

  private async readClock(): Promise<Date> {
    const { time, behindMs } = await this.clock.advance(this.config.purgeMaxClockSkewMs);
    if (purgeClock.hasSubscribers) purgeClock.publish({ behindMs });
    if (behindMs > 0) {
      const hours = Math.ceil(behindMs / 3_600_000);
      this.logger.warn(
        `The clock has advanced by more than PURGE_MAX_CLOCK_SKEW since the last purge. Correct the clock if it is wrong. After a long ` +
          `stop this is normal: data due before ${time.toISOString()} is purged, and the other ${hours} h are caught up while the service runs.`,
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
