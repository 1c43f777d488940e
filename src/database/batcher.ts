import { batches } from '../diagnostics/channels.js';
import { overloaded } from '../errors/registry-error.js';

/** Something that is waited for, and who waits. */
interface Waiting<I, O> {
  item: I;
  /** When it came (`performance.now()`). */
  sinceMs: number;
  resolve: (outcome: O) => void;
  reject: (reason: unknown) => void;
}

/** What became of an item of a batch. */
export type Outcome<O> = { value: O } | { error: unknown };

export interface BatchLimits {
  /** Items of one batch. */
  size: number;
  /** Batches under way at a time. */
  underWay: number;
  /** Items that wait for a batch; more are refused. */
  waiting: number;
  /** How long one may wait for its batch to begin. */
  waitMs: number;
}

/** While PostgreSQL works on one, the next comes together. */
const LIMITS: BatchLimits = { size: 200, underWay: 2, waiting: 2_000, waitMs: 5_000 };

export interface BatcherOptions<I, O> {
  /** What it does, and to which table. */
  name: string;
  /** Says of each item, in their order, what became of it; where it throws, that is what became of all. */
  run: (items: I[]) => Promise<Outcome<O>[]>;
  /** Whether anybody still wants the item, asked right before it is run. */
  isWanted?: (item: I) => boolean;
  limits?: Partial<BatchLimits>;
}

/**
 * Does for many at once what each asked for alone. Whatever was asked for in one turn of the event loop goes together, and so
 * does what is asked for while as many batches are under way as may be. Nothing waits while there is nothing to do, and nothing
 * waits for long: what cannot begin in time is refused, and not done later for nobody.
 */
export class Batcher<I, O> {
  private waiting: Waiting<I, O>[] = [];
  private underWay = 0;
  private isScheduled = false;
  private expiry: NodeJS.Timeout | undefined;
  private readonly limits: BatchLimits;

  constructor(private readonly options: BatcherOptions<I, O>) {
    this.limits = { ...LIMITS, ...options.limits };
  }

  /** @throws what became of the item, where it is an error; RegistryError `temporarily_unavailable` where it was not begun */
  add(item: I): Promise<O> {
    if (this.waiting.length >= this.limits.waiting) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, sinceMs: performance.now(), resolve, reject });
      this.schedule();
    });
  }

  /** Whether nothing waits, and nothing is under way. */
  get isIdle(): boolean {
    return this.waiting.length === 0 && this.underWay === 0;
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0) return;
    if (this.underWay >= this.limits.underWay) return this.refuseInTime();
    this.isScheduled = true;
    // Behind everything that has arrived on any connection meanwhile
    setImmediate(() => {
      this.isScheduled = false;
      this.refuseLate();
      void this.runBatch(
        this.waiting.splice(0, this.limits.size).filter((waiting) => this.isWanted(waiting)),
      );
    });
  }

  private async runBatch(batch: Waiting<I, O>[]): Promise<void> {
    if (batch.length === 0) return this.schedule();
    this.underWay++;
    const { name, run } = this.options;
    if (batches.hasSubscribers) {
      batches.publish({ name, size: batch.length, waiting: this.waiting.length });
    }
    this.schedule();
    const outcomes = await run(batch.map(({ item }) => item)).catch((error: unknown) =>
      batch.map((): Outcome<O> => ({ error })),
    );
    this.underWay--;
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

  /** Where batches hang, those who wait are told before theirs would begin. One timer serves all. */
  private refuseInTime(): void {
    if (this.expiry !== undefined) return;
    const dueMs = this.waiting[0]!.sinceMs + this.limits.waitMs - performance.now();
    this.expiry = setTimeout(() => {
      this.expiry = undefined;
      this.refuseLate();
      this.schedule();
    }, dueMs).unref();
  }

  private refuseLate(): void {
    const limitMs = performance.now() - this.limits.waitMs;
    // The oldest are in front
    const firstInTime = this.waiting.findIndex(({ sinceMs }) => sinceMs > limitMs);
    const late = firstInTime === -1 ? this.waiting.length : firstInTime;
    for (const { reject } of this.waiting.splice(0, late)) reject(overloaded());
  }
}
