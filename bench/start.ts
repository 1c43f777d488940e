import { setTimeout } from 'node:timers/promises';
import { median, medianOfKnown } from './compare.js';
import type { DatabaseServer, Engine } from './databases.js';
import { residentMb } from './process-usage.js';
import { startServer } from './server.js';

/** Until nothing of the start is left to be done. */
const SETTLING_MS = 2_000;

/** The medians of all starts. */
export interface Start {
  engine: Engine;
  /** From the start of the process until it listens. */
  readyMs: number;
  /** Memory before the first request; null if the system does not report it. */
  idleMb: number | null;
}

/** Starts the registry again and again, on a database that has its tables. */
export async function measureStart(
  engine: Engine,
  databases: DatabaseServer,
  directory: string,
  rounds: number,
): Promise<Start> {
  const url = await databases.create();
  await (await startServer('registry', url, directory)).stop();
  const readyMs: number[] = [];
  const idleMb: (number | null)[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = await startServer('registry', url, directory);
    readyMs.push(server.startMs);
    await setTimeout(SETTLING_MS);
    idleMb.push(residentMb(server.pid));
    await server.stop();
  }
  return { engine, readyMs: median(readyMs), idleMb: medianOfKnown(idleMb) };
}
