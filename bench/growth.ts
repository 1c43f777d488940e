import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { ask } from './ask.js';
import { ended, runScript, temporaryDirectory } from './cleanup.js';
import { measure } from './compare.js';
import { type DatabaseServer, databasesOf, type Engine, ENGINES } from './databases.js';
import { EVENTS_PER_CLIENT, fill, LARGE_ORG, SECRETS_PER_CLIENT, YEARS } from './fill.js';
import { GROWING, SEEDING_PAGE } from './growing.js';
import {
  CONNECTIONS,
  GOAL,
  type Growth,
  growthTable,
  loadOf,
  measureGrowth,
  whole,
} from './growth-rounds.js';
import { describeMachine, requireDisk } from './machine.js';
import { plansOf } from './plans.js';
import { residentMb } from './process-usage.js';
import { list, TITLES } from './report.js';
import { type Server, startServer } from './server.js';

const USAGE = `npm run bench:growth -- [options]
  --sizes N,N,…         clients of each database (1000,100000,1000000)
  --seconds N           of each measurement (2)
  --rounds N            of measurements (3)
  --soak-seconds N      under load, to see whether memory grows (600)
  --engine NAME         only ${ENGINES.join(' or ')}`;

const RESULTS_PATH = join(import.meta.dirname, '../bench/growth.md');
const CLI = resolve(import.meta.dirname, '../dist/cli.js');
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
    growthTable(sizes, growths),
    `Memory of the process with ${whole(sizes.at(-1)!)} clients over ${soakSeconds} s of registrations, updates and reads on ` +
      `${CONNECTIONS} connections, in MB: ${memory.map((mb) => mb.toFixed(0)).join(', ')}.`,
    `Plans at ${whole(sizes.at(-1)!)} clients:`,
    ...plans,
  ];
}

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
