import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ended, runScript, temporaryDirectory } from './cleanup.js';
import {
  type DatabaseServer,
  databasesOf,
  type Engine,
  enginesNamed,
  freePort,
  runSql,
} from './databases.js';
import { EVENTS_PER_CLIENT, fill, YEARS } from './fill.js';
import { REGISTRATION } from './requests.js';
import { table } from './report.js';
import { startServer } from './server.js';

const USAGE = `npm run bench:jobs -- [options]
  --due N         deleted clients that are due, with five times as many audit events (40000)
  --engine NAME   sqlite or postgres (both)`;

/** Above it the script fails. */
const MAX_P99_MS = 100;
/** Share of the clients that are due; the others stay. */
const DUE_SHARE = 2 / 3;
const INTERVAL_MS = 20;
const REQUEST_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 500;
/** After its start the service is warm; then it is measured until the jobs begin. */
const WARM_UP_MS = 20_000;
const JOBS_TIMEOUT_MS = 600_000;
/** The last of the hourly jobs. */
const LAST_JOB = 'purge_client_authentication_counts';

interface Sample {
  atMs: number;
  tookMs: number;
}

/** `npm run bench:jobs`: how long registrations and health take while the hourly jobs have much to remove. */
async function measureJobs(engine: Engine, databases: DatabaseServer, directory: string, due: number) {
  const databaseUrl = await databases.create();
  await (await startServer('registry', databaseUrl, directory)).stop();
  await fill(databaseUrl, Math.round(due / DUE_SHARE));
  const dueDays = Math.round(YEARS * 365 * (1 - DUE_SHARE));
  await markDeleted(databaseUrl, due);
  const metricsPort = await freePort();
  const server = await startServer('registry', databaseUrl, directory, {
    AUDIT_RETENTION: `${dueDays}d`,
    REGISTRATION_UNUSED_TTL: '30d',
    METRICS_PORT: String(metricsPort),
  });
  const stopping = new AbortController();
  const registrations = askAgain(
    `${server.url}/v2/oauth/register`,
    JSON.stringify(REGISTRATION),
    stopping.signal,
  );
  const probes = askAgain(`${server.url}/health/live`, undefined, stopping.signal);
  await setTimeout(WARM_UP_MS);
  const measuredFromMs = performance.now();
  const jobs = await waitForJobs(`http://127.0.0.1:${metricsPort}/metrics`);
  stopping.abort();
  const rows = [];
  let isGood = true;
  for (const [name, asked] of Object.entries({ register: registrations, '/health/live': probes })) {
    const samples = await asked;
    const before = samples.filter(({ atMs }) => atMs >= measuredFromMs && atMs < jobs.fromMs);
    // Earlier requests wait, too
    const during = samples.filter(({ atMs, tookMs }) => atMs + tookMs >= jobs.fromMs && atMs <= jobs.untilMs);
    for (const [when, some] of Object.entries({ before, during })) {
      const { p50, p99, max } = quantiles(some);
      if (when === 'during' && !(p99 <= MAX_P99_MS)) isGood = false;
      rows.push([engine, name, when, String(some.length), ...[p50, p99, max].map((ms) => ms.toFixed(1))]);
    }
  }
  await server.stop();
  console.log(
    `${engine}: ${jobs.rows} rows removed in ${((jobs.untilMs - jobs.fromMs) / 1000).toFixed(1)} s`,
  );
  return { rows, isGood };
}

/** Marks the oldest clients as deleted when they were created. */
async function markDeleted(databaseUrl: string, count: number): Promise<void> {
  const sql = `UPDATE oauth_clients SET deleted_at = created_at
    WHERE id IN (SELECT id FROM oauth_clients ORDER BY id LIMIT ${count})`;
  await runSql(databaseUrl, sql);
}

/** Asks at a fixed rate, whether or not there was an answer to the last request. */
async function askAgain(url: string, body: string | undefined, signal: AbortSignal): Promise<Sample[]> {
  const agent = new Agent({ keepAlive: true });
  const samples: Promise<Sample>[] = [];
  while (!signal.aborted && !ended.aborted) {
    samples.push(ask(url, body, agent));
    await setTimeout(INTERVAL_MS);
  }
  const answered = await Promise.all(samples);
  agent.destroy();
  return answered;
}

/** How long a request took; `Infinity` if it failed. */
function ask(url: string, body: string | undefined, agent: Agent): Promise<Sample> {
  const atMs = performance.now();
  return new Promise((done) => {
    const failed = () => done({ atMs, tookMs: Infinity });
    const sent = request(
      url,
      {
        method: body === undefined ? 'GET' : 'POST',
        agent,
        timeout: REQUEST_TIMEOUT_MS,
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
      },
      (response) => {
        response.resume().once('end', () => {
          const isGood = (response.statusCode ?? 500) < 300;
          done({ atMs, tookMs: isGood ? performance.now() - atMs : Infinity });
        });
      },
    );
    sent.once('timeout', () => sent.destroy());
    sent.once('error', failed);
    sent.end(body);
  });
}

/** Waits until the hourly jobs have ended; their duration gives their start. */
async function waitForJobs(url: string): Promise<{ fromMs: number; untilMs: number; rows: number }> {
  const deadlineMs = performance.now() + JOBS_TIMEOUT_MS;
  while (performance.now() < deadlineMs && !ended.aborted) {
    const text = await fetch(url, { signal: ended }).then((response) => response.text());
    const jobs = (metric: string) =>
      [...text.matchAll(new RegExp(`^${metric}\\{name="(\\w+)"\\} (\\S+)$`, 'gm'))]
        .filter(([, name]) => name !== 'refresh_statistics')
        .map(([, name, value]) => ({ name, value: Number(value) }));
    if (jobs('oauth_registry_job_last_success_timestamp_seconds').some(({ name }) => name === LAST_JOB)) {
      const sum = (metric: string) => jobs(metric).reduce((total, { value }) => total + value, 0);
      const untilMs = performance.now();
      const fromMs = untilMs - POLL_INTERVAL_MS - sum('oauth_registry_job_last_duration_seconds') * 1000;
      return { fromMs, untilMs, rows: sum('oauth_registry_job_rows_total') };
    }
    await setTimeout(POLL_INTERVAL_MS);
  }
  throw new Error('The jobs do not end');
}

function quantiles(samples: readonly Sample[]) {
  const sorted = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { due: { type: 'string', default: '40000' }, engine: { type: 'string' } },
  });
  const due = Number(values.due);
  const engines = enginesNamed(values.engine);
  if (!(due >= 1)) throw new Error(USAGE);
  const directory = temporaryDirectory('jobs');
  console.log(`${due} clients and ${due * EVENTS_PER_CLIENT} events are due`);
  const rows: string[][] = [];
  let isGood = true;
  for (const engine of engines) {
    const databases = await databasesOf(engine, directory);
    const measured = await measureJobs(engine, databases, directory, due);
    rows.push(...measured.rows);
    isGood &&= measured.isGood;
  }
  console.log(table(['engine', 'request', 'jobs', 'answers', 'p50, ms', 'p99, ms', 'max, ms'], rows));
  if (!isGood) console.log(`A p99 is above ${MAX_P99_MS} ms.`);
  return isGood;
}

await runScript(main);
