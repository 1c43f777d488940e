import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { driverOf } from '../connection/driver.js';
import { PURGE_CLOCK_ID, PurgeClockEntity } from './purge-clock.entity.js';
import { rowLock } from '../sql/for-update.js';
import { WriteQueue } from '../writes/write-queue.js';

/** While it is late, it gains an hour in each hour that the service runs. */
const CATCH_UP_SPEED = 2;

/** The time to purge by. */
export interface PurgeTime {
  time: Date;
  /** How far the clock is ahead of it; 0 if the clock is trusted. */
  behindMs: number;
}

/** The ids of clients and events are UUIDv7 and sort by their time, and indexes find the last ones. */
const NEWEST_ID = `SELECT MAX(id) AS id FROM
  (SELECT MAX(id) AS id FROM oauth_clients UNION ALL SELECT MAX(id) FROM audit_events) newest`;

type Reading = Pick<PurgeClockEntity, 'purgeTime' | 'readAt'>;

/**
 * The clock for purges. A wrong system clock looks the same as a long stop of the service. After a jump of more than `maxSkewMs` since
 * the last reading or the newest row, this clock advances only by the time that the service runs.
 */
@Injectable()
export class PurgeClock {
  /** Monotonic time of the last reading of this process; at first the start of the process. */
  private lastReadingMs = 0;
  /** When the newest row was written, as this process first saw the database: rows of its own say nothing of its clock. */
  private newestMs: number | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {}

  /** Takes a reading, and keeps it for all instances and the next start. */
  advance(maxSkewMs: number): Promise<PurgeTime> {
    return this.writeQueue.run(async (manager) => {
      const now = await databaseTime(manager);
      const last = await this.lastReading(manager, now);
      const ranMs = performance.now() - this.lastReadingMs;
      const next = nextReading(last, now, ranMs, maxSkewMs);
      await manager.update(PurgeClockEntity, PURGE_CLOCK_ID, next);
      this.lastReadingMs += ranMs;
      return toPurgeTime(next.purgeTime, now);
    });
  }

  /** The time to purge by, without a reading: if the service does not run. */
  async read(maxSkewMs: number): Promise<PurgeTime> {
    const { manager } = this.dataSource;
    const now = await databaseTime(manager);
    const row = await manager.findOneBy(PurgeClockEntity, { id: PURGE_CLOCK_ID });
    const { purgeTime } = nextReading(row ?? (await this.firstReading(manager, now)), now, 0, maxSkewMs);
    return toPurgeTime(purgeTime, now);
  }

  /** Locked until the transaction ends. */
  private async lastReading(manager: EntityManager, now: number): Promise<Reading> {
    const search = { where: { id: PURGE_CLOCK_ID }, lock: rowLock(manager) };
    const known = await manager.findOne(PurgeClockEntity, search);
    if (known !== null) return known;
    const row = { id: PURGE_CLOCK_ID, ...(await this.firstReading(manager, now)) };
    // Another instance may do so at the same moment
    await manager.createQueryBuilder().insert().into(PurgeClockEntity).values(row).orIgnore().execute();
    return manager.findOneOrFail(PurgeClockEntity, search);
  }

  private async firstReading(manager: EntityManager, now: number): Promise<Reading> {
    this.newestMs ??= await newestRow(manager);
    const at = Math.min(now, this.newestMs ?? now);
    return { purgeTime: at, readAt: at };
  }
}

/**
 * @param ranMs how long the service has run since its last reading
 * @returns what is to be kept
 */
export function nextReading(last: Reading, now: number, ranMs: number, maxSkewMs: number): Reading {
  const { purgeTime, readAt } = last;
  // A clock that was set back and is right again later loses nothing meanwhile
  if (now <= purgeTime) return { purgeTime, readAt: now };
  if (now - purgeTime <= maxSkewMs) return { purgeTime: now, readAt: now };
  // Each instance adds the time since the last reading of any instance
  const passedMs = Math.max(0, Math.min(now - readAt, ranMs));
  return { purgeTime: Math.min(now, Math.round(purgeTime + CATCH_UP_SPEED * passedMs)), readAt: now };
}

const toPurgeTime = (purgeTime: number, now: number): PurgeTime => ({
  time: new Date(Math.min(purgeTime, now)),
  behindMs: Math.max(0, now - purgeTime),
});

/** When the newest client or event came, in milliseconds since 1970; undefined if there is none. */
async function newestRow(manager: EntityManager): Promise<number | undefined> {
  const [newest] = await manager.query<{ id: string | null }[]>(NEWEST_ID);
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(newest?.id ?? '') ?? [];
  return high === undefined || low === undefined ? undefined : parseInt(high + low, 16);
}

/** In milliseconds since 1970. */
async function databaseTime(manager: EntityManager): Promise<number> {
  if (driverOf(manager.dataSource).engine === 'sqlite') return Date.now();
  const [row] = await manager.query<{ now: string }[]>(
    'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS now',
  );
  return Number(row!.now);
}
