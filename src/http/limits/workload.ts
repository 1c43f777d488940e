import type { HttpLimits } from './http-limits.js';

/** The requests that are worked on or wait for their turn: of all callers, and of each. */
export class Workload {
  private total = 0;
  /** Callers with at least one. */
  private readonly counts = new Map<string, number>();

  constructor(private readonly limits: HttpLimits) {}

  /**
   * Whether one more request of the caller exceeds the limits. While all places are taken, the reserved ones are for callers with less
   * than an equal share: one caller cannot lock out the others.
   */
  isFullFor(caller: string): boolean {
    const { maxRequests, reservedRequests } = this.limits;
    if (this.total < maxRequests) return false;
    const hasShare = (this.counts.get(caller) ?? 0) * this.counts.size >= maxRequests;
    return hasShare || this.total >= maxRequests + reservedRequests;
  }

  /** @param change 1 when work on a request of the caller begins, -1 when it ends */
  count(caller: string, change: 1 | -1): void {
    this.total += change;
    const count = (this.counts.get(caller) ?? 0) + change;
    if (count === 0) this.counts.delete(caller);
    else this.counts.set(caller, count);
  }
}
