import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { ask } from './ask.js';
import { ended, runScript, temporaryDirectory } from './cleanup.js';
import { measure, median, medianOfKnown } from './compare.js';
import { type DatabaseServer, databasesOf, ENGINES } from './databases.js';
import type { Load } from './load.js';
import { describeMachine, requireDisk } from './machine.js';
import { type Measurement, WARM_UP_SECONDS } from './measured-window.js';
import { CONTESTANTS, type OperationName, SEEDING } from './operations.js';
import { AS_ADMIN, CLIENT, JSON_BODY } from './requests.js';
import { list, table, TITLES } from './report.js';
import { type Server, startServer } from './server.js';

const USAGE = `npm run bench:overload -- [options]
  --seconds N           of each measurement (4)
  --rounds N            of measurements (3)
  --engine NAME         only ${ENGINES.join(' or ')}`;

const RESULTS_PATH = join(import.meta.dirname, '../bench/overload.md');
const SEEDED_CLIENTS = 1000;
const OPERATIONS: readonly OperationName[] = ['register', 'create', 'get'];
/** Enough to keep the processor busy. */
const PEAK_CONNECTIONS = 50;
/** Numbers of connections. The peak comes first; the last is twice the maximum number of in-flight requests. */
const PRESSURES: readonly number[] = [PEAK_CONNECTIONS, 4 * PEAK_CONNECTIONS, 10 * PEAK_CONNECTIONS];
/** As many as one operation may change. */
const BULK = 10_000;
const BULK_SECONDS = 8;
/** What is to be left of the peak. */
const GOAL = 0.8;

interface Options {
  seconds: number;
  rounds: number;
  engines: readonly (typeof ENGINES)[number][];
}

/** Measures the throughput of an overloaded server. */
async function main({ seconds, rounds, engines }: Options): Promise<void> {
  requireDisk();
  const directory = temporaryDirectory('overload');
  const sections = [
    '# Overload',
    list([...describeMachine(directory), `Date: ${new Date().toISOString().slice(0, 10)}`]),
    `These are the requests per second that an overloaded server answers. It rejects the others with a 503. Medians of ${rounds} rounds of ${seconds} s. The times ` +
      'are those of answered requests. The processor time includes that of rejected requests. Each caller sends its next request as soon as it ' +
      `has a reply, and ignores Retry-After. The goal is at least ${GOAL * 100} % of the throughput of the peak.`,
  ];
  for (const engine of engines) {
    const databases = await databasesOf(engine, directory);
    sections.push(
      `## ${TITLES[engine]} ${databases.version}`,
      await press(databases, directory, { seconds, rounds }),
      await changeInBulk(databases, directory),
    );
  }
  const text = await format(sections.join('\n\n'), { parser: 'markdown' });
  console.log(text);
  await writeFile(RESULTS_PATH, text);
}

async function press(
  databases: DatabaseServer,
  directory: string,
  { seconds, rounds }: Pick<Options, 'seconds' | 'rounds'>,
): Promise<string> {
  const server = await startServer('registry', await databases.create(), directory);
  while (server.ids.length < SEEDED_CLIENTS) server.ids.push(...(await ask(SEEDING.registry, server)));
  const rows: string[][] = [];
  for (const operation of OPERATIONS) {
    const runs = PRESSURES.map((): Measurement[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, connections] of PRESSURES.entries()) {
        console.error(`${operation}: ${connections} connections …`);
        runs[i]!.push(await measure(loadOf(operation, server, seconds, connections)));
      }
    }
    const of = (i: number, key: 'responsesPerSecond' | 'rejectionsPerSecond' | 'p50Ms' | 'p99Ms') =>
      median(runs[i]!.map((run) => run[key]));
    PRESSURES.forEach((connections, i) => {
      const left = of(i, 'responsesPerSecond') / of(0, 'responsesPerSecond');
      rows.push([
        operation,
        whole(connections),
        whole(of(i, 'responsesPerSecond')),
        whole(of(i, 'rejectionsPerSecond')),
        of(i, 'p50Ms').toFixed(0),
        of(i, 'p99Ms').toFixed(0),
        medianOfKnown(runs[i]!.map((run) => run.cpuMsPerResponse))?.toFixed(2) ?? 'n/a',
        `${(left * 100).toFixed(0)} %`,
        left >= GOAL ? 'yes' : '**no**',
      ]);
    });
  }
  await server.stop();
  return table(
    [
      'operation',
      'connections',
      'answered/s',
      'rejected/s',
      'p50 ms',
      'p99 ms',
      'CPU ms per answer',
      'of the peak',
      'reached',
    ],
    rows,
  );
}

/** How long registrations wait for an operator that changes the maximum number of clients at once. None may be rejected. */
async function changeInBulk(databases: DatabaseServer, directory: string): Promise<string> {
  const server = await startServer('registry', await databases.create(), directory);
  for (let made = 0; made < BULK; made += 1) await ask(SEEDING.registry, server);
  const rows: string[][] = [];
  for (const mutation of ['disableOAuthClients', 'deleteOAuthClients']) {
    console.error(`register: ${mutation} …`);
    const load = { ...loadOf('register', server, BULK_SECONDS, PEAK_CONNECTIONS), mayBeRejected: false };
    const measuring = measure(load);
    // In the middle of it
    await setTimeout((WARM_UP_SECONDS + BULK_SECONDS / 4) * 1000);
    const startedAtMs = performance.now();
    await change(mutation, server);
    const tookMs = performance.now() - startedAtMs;
    const { p50Ms, p99Ms, maxMs } = await measuring;
    rows.push([mutation, ...[tookMs, p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(0))]);
  }
  await server.stop();
  return table(
    [`${whole(BULK)} clients, while others register`, 'took ms', 'register: p50 ms', 'p99 ms', 'slowest ms'],
    rows,
  );
}

/** @throws Error if not all were changed */
async function change(mutation: string, { url }: Server): Promise<void> {
  const filter = `{ nameContains: ${JSON.stringify(CLIENT.name)} }`;
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...JSON_BODY, ...AS_ADMIN },
    body: JSON.stringify({ query: `mutation { ${mutation}(filter: ${filter}, dryRun: false) { count } }` }),
    signal: ended,
  });
  const text = await response.text();
  if (!text.includes(`"count":${BULK}`))
    throw new Error(`${mutation} should change ${BULK} clients: ${text}`);
}

function loadOf(operation: OperationName, server: Server, seconds: number, connections: number): Load {
  const { headers, expectedStatus, requests } = CONTESTANTS[operation][0]!;
  return {
    url: server.url,
    pid: server.pid,
    headers,
    requests: requests(server),
    expectedStatus,
    mayBeRejected: true,
    connections,
    seconds,
  };
}

const whole = (value: number) => Math.round(value).toLocaleString('en');

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
      engine: { type: 'string' },
    },
  });
  const engines = ENGINES.filter((engine) => values.engine === undefined || engine === values.engine);
  const [seconds, rounds] = [values.seconds, values.rounds].map(Number);
  if (
    engines.length === 0 ||
    ![seconds, rounds].every((number) => Number.isSafeInteger(number) && number! > 0)
  ) {
    console.error(USAGE);
    process.exit(1);
  }
  return { engines, seconds: seconds!, rounds: rounds! };
}

await runScript(() => main(readOptions()));
