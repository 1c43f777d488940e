import { overloaded } from '../errors/registry-error.js';

/** Limits how many tasks of a key are in progress. Further ones are rejected: none waits. */
export class ConcurrencyLimit {
  private readonly inProgress = new Map<string, number>();

  /** @param most per key */
  constructor(private readonly most: number) {}

  /** @throws RegistryError `temporarily_unavailable` if too many are in progress */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const others = this.inProgress.get(key) ?? 0;
    if (others >= this.most) throw overloaded();
    this.inProgress.set(key, others + 1);
    try {
      return await task();
    } finally {
      const left = this.inProgress.get(key)! - 1;
      if (left > 0) this.inProgress.set(key, left);
      else this.inProgress.delete(key);
    }
  }
}
