import { setTimeout as wait } from 'node:timers/promises';
import type { CountsByKind } from '../../clients/client/client-query.js';
import type { ClientsService } from '../../clients/registry/clients.service.js';

/** SQLite answers no other request meanwhile: about a millisecond (ADR 12). */
const CLIENTS_PER_STEP = 1_000;
const BETWEEN_STEPS_MS = 20;

/** Counts all clients by their kind, in steps: a million in one statement keep SQLite, and every caller, busy for a second. */
export async function tallyAll(clients: ClientsService, signal: AbortSignal): Promise<CountsByKind[]> {
  const tallies: CountsByKind[] = [];
  for (let from = ''; ;) {
    const step = await clients.tally(from, CLIENTS_PER_STEP);
    tallies.push(...step.tallies);
    if (step.next === null) return tallies;
    from = step.next;
    await wait(BETWEEN_STEPS_MS, undefined, { signal, ref: false });
  }
}
