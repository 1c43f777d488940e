import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask } from './ask.js';
import { runScript, temporaryDirectory } from './cleanup.js';
import { compare, compileCode, type Result } from './compare.js';
import {
  type DatabaseServer,
  type Engine,
  ENGINES,
  postgresAt,
  sqliteIn,
  startBundledPostgres,
} from './databases.js';
import { CONNECTIONS } from './goals.js';
import { describeMachine, requireDisk } from './machine.js';
import { OPERATION_NAMES, type OperationName, SEEDING } from './operations.js';
import { report } from './report.js';
import { type Server, SERVER_NAMES, startServer } from './server.js';
import { measureStart, type Start } from './start.js';

const USAGE = `npm run bench -- [options]
  --seconds N           of each measurement (3)
  --rounds N            of measurements (5)
  --engine NAME         only ${ENGINES.join(' or ')}
  --operation NAME      only this one, again for more: ${OPERATION_NAMES.join(', ')}
  --postgres-url URL    a server to use instead of the one that is started
  --write               writes bench/results.md although not everything was measured as usual`;

const RESULTS_PATH = join(import.meta.dirname, '../bench/results.md');
const SEEDED_CLIENTS = 1000;

interface Options {
  seconds: number;
  rounds: number;
  engines: readonly Engine[];
  operations: readonly OperationName[];
  postgresUrl: string | undefined;
  write: boolean;
}

/** Measures the registry and those it is compared with; see results.md. */
async function main({ seconds, rounds, engines, operations, postgresUrl, write }: Options): Promise<void> {
  requireDisk();
  const directory = temporaryDirectory('bench');
  const machine = describeMachine(directory);
  const versions = new Map<Engine, string>();
  const starts: Start[] = [];
  const results: Result[] = [];

  for (const engine of engines) {
    const databases =
      engine === 'sqlite'
        ? sqliteIn(directory)
        : await postgresAt(postgresUrl ?? (await startBundledPostgres()));
    versions.set(engine, databases.version);
    console.error(`${engine}: start …`);
    starts.push(await measureStart(engine, databases, directory, rounds));
    const servers = await startServers(databases, directory);
    for (const operation of operations) {
      console.error(`${engine}: ${operation}, until the code is compiled …`);
      await compileCode(operation, servers);
      for (const connections of CONNECTIONS) {
        console.error(`${engine}: ${operation}, ${connections} connections …`);
        results.push(...(await compare({ engine, operation, connections, servers, rounds, seconds })));
      }
    }
    for (const server of servers) await server.stop();
  }

  const text = await report({
    machine,
    versions,
    starts,
    results,
    rounds,
    seconds,
    seededClients: SEEDED_CLIENTS,
  });
  console.log(text);
  if (write) await writeFile(RESULTS_PATH, text);
}

async function startServers(databases: DatabaseServer, directory: string): Promise<Server[]> {
  const servers: Server[] = [];
  for (const name of SERVER_NAMES) {
    const server = await startServer(name, await databases.create(), directory);
    while (server.ids.length < SEEDED_CLIENTS) server.ids.push(...(await ask(SEEDING[name], server)));
    servers.push(server);
  }
  return servers;
}

/** @throws Error that names the option which takes something else */
function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      engine: { type: 'string' },
      operation: { type: 'string', multiple: true },
      'postgres-url': { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const { seconds, rounds, engine, operation, write } = values;
  const isUsual = [seconds, rounds, engine, operation].every((value) => value === undefined);
  return {
    seconds: readCount('--seconds', seconds ?? '3'),
    rounds: readCount('--rounds', rounds ?? '5'),
    engines: engine === undefined ? ENGINES : [readOneOf('--engine', ENGINES, engine)],
    operations: operation?.map((name) => readOneOf('--operation', OPERATION_NAMES, name)) ?? OPERATION_NAMES,
    postgresUrl: values['postgres-url'],
    write: write || isUsual,
  };
}

function readCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`${option} takes a whole number from 1`);
  return Number(text);
}

function readOneOf<T extends string>(option: string, values: readonly T[], text: string): T {
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw new Error(`${option} takes ${values.join(' or ')}`);
  return value;
}

function options(): Options {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(1);
  }
}

await runScript(() => main(options()));
