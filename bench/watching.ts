import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { ask } from './ask.js';
import { runScript, temporaryDirectory, whenEnding } from './cleanup.js';
import { measure, median } from './compare.js';
import { sqliteIn } from './databases.js';
import { requireDisk } from './machine.js';
import { CONTESTANTS, type OperationName, SEEDING } from './operations.js';
import { residentMb } from './process-usage.js';
import { type Server, startServer } from './server.js';
import { table } from './report.js';

const USAGE = `npm run bench:watching -- [options]
  --seconds N   of each measurement (3)
  --rounds N    of measurements (5)`;

const OPERATIONS: OperationName[] = ['create', 'register', 'get'];
const CONNECTIONS = 50;
const SEEDED_CLIENTS = 1000;

/** Measures the cost of a request without and with metrics and traces. SQLite. */
async function main(seconds: number, rounds: number): Promise<void> {
  requireDisk();
  const directory = temporaryDirectory('watching');
  const collector = await startCollector();
  const variants: Record<string, Record<string, string>> = {
    off: {},
    metrics: { METRICS_PORT: '0' },
    'traces, 1 of 10': {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    },
    'traces, all': { OTEL_EXPORTER_OTLP_ENDPOINT: collector },
  };
  const servers: {
    name: string;
    server: Server;
    idleMb: number | null;
    cpuUs: Map<OperationName, number[]>;
  }[] = [];
  for (const [name, env] of Object.entries(variants)) {
    const server = await startServer('registry', await sqliteIn(directory).create(), directory, env);
    const idleMb = residentMb(server.pid);
    while (server.ids.length < SEEDED_CLIENTS) server.ids.push(...(await ask(SEEDING.registry, server)));
    servers.push({ name, server, idleMb, cpuUs: new Map(OPERATIONS.map((operation) => [operation, []])) });
  }
  for (let round = 0; round < rounds; round++) {
    for (const operation of OPERATIONS) {
      const { headers, expectedStatus, requests } = CONTESTANTS[operation].find(
        (contestant) => contestant.server === 'registry',
      )!;
      for (const { server, cpuUs } of servers) {
        const { cpuMsPerResponse } = await measure({
          url: server.url,
          pid: server.pid,
          headers,
          requests: requests(server),
          expectedStatus,
          connections: CONNECTIONS,
          seconds,
        });
        cpuUs.get(operation)!.push((cpuMsPerResponse ?? NaN) * 1000);
      }
    }
  }
  console.log(
    table(
      ['processor time of a response, µs', ...OPERATIONS, 'MB at rest'],
      servers.map(({ name, cpuUs, idleMb }) => [
        name,
        ...OPERATIONS.map((operation) => median(cpuUs.get(operation)!).toFixed(0)),
        idleMb?.toFixed(0) ?? '?',
      ]),
    ),
  );
}

/** Accepts any request. @returns its URL */
async function startCollector(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.setHeader('content-type', 'application/json').end('{}'));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
  whenEnding(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

await runScript(() => {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '3' }, rounds: { type: 'string', default: '5' } },
  });
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
  if (!(seconds >= 1 && rounds >= 1)) throw new Error(USAGE);
  return main(seconds, rounds);
});
