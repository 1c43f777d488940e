/** How long they are remembered. */
const REMEMBERED_MS = 10 * 60_000;

interface Entry<V> {
  value: V;
  /** `performance.now()` */
  untilMs: number;
}

/**
 * Credentials, by their hashes, that were valid within ten minutes. When there are too many, whoever owns most of them loses the oldest one:
 * an owner of many cannot push out those of others.
 */
export class RememberedCredentials<V> {
  /** By owner and key; each owner's oldest first. */
  private readonly owners = new Map<string, Map<string, Entry<V>>>();
  private readonly ownerOf = new Map<string, string>();

  constructor(
    private readonly max: number,
    private readonly rememberedMs = REMEMBERED_MS,
  ) {}

  set(key: string, value: V, owner: string): void {
    this.delete(key);
    const entries = this.owners.get(owner) ?? new Map<string, Entry<V>>();
    entries.set(key, { value, untilMs: performance.now() + this.rememberedMs });
    this.owners.set(owner, entries);
    this.ownerOf.set(key, owner);
    if (this.ownerOf.size > this.max) this.forgetOne();
  }

  get(key: string): V | undefined {
    const owner = this.ownerOf.get(key);
    const entry = owner === undefined ? undefined : this.owners.get(owner)!.get(key)!;
    return entry !== undefined && entry.untilMs > performance.now() ? entry.value : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  delete(key: string): void {
    const owner = this.ownerOf.get(key);
    if (owner === undefined) return;
    this.ownerOf.delete(key);
    const entries = this.owners.get(owner)!;
    entries.delete(key);
    if (entries.size === 0) this.owners.delete(owner);
  }

  private forgetOne(): void {
    let most = new Map<string, Entry<V>>();
    for (const entries of this.owners.values()) if (entries.size > most.size) most = entries;
    this.delete(most.keys().next().value!);
  }
}
