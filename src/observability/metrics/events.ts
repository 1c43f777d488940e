import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { FIELD_NAMES } from '../../policy/fields.js';
import {
  batches,
  type Channel,
  droppedLogLines,
  jobs,
  operations,
  purgeClock,
  refusals,
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

/** Counts what the rest of the service tells of. @returns stops it */
export function countEvents(registry: Registry, registrationRoute: string): () => void {
  const registers = [registry];
  const registered = new Counter({
    name: 'oauth_registry_registrations_total',
    help: 'Answers to software that registered itself (a dry run that is refused is one), by result.',
    labelNames: ['result'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'oauth_registry_registration_refusals_total',
    help: 'Registrations that were refused, by error code.',
    labelNames: ['code'] as const,
    registers,
  });
  const faults = new Counter({
    name: 'oauth_registry_registration_faults_total',
    help: 'Members at fault of registrations that were refused, by error code; any number for each.',
    labelNames: ['code', 'member'] as const,
    registers,
  });
  const graphql = new Histogram({
    name: 'oauth_registry_graphql_duration_seconds',
    help: 'GraphQL requests by what they ask for: once for each field of the root.',
    labelNames: ['operation', 'field', 'outcome'] as const,
    buckets: DURATIONS,
    registers,
  });
  const batchSize = new Histogram({
    name: 'oauth_registry_batch_size',
    help: 'Items of a batch for the database: what was asked for in the same moment.',
    labelNames: ['batch'] as const,
    buckets: BATCH_SIZES,
    registers,
  });
  const batchWaiting = new Gauge({
    name: 'oauth_registry_batch_waiting',
    help: 'Items that were left for the next batch when the last one began.',
    labelNames: ['batch'] as const,
    registers,
  });
  const jobRuns = new Counter({
    name: 'oauth_registry_job_runs_total',
    help: 'Runs of the jobs of this instance, by outcome.',
    labelNames: ['name', 'outcome'] as const,
    registers,
  });
  const jobDuration = new Gauge({
    name: 'oauth_registry_job_last_duration_seconds',
    help: 'How long the last run of a job took.',
    labelNames: ['name'] as const,
    registers,
  });
  const jobSuccess = new Gauge({
    name: 'oauth_registry_job_last_success_timestamp_seconds',
    help: 'When a job was last done, in seconds since 1970.',
    labelNames: ['name'] as const,
    registers,
  });
  const jobRows = new Counter({
    name: 'oauth_registry_job_rows_total',
    help: 'Rows that a job did something to.',
    labelNames: ['name'] as const,
    registers,
  });
  const droppedLines = new Counter({
    name: 'oauth_registry_log_lines_dropped_total',
    help: 'Log lines that were dropped because standard output did not take them.',
    registers,
  });
  const purgeClockBehind = new Gauge({
    name: 'oauth_registry_purge_clock_behind_seconds',
    help: 'How far the clock is ahead of what purges go by, as after a long stop or where it is set wrong; 0: it is believed.',
    registers,
  });

  // A rate needs to see the step from nothing to one
  for (const result of ['registered', 'reused', 'refused']) registered.inc({ result }, 0);

  const subscriptions = [
    on(registrations, ({ result }) => registered.inc({ result })),
    on(refusals, ({ method, route, code, fields }) => {
      if (method !== 'POST' || route !== registrationRoute) return;
      registered.inc({ result: 'refused' });
      refused.inc({ code });
      for (const member of new Set(fields.map(memberOf))) faults.inc({ code, member });
    }),
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
