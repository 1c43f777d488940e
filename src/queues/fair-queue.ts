import { Batcher, type BatchLimits } from './batcher.js';
import { type Cancellation, isWaiting } from './cancellation.js';

interface Task extends Cancellation {
  run: () => Promise<unknown>;
}

/**
 * Runs a bounded number of tasks at a time. Keys take turns: each has a queue of its own, and only a few of its tasks wait in
 * the queue that all share.
 */
export class FairQueue {
  private readonly shared: Batcher<Task, unknown>;
  private readonly queues = new Map<string, Batcher<Task, unknown>>();

  /** @param name what a task is, as metrics show it */
  constructor(
    private readonly name: string,
    limits: Partial<BatchLimits>,
    private readonly limitsOfKey: Partial<BatchLimits>,
  ) {
    this.shared = queueOf(name, limits, (task) => task.run());
  }

  /**
   * Runs the task as soon as it is its turn.
   * @param key undefined: it has no others to take turns with
   * @throws RegistryError `temporarily_unavailable` if it cannot begin in time, or the caller disconnected
   */
  async run<T>(run: () => Promise<T>, cancellation: Cancellation, key?: string): Promise<T> {
    const task = { run, isWaiting: cancellation.isWaiting };
    if (key === undefined) return (await this.shared.add(task)) as T;
    const queue = this.queues.get(key) ?? this.openQueue(key);
    try {
      return (await queue.add(task)) as T;
    } finally {
      // There is no end of keys; others may have begun a new queue meanwhile
      if (queue.isIdle && this.queues.get(key) === queue) this.queues.delete(key);
    }
  }

  private openQueue(key: string): Batcher<Task, unknown> {
    const queue = queueOf(`turn of a ${this.name}`, this.limitsOfKey, (task) => this.shared.add(task));
    this.queues.set(key, queue);
    return queue;
  }
}

/** Tasks are not batches, and may take long. */
const queueOf = (name: string, limits: Partial<BatchLimits>, run: (task: Task) => Promise<unknown>) =>
  new Batcher<Task, unknown>({
    name,
    run: async ([task]) => [{ value: await run(task!) }],
    isWanted: isWaiting,
    limits: { ...limits, size: 1, slow: 0 },
  });
