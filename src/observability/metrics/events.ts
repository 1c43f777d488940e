import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { FIELD_NAMES } from '../../policy/fields.js';
import {
  batches,
  type Channel,
  clientAuthentications,
  droppedLogLines,
  jobs,
  operations,
  purgeClock,
  rejections,
  registrations,
} from '../../diagnostics/channels.js';
import { DURATIONS } from './requests.js';

const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200];

/** Members of a registration by their names; a caller that invents others does not invent series. */
const MEMBERS: ReadonlySet<string> = new Set(Object.values(FIELD_NAMES.registration));
const UNKNOWN_MEMBER = 'unknown_member';

/** A translation such as `client_name#ja` counts as what it translates. */
function memberOf(field: string): string {
  const [member = ''] = field.split('#', 1);
  return MEMBERS.has(member) ? member : UNKNOWN_MEMBER;
}

/** Counts the events that the service publishes. @returns a function that stops it */
export function countEvents(registry: Registry, registrationRoute: string): () => void {
  const registers = [registry];
  const registered = new Counter({
    name: 'oauth_registry_registrations_total',
    help: 'Dynamic registration requests by result, including rejected dry runs.',
    labelNames: ['result'] as const,
    registers,
  });
  const rejected = new Counter({
    name: 'oauth_registry_registration_rejections_total',
    help: 'Rejected registrations by error code.',
    labelNames: ['code'] as const,
    registers,
  });
  const invalidMembers = new Counter({
    name: 'oauth_registry_registration_invalid_members_total',
    help: 'Invalid members of rejected registrations by error code. A registration can have several.',
    labelNames: ['code', 'member'] as const,
    registers,
  });
  const authenticated = new Counter({
    name: 'oauth_registry_client_authentications_total',
    help: 'Client authentication attempts by method and result. The result is "authenticated" or the reason of the failure.',
    labelNames: ['method', 'result'] as const,
    registers,
  });
  const graphql = new Histogram({
    name: 'oauth_registry_graphql_duration_seconds',
    help: 'Duration of GraphQL operations by root field. An operation with several root fields counts once for each.',
    labelNames: ['operation', 'field', 'outcome'] as const,
    buckets: DURATIONS,
    registers,
  });
  const batchSize = new Histogram({
    name: 'oauth_registry_batch_size',
    help: 'Items per database batch.',
    labelNames: ['batch'] as const,
    buckets: BATCH_SIZES,
    registers,
  });
  const batchWaiting = new Gauge({
    name: 'oauth_registry_batch_waiting',
    help: 'Items waiting for the next batch when the last batch started.',
    labelNames: ['batch'] as const,
    registers,
  });
  const jobRuns = new Counter({
    name: 'oauth_registry_job_runs_total',
    help: 'Job runs of this instance by outcome.',
    labelNames: ['name', 'outcome'] as const,
    registers,
  });
  const jobDuration = new Gauge({
    name: 'oauth_registry_job_last_duration_seconds',
    help: 'Duration of the last run of a job.',
    labelNames: ['name'] as const,
    registers,
  });
  const jobSuccess = new Gauge({
    name: 'oauth_registry_job_last_success_timestamp_seconds',
    help: 'Time of the last successful run of a job, in seconds since 1970-01-01 UTC.',
    labelNames: ['name'] as const,
    registers,
  });
  const jobRows = new Counter({
    name: 'oauth_registry_job_rows_total',
    help: 'Rows changed or deleted by a job.',
    labelNames: ['name'] as const,
    registers,
  });
  const droppedLines = new Counter({
    name: 'oauth_registry_log_lines_dropped_total',
    help: 'Log lines dropped because standard output was blocked.',
    registers,
  });
  const purgeClockBehind = new Gauge({
    name: 'oauth_registry_purge_clock_behind_seconds',
    help: 'Seconds by which the clock is ahead of the trusted time of purges, after a long stop or with a wrong clock. 0: they agree.',
    registers,
  });

  // A rate needs to see the step from nothing to one
  for (const result of ['registered', 'reused', 'rejected']) registered.inc({ result }, 0);

  const subscriptions = [
    on(registrations, ({ result }) => registered.inc({ result })),
    on(rejections, ({ method, route, code, fields }) => {
      if (method !== 'POST' || route !== registrationRoute) return;
      registered.inc({ result: 'rejected' });
      rejected.inc({ code });
      for (const member of new Set(fields.map(memberOf))) invalidMembers.inc({ code, member });
    }),
    on(clientAuthentications, (labels) => authenticated.inc({ ...labels })),
    on(operations, ({ operation, fields, hasErrors, durationMs }) => {
      const outcome = hasErrors ? 'error' : 'ok';
      for (const field of fields) graphql.observe({ operation, field, outcome }, durationMs / 1000);
    }),
    on(batches, ({ name, size, waiting }) => {
      batchSize.observe({ batch: name }, size);
      batchWaiting.set({ batch: name }, waiting);
    }),
    on(jobs, ({ job, outcome, durationMs, rows }) => {
      jobRuns.inc({ name: job, outcome });
      jobDuration.set({ name: job }, durationMs / 1000);
      jobRows.inc({ name: job }, rows);
      if (outcome === 'done') jobSuccess.setToCurrentTime({ name: job });
    }),
    on(purgeClock, ({ behindMs }) => purgeClockBehind.set(behindMs / 1000)),
    on(droppedLogLines, ({ lines }) => droppedLines.inc(lines)),
  ];
  return () => {
    for (const end of subscriptions) end();
  };
}

function on<T>(channel: Channel<T>, listener: (message: T) => void): () => void {
  channel.subscribe(listener);
  return () => channel.unsubscribe(listener);
}
