import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ask } from './ask.js';
import { ended } from './cleanup.js';
import type { Engine } from './databases.js';
import { CONNECTIONS } from './goals.js';
import type { Load } from './load.js';
import type { Measurement } from './measured-window.js';
import { type Contestant, CONTESTANTS, type OperationName } from './operations.js';
import type { Server } from './server.js';

const LOAD_SCRIPT = join(import.meta.dirname, 'load.js');

/** V8 compiles what is called often, in several steps: the first thousands of requests take about twice the processor time. */
export const COMPILING_SECONDS = 10;

/** The medians of all rounds. */
export interface Result extends Measurement {
  engine: Engine;
  operation: OperationName;
  connections: number;
  label: string;
  /** Of the slowest round and of the fastest. */
  responsesPerSecondRange: [number, number];
}

export interface Comparison {
  engine: Engine;
  operation: OperationName;
  connections: number;
  servers: readonly Server[];
  rounds: number;
  seconds: number;
}

/** Lets the contestants of an operation answer until their code is compiled as well as it gets. */
export async function compileCode(operation: OperationName, servers: readonly Server[]): Promise<void> {
  const connections = Math.max(...CONNECTIONS);
  for (const contestant of CONTESTANTS[operation]) {
    await run(contestant, { servers, connections, seconds: COMPILING_SECONDS });
  }
}

/**
 * Lets the contestants of an operation run one after another, again and again, so that other load on the machine hits
 * them all. Each round begins with another, so that none always follows the same.
 */
export async function compare(comparison: Comparison): Promise<Result[]> {
  const { engine, operation, connections, rounds } = comparison;
  const entries = CONTESTANTS[operation].map((contestant) => ({
    contestant,
    runs: [] as Measurement[],
  }));
  for (let round = 0; round < rounds; round++) {
    const first = round % entries.length;
    for (const { contestant, runs } of [...entries.slice(first), ...entries.slice(0, first)]) {
      runs.push(await run(contestant, comparison));
    }
  }
  return entries.map(({ contestant: { label }, runs }) => {
    const speeds = runs.map((run) => run.responsesPerSecond);
    return {
      engine,
      operation,
      connections,
      label,
      responsesPerSecond: median(speeds),
      responsesPerSecondRange: [Math.min(...speeds), Math.max(...speeds)],
      rejectionsPerSecond: median(runs.map((run) => run.rejectionsPerSecond)),
      p50Ms: median(runs.map((run) => run.p50Ms)),
      p99Ms: median(runs.map((run) => run.p99Ms)),
      maxMs: median(runs.map((run) => run.maxMs)),
      cpuMsPerResponse: medianOfKnown(runs.map((run) => run.cpuMsPerResponse)),
      residentMb: medianOfKnown(runs.map((run) => run.residentMb)),
    };
  });
}

async function run(
  contestant: Contestant,
  { servers, connections, seconds }: Pick<Comparison, 'servers' | 'connections' | 'seconds'>,
): Promise<Measurement> {
  const server = servers.find(({ name }) => name === contestant.server)!;
  await contestant.prepare?.(server, seconds);
  const [first, ...others] = contestant.requests(server);
  await ask(contestant, server, first);
  const { headers, expectedStatus, isOnce } = contestant;
  return measure({
    url: server.url,
    pid: server.pid,
    headers,
    requests: isOnce ? others : [first!, ...others],
    expectedStatus,
    isOnce,
    connections,
    seconds,
  });
}

/** Lets a process of its own send the load. */
export async function measure(load: Load): Promise<Measurement> {
  const generator = promisify(execFile)(process.execPath, [LOAD_SCRIPT], { signal: ended });
  generator.child.stdin!.end(JSON.stringify(load));
  return JSON.parse((await generator).stdout) as Measurement;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

export const medianOfKnown = (values: readonly (number | null)[]) =>
  values.every((value) => value !== null) ? median(values) : null;
