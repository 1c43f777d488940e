import { batches } from '../diagnostics/channels.js';

/** Something that is waited for, and who waits. */
interface Waiting<I, O> {
  item: I;
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
}

/** While PostgreSQL works on one, the next comes together. */
const LIMITS: BatchLimits = { size: 200, underWay: 2 };

/**
 * Does for many at once what each asked for alone. Whatever was asked for in one turn of the event loop goes together, and so
 * does what is asked for while as many batches are under way as may be. Nothing waits while there is nothing to do.
 */
export class Batcher<I, O> {
  private waiting: Waiting<I, O>[] = [];
  private underWay = 0;
  private isScheduled = false;

  /**
   * @param name what it does, and to which table
   * @param run says of each item, in their order, what became of it; where it throws, that is what became of all
   */
  constructor(
    private readonly name: string,
    private readonly run: (items: I[]) => Promise<Outcome<O>[]>,
    private readonly limits: BatchLimits = LIMITS,
  ) {}

  /** @throws what became of the item, where it is an error */
  add(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0 || this.underWay >= this.limits.underWay) return;
    this.isScheduled = true;
    // Behind everything that has arrived on any connection meanwhile
    setImmediate(() => {
      this.isScheduled = false;
      void this.runBatch(this.waiting.splice(0, this.limits.size));
    });
  }

  private async runBatch(batch: Waiting<I, O>[]): Promise<void> {
    this.underWay++;
    this.schedule();
    if (batches.hasSubscribers) {
      batches.publish({ name: this.name, size: batch.length, waiting: this.waiting.length });
    }
    const outcomes = await this.run(batch.map(({ item }) => item)).catch((error: unknown) =>
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
}
