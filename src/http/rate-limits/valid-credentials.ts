import { LRUCache } from 'lru-cache';

/** How long credentials that were valid are exempt from the limit of failed authentication. */
const REMEMBERED_MS = 10 * 60_000;

/** What credentials are for: one registration, or the other interfaces. */
export type Use = 'management' | 'api';

/** Hashes of credentials that were valid lately. Those that anyone can get by registering evict only one another. */
export class ValidCredentials {
  private readonly ofStrangers: LRUCache<string, Use>;
  private readonly ofOthers: LRUCache<string, Use>;

  /** @param max how many of each are remembered */
  constructor(max: number) {
    this.ofStrangers = new LRUCache({ max, ttl: REMEMBERED_MS });
    this.ofOthers = new LRUCache({ max, ttl: REMEMBERED_MS });
  }

  add(key: string, use: Use, isOfStranger: boolean): void {
    (isOfStranger ? this.ofStrangers : this.ofOthers).set(key, use);
  }

  has(key: string): boolean {
    return this.ofOthers.has(key) || this.ofStrangers.has(key);
  }

  useOf(key: string): Use | undefined {
    return this.ofOthers.get(key) ?? this.ofStrangers.get(key);
  }

  delete(key: string): void {
    this.ofOthers.delete(key);
    this.ofStrangers.delete(key);
  }
}
