import { EgressOverloaded } from './egress-error.js';

/** Bounds how many tasks run at once. Further ones wait for a while, and are refused then. */
export class FetchSlots {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly max: number,
    private readonly maxWaitMs: number,
  ) {}

  /** @throws EgressOverloaded */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.running < this.max) this.running++;
    else await this.turn();
    try {
      return await task();
    } finally {
      // The next one takes over the slot
      const [next] = this.waiting;
      if (next) next();
      else this.running--;
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        clearTimeout(timer);
        this.waiting.delete(start);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(start);
        reject(new EgressOverloaded());
      }, this.maxWaitMs);
      this.waiting.add(start);
    });
  }
}
