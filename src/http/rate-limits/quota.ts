import type { RateLimitKey } from '../../addresses/networks.js';
import type { RateLimit } from '../../config/variables.js';
import type { CountedOf } from './exemptions.js';
import { type Count, LocalCounts } from './local-counts.js';
import type { SharedCounts } from './shared-counts.js';

/** Usage of a quota by a caller. */
export interface RateLimitStatus {
  /** Name of the quota in response headers. */
  name: string;
  limit: number;
  windowSeconds: number;
  /** How much is left. */
  remaining: number;
  /** Until all of it is there again, in seconds, at least 1. */
  resetSeconds: number;
  /** Whether it was overdrawn. */
  isExceeded: boolean;
}

/** A limit of uses per caller, for all instances together if counts are shared. */
export class Quota {
  /** Includes results of Redis: a caller known to exceed a limit costs no round trip, and counting continues without Redis. */
  private readonly local = new LocalCounts();
  /** Reservations by the key that they are counted for. */
  private readonly reserved = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly limit: RateLimit,
    private readonly countedOf: CountedOf,
    private readonly shared: SharedCounts | null,
  ) {}

  /** Uses up one of what the caller has, or more. Null if nothing limits it. */
  async spend(caller: string, amount = 1): Promise<RateLimitStatus | null> {
    const counted = this.countedOf(caller);
    // Before any is counted: the networks of a site that is over its limit take no memory
    const exceeded = this.exceededOf(counted);
    if (exceeded !== null) return exceeded;
    let scarcest: RateLimitStatus | null = null;
    for (const { key, times } of counted) {
      const limit = this.limit.points * times;
      // What is rejected does not count, or a caller that goes on trying would use up the share of its whole site
      const count = this.oneTooMany(key, limit) ?? (await this.count(key, amount));
      const standing = this.standing(limit, count);
      if (standing.isExceeded) return standing;
      if (scarcest === null || standing.remaining < scarcest.remaining) scarcest = standing;
    }
    return scarcest;
  }

  /** The status that the next request would get if this process knows that it would exceed the limit; else null. */
  exceeded(caller: string): RateLimitStatus | null {
    return this.exceededOf(this.countedOf(caller));
  }

  /**
   * Sets one aside of what the caller has left, until {@link release}: of many that come at once, no more are begun than may be spent.
   * @returns whether there was one; if not, {@link exceeded} says whether there will be
   */
  reserve(caller: string): boolean {
    const all = this.countedOf(caller);
    const isLeft = all.every(({ key, times }) => {
      const taken = (this.local.get(key)?.used ?? 0) + (this.reserved.get(key) ?? 0);
      return taken < this.limit.points * times;
    });
    if (!isLeft) return false;
    for (const { key } of all) this.reserved.set(key, (this.reserved.get(key) ?? 0) + 1);
    return true;
  }

  /** Gives back what {@link reserve} has set aside. What was used of it is to be spent first. */
  release(caller: string): void {
    for (const { key } of this.countedOf(caller)) {
      const left = this.reserved.get(key)! - 1;
      if (left === 0) this.reserved.delete(key);
      else this.reserved.set(key, left);
    }
  }

  private exceededOf(counted: readonly RateLimitKey[]): RateLimitStatus | null {
    for (const { key, times } of counted) {
      const limit = this.limit.points * times;
      const count = this.oneTooMany(key, limit);
      if (count !== null) return this.standing(limit, count);
    }
    return null;
  }

  private oneTooMany(key: string, limit: number): Count | null {
    const known = this.local.get(key);
    return known !== null && known.used >= limit ? { ...known, used: known.used + 1 } : null;
  }

  private async count(key: string, amount: number): Promise<Count> {
    const { durationSeconds } = this.limit;
    const count = this.shared && (await this.shared.add(`${this.name}:${key}`, durationSeconds, amount));
    return count ? this.local.note(key, count) : this.local.add(key, durationSeconds * 1000, amount);
  }

  private standing(limit: number, { used, msLeft }: Count): RateLimitStatus {
    return {
      name: this.name,
      limit,
      windowSeconds: this.limit.durationSeconds,
      remaining: Math.max(0, limit - used),
      resetSeconds: Math.max(1, Math.ceil(msLeft / 1000)),
      isExceeded: used > limit,
    };
  }
}
