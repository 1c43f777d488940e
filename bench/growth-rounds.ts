import { measure, median } from './compare.js';
import type { Growing } from './growing.js';
import type { Load } from './load.js';
import { table } from './report.js';
import type { Server } from './server.js';

export const CONNECTIONS = 50;
/** How much worse the slowest hundredth may become from the smallest database to the largest. */
export const GOAL = 1.5;

export interface Growth {
  growing: Growing;
  /** For each size, in their order. */
  p50Ms: number[];
  p99Ms: number[];
}

/** Sends a request to databases of each size, in turn. */
export async function measureGrowth(
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

export const loadOf = (
  { headers, expectedStatus, requests, connections = CONNECTIONS }: Omit<Growing, 'label'>,
  server: Server,
  size: number,
  seconds: number,
): Load => ({
  url: server.url,
  pid: server.pid,
  headers,
  requests: requests(server, size),
  expectedStatus,
  connections,
  seconds,
});

/** The times of each request, and whether the goal is reached. */
export const growthTable = (sizes: readonly number[], growths: readonly Growth[]): string =>
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
  );

export const whole = (value: number) => value.toLocaleString('en');
