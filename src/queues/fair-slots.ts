import { overloaded } from '../errors/registry-error.js';
import { type Cancellation, isWaiting } from './cancellation.js';

interface Call extends Cancellation {
  begin: () => void;
  reject: (reason: unknown) => void;
}

/**
 * Runs a bounded number of tasks at a time. Keys take turns. Unlike in a {@link FairQueue}, a task begins as soon as another one ends, not in
 * an iteration of the event loop of its own. The requests in progress bound how many wait.
 */
export class FairSlots {
  private inFlight = 0;
  /** Calls by key; the key whose turn is next comes first. */
  private readonly waiting = new Map<string, Call[]>();

  /** @param most tasks at a time */
  constructor(private readonly most: number) {}

  /** @throws RegistryError `temporarily_unavailable` if the caller disconnected before its turn */
  async run<T>(key: string, cancellation: Cancellation, task: () => Promise<T>): Promise<T> {
    if (this.inFlight < this.most) this.inFlight++;
    else await this.wait(key, cancellation);
    try {
      return await task();
    } finally {
      this.beginNext();
    }
  }

  private wait(key: string, { isWaiting: wants }: Cancellation): Promise<void> {
    return new Promise((begin, reject) => {
      const call = { begin, reject, isWaiting: wants };
      const calls = this.waiting.get(key);
      if (calls) calls.push(call);
      else this.waiting.set(key, [call]);
    });
  }

  private beginNext(): void {
    for (const [key, calls] of this.waiting) {
      const call = calls.shift()!;
      this.waiting.delete(key);
      if (calls.length > 0) this.waiting.set(key, calls);
      if (isWaiting(call)) return call.begin();
      call.reject(overloaded());
    }
    this.inFlight--;
  }
}
