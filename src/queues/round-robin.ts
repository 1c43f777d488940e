/** Items that wait, in order of their keys' turns. Each key has a queue of its own, and one item in each round. */
export class RoundRobin<T> {
  /** Items by key; the key whose turn is next comes first. */
  private readonly waiting = new Map<string, T[]>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  push(key: string, item: T): void {
    this.itemsOf(key).push(item);
  }

  /** Puts it before all others of its key. */
  unshift(key: string, item: T): void {
    this.itemsOf(key).unshift(item);
  }

  /** Removes the next item; undefined: none waits. */
  shift(): T | undefined {
    for (const [key, items] of this.waiting) {
      this.count--;
      this.waiting.delete(key);
      if (items.length > 1) this.waiting.set(key, items);
      return items.shift();
    }
    return undefined;
  }

  private itemsOf(key: string): T[] {
    this.count++;
    let items = this.waiting.get(key);
    if (!items) this.waiting.set(key, (items = []));
    return items;
  }
}
