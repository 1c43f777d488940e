import { RememberedCredentials } from '../../auth/remembered-credentials.js';

/** Owns what anyone can get by registering. */
const STRANGERS = '';

/** What credentials are for: one registration, or the other interfaces. */
export type Use = 'management' | 'api';

/**
 * Hashes of credentials that were valid lately. Those that anyone can get by registering evict only one another, and those of one
 * organization none of others that have fewer.
 */
export class ValidCredentials {
  private readonly ofStrangers: RememberedCredentials<Use>;
  private readonly ofOthers: RememberedCredentials<Use>;

  /** @param max how many of each are remembered */
  constructor(max: number) {
    this.ofStrangers = new RememberedCredentials(max);
    this.ofOthers = new RememberedCredentials(max);
  }

  /** @param owner the organization, or the verified client without one; null: anyone can get such credentials */
  add(key: string, use: Use, owner: string | null): void {
    if (owner === null) this.ofStrangers.set(key, use, STRANGERS);
    else this.ofOthers.set(key, use, owner);
  }

  has(key: string): boolean {
    return this.useOf(key) !== undefined;
  }

  useOf(key: string): Use | undefined {
    return this.ofOthers.get(key) ?? this.ofStrangers.get(key);
  }

  delete(key: string): void {
    this.ofOthers.delete(key);
    this.ofStrangers.delete(key);
  }
}
