import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SYSTEM } from '../../audit/audit-event.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { Batcher, type Outcome } from '../../queues/batcher.js';
import { RegistryError } from '../../errors/registry-error.js';
import { type Client, isUnused } from '../client/client.js';
import { ClientUseRepository, REMOVAL_BATCH } from '../use/client-use.repository.js';

/** Share of the time that counting may take; the interval is longer if a count takes long. */
const COUNTING_SHARE = 1 / 100;
const MIN_COUNT_INTERVAL_MS = 1_000;
/** Evicted at a time: as many as asked for room, or this part of the pool, so that a flood costs few transactions and events. */
const EVICTED_SHARE = 1 / 100;
const MAX_RETRY_AFTER_SECONDS = 3_600;
/** Events of an unused client's own changes, which are removed with it. */
const MAX_EVENTS = 250;
/** If other instances evict at the same time. */
const MAX_ATTEMPTS = 5;
const LOCKED_MS = 20;

/**
 * Bounds how many unused anonymous clients there are: for a new one, the oldest has to go. They are counted once in a while; until
 * the next count, an instance does not know what others add.
 */
@Injectable()
export class AnonymousClientQuota {
  private readonly logger = new Logger(AnonymousClientQuota.name);
  private readonly max: number | null;
  private readonly minAgeMs: number;
  private readonly removesUnused: boolean;
  /** Places taken, as far as this instance knows. */
  private size = 0;
  /** Places that it has given away and that may not be seen by a count yet. */
  private inFlight = 0;
  private countAgainAt = 0;
  private countIntervalMs = MIN_COUNT_INTERVAL_MS;
  /** Until then (`performance.now()`) nothing is old enough to be evicted. */
  private fullUntil = 0;
  private readonly places = new Batcher<void, void>({
    name: 'make room',
    run: (asked) => this.reserveAll(asked.length),
    limits: { inFlight: 1, slow: 0 },
  });

  constructor(
    private readonly repository: ClientUseRepository,
    private readonly trail: AuditTrail,
    @Inject(CONFIG) { registrationMaxUnused, registrationUnusedMinAgeMs, registrationUnusedTtlMs }: Config,
  ) {
    this.max = registrationMaxUnused;
    this.removesUnused = registrationMaxUnused !== null || registrationUnusedTtlMs !== null;
    this.minAgeMs = registrationUnusedMinAgeMs;
  }

  get isBounded(): boolean {
    return this.max !== null;
  }

  /**
   * Registers a client that is in the pool from then on.
   * @throws RegistryError `temporarily_unavailable` if the pool is full, and nothing in it is old enough to go
   */
  async reserve<T>(register: () => Promise<T>): Promise<T> {
    if (this.max === null) return register();
    await this.places.add();
    try {
      return await register();
    } catch (error) {
      this.size--;
      throw error;
    } finally {
      this.inFlight--;
    }
  }

  /**
   * Bounds the changes by a client that will be removed with their events if no use of it is recorded. Events that others cause do not count.
   * @throws RegistryError `rate_limited` if there were too many
   */
  async requireRoomForEvents(client: Client): Promise<void> {
    if (!this.removesUnused || !isUnused(client)) return;
    if ((await this.trail.countOwn(client.id, MAX_EVENTS)) < MAX_EVENTS) return;
    throw new RegistryError(
      'rate_limited',
      'This registration was changed too often without being used. Use the client, or register another one.',
      { retryAfterSeconds: MAX_RETRY_AFTER_SECONDS },
    );
  }

  private async reserveAll(asked: number): Promise<Outcome<void>[]> {
    const max = this.max!;
    if (performance.now() >= this.countAgainAt) await this.count(max);
    const needed = Math.min(asked, this.size + asked - max);
    const evicted = needed > 0 ? await this.evict(max, needed) : 0;
    // A pool that is larger than it may be, because it was allowed to be, does not keep everyone out
    const places = Math.min(asked, Math.max(max - this.size, evicted, 0));
    this.size += places;
    this.inFlight += places;
    return Array.from({ length: asked }, (_, i) =>
      i < places ? { value: undefined } : { error: this.isFull() },
    );
  }

  private async count(max: number): Promise<void> {
    const before = performance.now();
    // Those in progress may be counted twice: too many for a moment, rather than too few
    const { inFlight } = this;
    const counted = await this.repository.count(max + REMOVAL_BATCH);
    this.size = inFlight + counted;
    if (counted > max) this.size -= await this.removeSurplus(max, counted - max);
    const now = performance.now();
    this.countIntervalMs = Math.max(MIN_COUNT_INTERVAL_MS, (now - before) / COUNTING_SHARE);
    this.countAgainAt = now + this.countIntervalMs;
  }

  /** If several instances see the same surplus, it is removed once, except for clients of the same millisecond. */
  private async removeSurplus(max: number, surplus: number): Promise<number> {
    const youngest = await this.repository.youngestBeyond(max);
    if (youngest === null) return 0;
    const limit = Math.min(youngest.getTime() + 1, Date.now() - this.minAgeMs);
    return this.repository.remove(new Date(limit), surplus, SYSTEM);
  }

  /** Evicts at least `needed` clients, if that many are old enough. */
  private async evict(max: number, needed: number): Promise<number> {
    if (performance.now() < this.fullUntil) return 0;
    const wanted = Math.max(needed, Math.min(Math.ceil(max * EVICTED_SHARE), REMOVAL_BATCH));
    let evicted = 0;
    for (let attempt = 0; attempt < MAX_ATTEMPTS && evicted < needed; attempt++) {
      if (attempt > 0) await setTimeout(LOCKED_MS);
      const limit = new Date(Date.now() - this.minAgeMs);
      evicted += await this.repository.remove(limit, wanted - evicted, SYSTEM);
      if (evicted >= needed) break;
      const oldest = await this.repository.oldest();
      // Another instance may have locked those that are old enough
      if (oldest !== null && oldest < limit) continue;
      this.size -= evicted;
      // Others may have made more room than is known here
      await this.count(max);
      this.waitForAge(oldest);
      return evicted;
    }
    this.size -= evicted;
    return evicted;
  }

  private waitForAge(oldest: Date | null): void {
    const oldEnoughInMs = (oldest?.getTime() ?? 0) + this.minAgeMs - Date.now();
    // Later if it is registered again. Each time, all are counted
    this.fullUntil = performance.now() + Math.max(oldEnoughInMs, this.countIntervalMs);
    this.logger.warn(
      `${this.max} anonymous clients are unused, and none is old enough to go: anonymous registrations are rejected until one is, or is used.`,
    );
  }

  private isFull(): RegistryError {
    const seconds = Math.ceil((this.fullUntil - performance.now()) / 1000);
    return new RegistryError(
      'temporarily_unavailable',
      'The limit of unused anonymous clients is reached. Retry after the time in Retry-After.',
      { retryAfterSeconds: Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS), isByDesign: true },
    );
  }
}
