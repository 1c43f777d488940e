import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ended, runScript, temporaryDirectory, whenEnding } from './cleanup.js';
import { median } from './compare.js';
import { databasesOf, type Engine, enginesNamed } from './databases.js';
import { peakResidentMb } from './process-usage.js';
import { startServer } from './server.js';

/** Of the heap of the service: a small container. */
const HEAP_MB = 256;
const MAX_PROBE_MS = 100;
const MAX_RESIDENT_MB = 400;
const PROBE_INTERVAL_MS = 50;
/** A probe that is not answered by then has failed. */
const PROBE_TIMEOUT_MS = 5_000;
/** The limits of production, which startServer turns off. */
const DEFAULT_LIMITS = {
  RATE_LIMIT_REGISTER: '',
  RATE_LIMIT_FAILED_AUTH: '',
  RATE_LIMIT_GRAPHQL: '',
  RATE_LIMIT_ORG: '',
  RATE_LIMIT_AUTHORIZE: '',
  RATE_LIMIT_TOKEN: '',
  RATE_LIMIT_TOKEN_BYTES: '',
  RATE_LIMIT_AUDIT_BYTES: '',
  RATE_LIMIT_REGISTRATION_READ: '',
};

export interface Target {
  port: number;
  /** Of the addresses that the attack comes from, of 127.0.0.0/8. */
  addresses: number;
}

/** A way to attack the service. */
export interface Attack<T> {
  /** Makes what the attack needs, as any caller could. */
  prepare: (url: string) => Promise<T>;
  /** Runs in a thread of its own, until that is ended. */
  run: (target: Target, prepared: T) => void;
}

/**
 * Runs a script: attacks the service on each engine, and asks for its health meanwhile. Fails where a probe takes longer than 100 ms, or
 * the service more than 400 MB.
 */
export async function attack<T>(script: string, scenarios: Record<string, Attack<T>>): Promise<void> {
  if (!isMainThread) {
    const { name, target, prepared } = workerData as { name: string; target: Target; prepared: T };
    scenarios[name]!.run(target, prepared);
    parentPort!.postMessage('begun');
    return;
  }
  await runScript(() => attackAll(script, scenarios));
}

async function attackAll<T>(script: string, scenarios: Record<string, Attack<T>>): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '15' },
      addresses: { type: 'string', default: '1' },
      engine: { type: 'string' },
      scenario: { type: 'string' },
    },
  });
  const [seconds, addresses] = [Number(values.seconds), Number(values.addresses)];
  const engines = enginesNamed(values.engine);
  const directory = temporaryDirectory('attack');
  let isGood = true;
  for (const engine of engines) {
    const databases = await databasesOf(engine, directory);
    for (const [name, scenario] of Object.entries(scenarios)) {
      if (values.scenario !== undefined && values.scenario !== name) continue;
      const server = await startServer('registry', await databases.create(), directory, DEFAULT_LIMITS, [
        `--max-old-space-size=${HEAP_MB}`,
      ]);
      const prepared = await scenario.prepare(server.url);
      const target: Target = { port: Number(new URL(server.url).port), addresses };
      const worker = new Worker(script, { workerData: { name, target, prepared } });
      const end = () => worker.terminate();
      whenEnding(end);
      const probes = await probe(server.url, seconds);
      const residentMb = peakResidentMb(server.pid);
      await end();
      await server.stop();
      isGood = report(engine, name, probes, residentMb) && isGood;
    }
  }
  return isGood;
}

function report(engine: Engine, name: string, probes: number[], residentMb: number | null): boolean {
  const sorted = probes.toSorted((a, b) => a - b);
  const failed = probes.filter((ms) => ms === Infinity).length;
  const max = sorted.at(-1)!;
  const isGood = max <= MAX_PROBE_MS && (residentMb ?? Infinity) <= MAX_RESIDENT_MB;
  console.log(
    `${engine}, ${name}: ${isGood ? 'good' : 'BAD'}; /health/live p50 ${median(sorted).toFixed(1)} ms, ` +
      `p99 ${sorted[Math.floor(sorted.length * 0.99)]!.toFixed(1)} ms, max ${max.toFixed(1)} ms, ` +
      `${failed} of ${probes.length} failed; peak ${residentMb === null ? 'gone (the service has died)' : `${residentMb.toFixed(0)} MB`}`,
  );
  return isGood;
}

/** How long each probe took, in milliseconds; `Infinity` for one that was not answered. Each has a connection of its own. */
async function probe(url: string, seconds: number): Promise<number[]> {
  const until = performance.now() + seconds * 1000;
  const probes: number[] = [];
  while (performance.now() < until && !ended.aborted) {
    probes.push(await askForHealth(url));
    await setTimeout(PROBE_INTERVAL_MS);
  }
  return probes;
}

function askForHealth(url: string): Promise<number> {
  const since = performance.now();
  return new Promise((done) => {
    const request = get(
      `${url}/health/live`,
      { agent: new Agent(), timeout: PROBE_TIMEOUT_MS },
      (response) => {
        response.resume();
        response.once('end', () => done(response.statusCode === 200 ? performance.now() - since : Infinity));
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', () => done(Infinity));
  });
}

/**
 * Keeps a number of connections open, and opens another one for each that is closed.
 * @param rate connections a second, at most
 */
export function holdConnections(
  { port, addresses }: Target,
  count: number,
  rate: number,
  begin: (socket: Socket) => void,
): void {
  const TICK_MS = 10;
  let open = 0;
  let opened = 0;
  setInterval(() => {
    for (let i = 0; i < (rate * TICK_MS) / 1000 && open < count; i++) {
      open++;
      const localAddress = addresses === 1 ? undefined : `127.0.0.${2 + (opened % addresses)}`;
      opened++;
      const socket = connect({ host: '127.0.0.1', port, localAddress });
      socket.on('error', () => undefined);
      socket.once('close', () => open--);
      socket.once('connect', () => begin(socket));
    }
  }, TICK_MS);
}
