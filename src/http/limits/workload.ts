import type { HttpLimits } from './limit-values.js';

/** How the key of a caller begins whose credentials were valid lately. */
export const KNOWN = 'known ';

/** The requests that are worked on or wait for their turn: of all callers, and of each. */
class Pool {
  private total = 0;
  /** Callers with at least one. */
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly most: number,
    private readonly reserved: number,
  ) {}

  /**
   * Whether one more request of the caller exceeds the limits. While all places are taken, the reserved ones are for callers with less
   * than an equal share: one caller cannot lock out the others.
   */
  isFullFor(caller: string): boolean {
    if (this.total < this.most) return false;
    const hasShare = (this.counts.get(caller) ?? 0) * this.counts.size >= this.most;
    return hasShare || this.total >= this.most + this.reserved;
  }

  count(caller: string, change: 1 | -1): void {
    this.total += change;
    const count = (this.counts.get(caller) ?? 0) + change;
    if (count === 0) this.counts.delete(caller);
    else this.counts.set(caller, count);
  }
}

/**
 * The requests in progress. Callers with known credentials have places of their own when all others are taken, so that strangers with any
 * number of addresses cannot lock them out.
 */
export class Workload {
  private readonly all: Pool;
  private readonly known: Pool;

  constructor({ maxRequests, reservedRequests, maxKnownRequests, reservedKnownRequests }: HttpLimits) {
    this.all = new Pool(maxRequests, reservedRequests);
    this.known = new Pool(maxKnownRequests, reservedKnownRequests);
  }

  /** Whether one more request of the caller exceeds the limits. */
  isFullFor(caller: string): boolean {
    const isKnown = caller.startsWith(KNOWN);
    return this.all.isFullFor(caller) && !(isKnown && !this.known.isFullFor(caller));
  }

  /** @param change 1 when work on a request of the caller begins, -1 when it ends */
  count(caller: string, change: 1 | -1): void {
    this.all.count(caller, change);
    if (caller.startsWith(KNOWN)) this.known.count(caller, change);
  }
}
