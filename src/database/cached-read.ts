/** What was read a moment ago, so that requests need not read it again. Other instances may change it meanwhile. */
export class CachedRead<T> {
  private cached: { value: Promise<T>; untilMs: number } | undefined;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly maxAgeMs: number,
  ) {}

  get(): Promise<T> {
    if (this.cached === undefined || this.cached.untilMs < performance.now()) {
      const entry = { value: this.read(), untilMs: performance.now() + this.maxAgeMs };
      this.cached = entry;
      entry.value.catch(() => {
        if (this.cached === entry) this.cached = undefined;
      });
    }
    return this.cached.value;
  }

  /** Reads again the next time: after a change by this instance. */
  clear(): void {
    this.cached = undefined;
  }
}
