import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { ended, runScript, temporaryDirectory } from './cleanup.js';
import { median } from './compare.js';
import { clientIdsIn, databasesOf, type Engine, ENGINES, enginesNamed } from './databases.js';
import { AS_ADMIN, JSON_BODY } from './requests.js';
import { residentMb } from './process-usage.js';
import { type Server, startServer } from './server.js';
import { startCallers } from './start-callers.js';

const USAGE = `npm run soak -- [options]
  --minutes N           for each engine (15)
  --engine NAME         only ${ENGINES.join(' or ')}`;

const CLI = resolve(import.meta.dirname, '../dist/cli.js');
const SAMPLE_MS = 5_000;
const CALLERS_OF_EACH = 3;
/** Connections a second that come and go, of each instance. */
const CHURN_MS = 20;
/** Between one search and the next, which take longer the more clients there are. */
const SEARCH_MS = 20;
const BACKUP_MS = 60_000;
const EXPIRY_MS = 90_000;
/** The shortest, so that jobs have something to do all the time. */
const RETENTION = { DELETED_CLIENT_RETENTION: '1m', AUDIT_RETENTION: '1m' };

/** How much more the last third may have than the one before, in addition to a share of that. */
const MAX_GROWTH = { memory: 40, descriptors: 20, threads: 2, wal: 16 };
const MAX_GROWTH_SHARE = 0.1;
type Measure = keyof typeof MAX_GROWTH;
type Sample = Record<Measure, number>;
const UNITS: Record<Measure, string> = { memory: 'MB', descriptors: 'open', threads: '', wal: 'MB' };

/** What went wrong, in words. */
let failures: string[] = [];

/** @returns whether an instance, or two on PostgreSQL, went on as it began */
async function soak(engine: Engine, minutes: number, directory: string): Promise<boolean> {
  const databases = await databasesOf(engine, directory);
  const databaseUrl = await databases.create();
  const servers: Server[] = [];
  for (let i = 0; i < (engine === 'sqlite' ? 1 : 2); i++) {
    servers.push(await startServer('registry', databaseUrl, directory, { LOG_LEVEL: 'warn', ...RETENTION }));
  }
  failures = [];
  const until = performance.now() + minutes * 60_000;
  const calling = servers.map(({ url }) => startCallers(url, CALLERS_OF_EACH));
  const samples = servers.map((): Sample[] => []);
  await Promise.all([
    ...servers.map(({ url }) => every(CHURN_MS, until, () => comeAndGo(url))),
    ...servers.map(({ url }) => every(SEARCH_MS, until, () => search(url))),
    ...(engine === 'sqlite'
      ? [every(BACKUP_MS, until, (i) => command(databaseUrl, 'backup', join(directory, `backup-${i}`)))]
      : []),
    every(EXPIRY_MS, until, () => command(databaseUrl, 'expire-unused', '--older-than', '1h')),
    every(SAMPLE_MS, until, () => {
      servers.forEach(({ pid }, i) => samples[i]!.push(sample(pid, databaseUrl)));
    }),
  ]);
  const experiences = await Promise.all(calling.map((callers) => callers.end()));
  const answered = experiences.reduce((sum, experience) => sum + experience.answered, 0);
  const acknowledged = experiences.flatMap((experience) => experience.acknowledged);
  for (const experience of experiences) failures = failures.concat(experience.failures);
  const stored = await clientIdsIn(databaseUrl);
  const missing = acknowledged.filter((id) => !stored.has(id));
  const exitCodes = await Promise.all(servers.map((server) => server.stop()));
  console.log(`${engine}, ${servers.length} of the service, ${minutes} minutes`);
  const isFlat = samples.map(reportGrowth);
  console.log(
    `${answered} requests answered, ${failures.length} failed; ${acknowledged.length} clients acknowledged, ` +
      `${missing.length} lost; exit codes: ${exitCodes.join(', ')}`,
  );
  for (const failure of failures.slice(0, 20)) console.log(failure);
  return (
    isFlat.every(Boolean) &&
    failures.length === 0 &&
    missing.length === 0 &&
    acknowledged.length > 0 &&
    exitCodes.every((code) => code === 0)
  );
}

/** @returns whether nothing has grown from the second third to the last */
function reportGrowth(samples: Sample[]): boolean {
  const third = Math.floor(samples.length / 3);
  const measures = Object.keys(MAX_GROWTH) as Measure[];
  return measures
    .map((measure) => {
      const values = samples.map((sample) => sample[measure]);
      const before = median(values.slice(third, 2 * third));
      const after = median(values.slice(2 * third));
      const isFlat = after <= before * (1 + MAX_GROWTH_SHARE) + MAX_GROWTH[measure];
      console.log(
        `  ${measure}: ${before.toFixed(0)}, then ${after.toFixed(0)} ${UNITS[measure]}; ` +
          `${Math.max(...values).toFixed(0)} at most: ${isFlat ? 'flat' : 'GROWS'}`,
      );
      return isFlat;
    })
    .every(Boolean);
}

function sample(pid: number, databaseUrl: string): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const wal = databaseUrl.startsWith('sqlite:')
    ? statSync(`${databaseUrl.slice('sqlite:'.length)}-wal`, { throwIfNoEntry: false })
    : undefined;
  return {
    memory: residentMb(pid)!,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: Number(/^Threads:\s+(\d+)$/m.exec(status)![1]),
    wal: (wal?.size ?? 0) / 2 ** 20,
  };
}

/** Does something again and again, one after the other. What fails is noted. */
async function every(ms: number, until: number, work: (i: number) => unknown): Promise<void> {
  for (let i = 0; performance.now() < until; i++) {
    ended.throwIfAborted();
    try {
      await work(i);
    } catch (error) {
      failures.push(`${new Date().toISOString()} ${String(error)}`);
    }
    await setTimeout(ms);
  }
}

/** A connection that asks and reads, one that asks and disconnects, or one that asks half. */
async function comeAndGo(url: string): Promise<void> {
  const request = 'GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n';
  const kind = Math.random();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const closed = new Promise((done) => socket.once('close', done));
  let reply = '';
  socket.on('data', (data) => {
    reply += data.toString('latin1');
    socket.end();
  });
  socket.on('error', (error) => failures.push(`a connection: ${error.message}`));
  socket.write(kind < 0.2 ? request.slice(0, 20) : request);
  if (kind < 0.4) socket.destroySoon();
  await closed;
  if (kind >= 0.4 && !reply.startsWith('HTTP/1.1 200 ')) throw new Error(`health: ${reply.slice(0, 100)}`);
}

/** Looks at every client, twice. */
async function search(url: string): Promise<void> {
  const query = '{ oauthClients(filter: { nameContains: "nobody" }) { totalCount } }';
  for (const response of [
    await fetch(`${url}/v2/oauth/clients?filter[name]=nobody`, { headers: AS_ADMIN }),
    await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...AS_ADMIN, ...JSON_BODY },
      body: JSON.stringify({ query }),
    }),
  ]) {
    const reply = await response.text();
    if (!response.ok || reply.includes('"errors"')) {
      throw new Error(`search: ${response.status} ${reply.slice(0, 200)}`);
    }
  }
}

async function command(databaseUrl: string, ...args: string[]): Promise<void> {
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [CLI, ...args], { env, cwd: tmpdir() });
}

function readMinutes(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  console.error(USAGE);
  process.exit(1);
}

const { minutes, engine } = parseArgs({
  options: { minutes: { type: 'string', default: '15' }, engine: { type: 'string' } },
}).values;

await runScript(async () => {
  const directory = temporaryDirectory('soak');
  let isGood = true;
  for (const each of enginesNamed(engine)) {
    isGood = (await soak(each, readMinutes(minutes), directory)) && isGood;
  }
  return isGood;
});
