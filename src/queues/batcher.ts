import { batches } from '../diagnostics/channels.js';
import { overloaded } from '../errors/registry-error.js';

/** A call that waits for its batch. */
interface Waiting<I, O> {
  item: I;
  /** When it arrived (`performance.now()`). */
  sinceMs: number;
  resolve: (outcome: O) => void;
  reject: (reason: unknown) => void;
}

/** What became of an item of a batch. */
export type Outcome<O> = { value: O } | { error: unknown };

/** Unless a batcher has others. */
const LIMITS = {
  /** Items of one batch. */
  size: 200,
  /** Batches in progress at a time: while PostgreSQL works on one, the next comes together. */
  inFlight: 2,
  /** As many more, in place of those that take longer than {@link SLOW_MS}: a connection that hangs does not delay other batches. */
  slow: 2,
  /** Items that wait for a batch; more are rejected. */
  waiting: 2_000,
  /** How long one may wait for its batch to begin. */
  waitMs: 5_000,
};
export type BatchLimits = typeof LIMITS;

/** After this time another batch may begin while one is in progress. Batches take milliseconds. */
const SLOW_MS = 1_000;

export interface BatcherOptions<I, O> {
  /** The operation and its table. */
  name: string;
  /** Returns the outcome of each item, in order. If it throws, the error is the outcome of every item. */
  run: (items: I[]) => Promise<Outcome<O>[]>;
  /** Whether anyone still wants the item, asked right before it is run. */
  isWanted?: (item: I) => boolean;
  limits?: Partial<BatchLimits>;
}

/**
 * Groups calls into batches: calls of one turn of the event loop, and calls that arrive while the maximum number of batches is in progress,
 * run together. A call that cannot start in time is rejected, and not run later.
 */
export class Batcher<I, O> {
  private waiting: Waiting<I, O>[] = [];
  /** Start times of batches in progress (`performance.now()`), the oldest first. */
  private readonly inFlight = new Set<{ sinceMs: number }>();
  private isScheduled = false;
  private lookingAgain: NodeJS.Timeout | undefined;
  private readonly limits: BatchLimits;

  constructor(private readonly options: BatcherOptions<I, O>) {
    this.limits = { ...LIMITS, ...options.limits };
  }

  /** @throws the error of the item; RegistryError `temporarily_unavailable` if it was not started */
  add(item: I): Promise<O> {
    if (this.waiting.length >= this.limits.waiting) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, sinceMs: performance.now(), resolve, reject });
      this.schedule();
    });
  }

  /** Whether nothing waits, and nothing is in progress. */
  get isIdle(): boolean {
    return this.waiting.length === 0 && this.inFlight.size === 0;
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0) return;
    if (!this.mayBegin()) return this.lookAgainInTime();
    this.isScheduled = true;
    // After everything that has arrived on any connection meanwhile
    setImmediate(() => {
      this.isScheduled = false;
      this.rejectLate();
      void this.runBatch(
        this.waiting.splice(0, this.limits.size).filter((waiting) => this.isWanted(waiting)),
      );
    });
  }

  private mayBegin(): boolean {
    const { inFlight, slow } = this.limits;
    if (this.inFlight.size < inFlight) return true;
    const limitMs = performance.now() - SLOW_MS;
    let slowOnes = 0;
    for (const { sinceMs } of this.inFlight) if (sinceMs <= limitMs) slowOnes++;
    return this.inFlight.size < inFlight + Math.min(slowOnes, slow);
  }

  private async runBatch(batch: Waiting<I, O>[]): Promise<void> {
    if (batch.length === 0) return this.schedule();
    const begun = { sinceMs: performance.now() };
    this.inFlight.add(begun);
    const { name, run } = this.options;
    if (batches.hasSubscribers) {
      batches.publish({ name, size: batch.length, waiting: this.waiting.length });
    }
    this.schedule();
    const outcomes = await run(batch.map(({ item }) => item)).catch((error: unknown) =>
      batch.map((): Outcome<O> => ({ error })),
    );
    this.inFlight.delete(begun);
    outcomes.forEach((outcome, i) => {
      const { resolve, reject } = batch[i]!;
      if ('error' in outcome) reject(outcome.error);
      else resolve(outcome.value);
    });
    this.schedule();
  }

  private isWanted({ item, reject }: Waiting<I, O>): boolean {
    const isWanted = this.options.isWanted?.(item) ?? true;
    if (!isWanted) reject(overloaded());
    return isWanted;
  }

  /**
   * If batches are blocked, waiting calls are rejected in time, or another batch begins. One timer serves all, since later calls are due
   * later.
   */
  private lookAgainInTime(): void {
    if (this.lookingAgain !== undefined) return;
    const now = performance.now();
    let dueMs = this.waiting[0]!.sinceMs + this.limits.waitMs;
    if (this.limits.slow > 0) {
      // The first that is not slow yet
      for (const { sinceMs } of this.inFlight) {
        if (sinceMs + SLOW_MS > now) dueMs = Math.min(dueMs, sinceMs + SLOW_MS);
      }
    }
    // Timers may come a fraction of a millisecond early
    const delayMs = Math.max(0, Math.ceil(dueMs - now)) + 1;
    this.lookingAgain = setTimeout(() => {
      this.lookingAgain = undefined;
      this.rejectLate();
      this.schedule();
    }, delayMs).unref();
  }

  private rejectLate(): void {
    const limitMs = performance.now() - this.limits.waitMs;
    // The oldest are in front
    const firstInTime = this.waiting.findIndex(({ sinceMs }) => sinceMs > limitMs);
    const late = firstInTime === -1 ? this.waiting.length : firstInTime;
    for (const { reject } of this.waiting.splice(0, late)) reject(overloaded());
  }
}
