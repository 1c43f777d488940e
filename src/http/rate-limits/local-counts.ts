import { LRUCache } from 'lru-cache';

/** What one caller has used up of a limit. */
export interface Count {
  used: number;
  /** Until nothing of it is used any more, in milliseconds. */
  msLeft: number;
}

/**
 * Maximum number of counted callers. A flood from more addresses evicts the least recent ones. The flood gains nothing: each new address
 * has a new limit anyway.
 */
const MAX_COUNTED = 10_000;

/** As a size, since for a number of entries it would make room for all of them at once: 4 ms of the start, and a megabyte, each. */
const BOUND = { maxSize: MAX_COUNTED, sizeCalculation: () => 1 };

/** Usage by caller, as this process knows it. Full, it takes 5 MB. */
export class LocalCounts {
  /** The open window of each caller: its end (`performance.now()`), and what was used in it. */
  private readonly windows = new LRUCache<string, { used: number; until: number }>(BOUND);

  /** Adds to the count of the caller. The first use opens a window of `windowMs`. */
  add(key: string, windowMs: number, amount: number): Count {
    const { used, msLeft } = this.get(key) ?? { used: 0, msLeft: windowMs };
    return this.note(key, { used: used + amount, msLeft });
  }

  /** Takes over what was counted elsewhere. */
  note(key: string, count: Count): Count {
    this.windows.set(key, { used: count.used, until: performance.now() + count.msLeft });
    return count;
  }

  get(key: string): Count | null {
    const open = this.windows.get(key);
    const msLeft = (open?.until ?? 0) - performance.now();
    return open !== undefined && msLeft > 0 ? { used: open.used, msLeft } : null;
  }
}
