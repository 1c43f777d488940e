import { overloaded } from '../errors/registry-error.js';
import { type Cancellation, isWaiting } from './cancellation.js';
import { RoundRobin } from './round-robin.js';

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
  private readonly waiting = new RoundRobin<Call>();

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
      this.waiting.push(key, { begin, reject, isWaiting: wants });
    });
  }

  private beginNext(): void {
    for (let call = this.waiting.shift(); call; call = this.waiting.shift()) {
      if (isWaiting(call)) return call.begin();
      call.reject(overloaded());
    }
    this.inFlight--;
  }
}
