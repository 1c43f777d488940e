import type { Logger } from '@nestjs/common';
import { jobs } from '../diagnostics/channels.js';

/** What is done again and again, by the names that metrics call it. */
export type Job =
  | 'purge_deleted_clients'
  | 'purge_surplus_clients'
  | 'purge_ended_secrets'
  | 'expire_unused_clients'
  | 'purge_removed_clients'
  | 'purge_audit_events'
  | 'purge_unused_client_deletions'
  | 'purge_admin_sessions'
  | 'purge_registration_counts'
  | 'purge_client_assertions'
  | 'purge_client_authentication_counts'
  | 'purge_oauth_tokens'
  | 'purge_oauth_token_counts'
  | 'purge_revoked_grants'
  | 'rotate_signing_keys'
  | 'disable_lapsed_clients'
  | 'refresh_statistics';

/**
 * Runs a job once. Never fails: what could not be done now is done the next time.
 * @param work says how many rows it did something to
 * @returns the same; 0 if it failed
 */
export async function runJob(job: Job, logger: Logger, work: () => Promise<number>): Promise<number> {
  const start = performance.now();
  let rows = 0;
  let outcome: 'done' | 'failed' = 'done';
  try {
    rows = await work();
  } catch (error) {
    outcome = 'failed';
    logger.error(error);
  }
  if (jobs.hasSubscribers) jobs.publish({ job, outcome, durationMs: performance.now() - start, rows });
  return rows;
}
