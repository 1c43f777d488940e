import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { ask } from './ask.js';
import { ended, runScript, temporaryDirectory } from './cleanup.js';
import { measure, median } from './compare.js';
import { type DatabaseServer, databasesOf, type Engine, ENGINES } from './databases.js';
import { EVENTS_PER_CLIENT, fill, LARGE_ORG, SECRETS_PER_CLIENT, YEARS } from './fill.js';
import { type Growing, GROWING, SEEDING_PAGE } from './growing.js';
import { describeMachine, requireDisk } from './machine.js';
import { plansOf } from './plans.js';
import { residentMb } from './process-usage.js';
import { list, table, TITLES } from './report.js';
import { type Server, startServer } from './server.js';

const USAGE = `npm run bench:growth -- [options]
  --sizes N,N,…         clients of each database (1000,100000,1000000)
  --seconds N           of each measurement (2)
  --rounds N            of measurements (3)
  --soak-seconds N      under load, to see whether memory grows (600)
  --engine NAME         only ${ENGINES.join(' or ')}`;

const RESULTS_PATH = join(import.meta.dirname, '../bench/growth.md');
const CLI = resolve(import.meta.dirname, '../dist/cli.js');
const CONNECTIONS = 50;
/** How much worse the slowest hundredth may become from the smallest database to the largest. */
const GOAL = 1.5;
const MEMORY_SAMPLES = 10;
/** Of the ids that requests take: as many as the smallest database has. */
const SEEDING_PAGES = 8;

interface Options {
  sizes: number[];
  seconds: number;
  rounds: number;
  soakSeconds: number;
  engines: readonly Engine[];
}

interface Growth {
  growing: Growing;
  /** For each size, in their order. */
  p50Ms: number[];
  p99Ms: number[];
}

async function main({ sizes, seconds, rounds, soakSeconds, engines }: Options): Promise<void> {
  requireDisk();
  const directory = temporaryDirectory('growth');
  const sections = [
    '# Growth',
    list([...describeMachine(directory), `Date: ${new Date().toISOString().slice(0, 10)}`]),
    `The same requests to registries with ${sizes.map(whole).join(', ')} clients, each with ${SECRETS_PER_CLIENT} secrets and ` +
      `${EVENTS_PER_CLIENT} audit events. Of the clients, 40 % belong to one organization, whose lists are read; 40 % to ` +
      `organizations of a hundred; the rest have no owner. They came one after another within ${YEARS} years. ${CONNECTIONS} connections; medians of ${rounds} rounds of ${seconds} s, in ` +
      `each of which the sizes take turns. The goal is that the slowest hundredth takes at most ${GOAL} times as long at the largest ` +
      'size as at the smallest.',
  ];
  for (const engine of engines) {
    const databases = await databasesOf(engine, directory);
    sections.push(
      `## ${TITLES[engine]} ${databases.version}`,
      ...(await grow(databases, directory, sizes, { seconds, rounds, soakSeconds })),
    );
    // After each engine: it takes long until here
    await writeFile(RESULTS_PATH, await format(sections.join('\n\n'), { parser: 'markdown' }));
  }
}

async function grow(
  databases: DatabaseServer,
  directory: string,
  sizes: readonly number[],
  { seconds, rounds, soakSeconds }: Pick<Options, 'seconds' | 'rounds' | 'soakSeconds'>,
): Promise<string[]> {
  const servers: Server[] = [];
  const urls: string[] = [];
  for (const size of sizes) {
    console.error(`filling ${size} …`);
    const url = await databases.create();
    execFileSync(process.execPath, [CLI, 'migrate'], { cwd: directory, env: { DATABASE_URL: url } });
    await fill(url, size);
    const server = await startServer('registry', url, directory, { BOOTSTRAP_ORG_ID: LARGE_ORG });
    for (let page = 1; page <= SEEDING_PAGES; page++)
      server.ids.push(...(await ask(SEEDING_PAGE(page), server)));
    servers.push(server);
    urls.push(url);
  }
  const growths: Growth[] = [];
  for (const growing of GROWING) {
    console.error(`${growing.label} …`);
    growths.push(await measureGrowth(growing, servers, sizes, seconds, rounds));
  }
  const memory = await soak(servers.at(-1)!, soakSeconds);
  for (const server of servers) await server.stop();
  const plans = await plansOf(urls.at(-1)!, servers.at(-1)!.ids[0]!, sizes.at(-1)!);
  return [
    table(
      [
        'request',
        ...sizes.map((size) => `${whole(size)}: p50 / p99 ms`),
        'p99, largest to smallest',
        'reached',
      ],
      growths.map(({ growing, p50Ms, p99Ms }) => {
        const ratio = p99Ms.at(-1)! / p99Ms[0]!;
        const times = p50Ms.map((p50, i) => `${p50.toFixed(1)} / ${p99Ms[i]!.toFixed(1)}`);
        return [growing.label, ...times, `${ratio.toFixed(2)} ×`, ratio <= GOAL ? 'yes' : '**no**'];
      }),
    ),
    `Memory of the process with ${whole(sizes.at(-1)!)} clients over ${soakSeconds} s of registrations, updates and reads on ` +
      `${CONNECTIONS} connections, in MB: ${memory.map((mb) => mb.toFixed(0)).join(', ')}.`,
    `Plans at ${whole(sizes.at(-1)!)} clients:`,
    ...plans,
  ];
}

async function measureGrowth(
  growing: Growing,
  servers: readonly Server[],
  sizes: readonly number[],
  seconds: number,
  rounds: number,
): Promise<Growth> {
  const runs = servers.map(() => ({ p50Ms: [] as number[], p99Ms: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, server] of servers.entries()) {
      const load = (of: Omit<Growing, 'label'>) => measure(loadOf(of, server, sizes[i]!, seconds));
      const [{ p50Ms, p99Ms }] = await Promise.all([load(growing), growing.beside && load(growing.beside)]);
      runs[i]!.p50Ms.push(p50Ms);
      runs[i]!.p99Ms.push(p99Ms);
    }
  }
  return {
    growing,
    p50Ms: runs.map((run) => median(run.p50Ms)),
    p99Ms: runs.map((run) => median(run.p99Ms)),
  };
}

const loadOf = (
  { headers, expectedStatus, requests, connections = CONNECTIONS }: Omit<Growing, 'label'>,
  server: Server,
  size: number,
  seconds: number,
) => ({
  url: server.url,
  pid: server.pid,
  headers,
  requests: requests(server, size),
  expectedStatus,
  connections,
  seconds,
});

/** @returns megabytes, at the ends of equal parts of the time */
async function soak(server: Server, seconds: number): Promise<number[]> {
  const samples: number[] = [];
  const mixed = GROWING.filter(({ isSoaked }) => isSoaked);
  const partSeconds = Math.max(1, Math.floor(seconds / MEMORY_SAMPLES / mixed.length));
  while (samples.length < MEMORY_SAMPLES && !ended.aborted) {
    for (const growing of mixed) await measure(loadOf(growing, server, 0, partSeconds));
    samples.push(residentMb(server.pid) ?? NaN);
  }
  return samples;
}

const whole = (value: number) => value.toLocaleString('en');

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '1000,100000,1000000' },
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      'soak-seconds': { type: 'string', default: '600' },
      engine: { type: 'string' },
    },
  });
  const engines = ENGINES.filter((engine) => values.engine === undefined || engine === values.engine);
  const numbers = [values.seconds, values.rounds, values['soak-seconds'], ...values.sizes.split(',')].map(
    Number,
  );
  if (engines.length === 0 || numbers.some((number) => !Number.isSafeInteger(number) || number < 1)) {
    console.error(USAGE);
    process.exit(1);
  }
  const [seconds, rounds, soakSeconds, ...sizes] = numbers;
  return { engines, sizes, seconds: seconds!, rounds: rounds!, soakSeconds: soakSeconds! };
}

await runScript(() => main(readOptions()));
