import { setTimeout as wait } from 'node:timers/promises';
import type { CountsByKind } from '../../clients/client/client-query.js';
import type { ClientsService } from '../../clients/registry/clients.service.js';

/** SQLite answers no other request meanwhile: about a millisecond (ADR 12). */
const CLIENTS_PER_STEP = 1_000;
const BETWEEN_STEPS_MS = 20;

/** Counts all clients by their kind, in steps: a million in one statement keep SQLite, and every caller, busy for a second. */
export async function countAllByKind(clients: ClientsService, signal: AbortSignal): Promise<CountsByKind[]> {
  const counts: CountsByKind[] = [];
  for (let from = ''; ;) {
    const step = await clients.countStep(from, CLIENTS_PER_STEP);
    counts.push(...step.counts);
    if (step.next === null) return counts;
    from = step.next;
    await wait(BETWEEN_STEPS_MS, undefined, { signal, ref: false });
  }
}
