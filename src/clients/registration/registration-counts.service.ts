import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource, LessThan, MoreThanOrEqual } from 'typeorm';
import { inSmallBatches } from '../../database/writes/purge-batches.js';
import { Transactions } from '../../database/writes/transactions.js';
import type { ErrorCode } from '../../errors/registry-error.js';
import { RegistrationCountEntity } from './registration-count.entity.js';

/** How often what was counted is written down: as much of it is lost where a process dies. */
const FLUSH_MS = 5_000;
const MS_PER_DAY = 86_400_000;

/** What became of an attempt to register: a client that was made or was there already, or why there is none. */
export type RegistrationResult = 'created' | 'reused' | ErrorCode;

export interface RegistrationDay {
  /** Of UTC, as YYYY-MM-DD. */
  date: string;
  /** Those that there were, by their names. */
  results: { result: string; count: number }[];
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/**
 * Counts attempts to register, by day and result. A refusal leaves no row anywhere else, and a row for each would be a way to
 * fill the database: so they are counted here, and added to what all instances have counted every few seconds.
 */
@Injectable()
export class RegistrationCountsService {
  private readonly logger = new Logger(RegistrationCountsService.name);
  /** Not written yet, by day and result. */
  private counted = new Map<string, Map<string, number>>();
  private isWriting = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly transactions: Transactions,
  ) {}

  count(result: RegistrationResult): void {
    this.add(dayOf(Date.now()), result, 1);
  }

  /** Writes down what was counted. Never fails: what could not be written is tried again with the next. */
  @Interval(FLUSH_MS)
  async flush(): Promise<void> {
    // What waits for a lock has one connection
    if (this.isWriting || this.counted.size === 0) return;
    this.isWriting = true;
    const rows = [...this.counted]
      .flatMap(([day, results]) => [...results].map(([result, count]) => ({ day, result, count })))
      // In one order, so that two instances do not wait for each other
      .sort((a, b) => (a.day + a.result < b.day + b.result ? -1 : 1));
    this.counted = new Map();
    try {
      await this.transactions.run(async (manager) => {
        await manager
          .createQueryBuilder()
          .insert()
          .into(RegistrationCountEntity)
          .values(rows.map((row) => ({ ...row, count: 0 })))
          .orIgnore()
          .execute();
        for (const { day, result, count } of rows) {
          await manager.increment(RegistrationCountEntity, { day, result }, 'count', count);
        }
      });
    } catch (error) {
      this.logger.warn(error);
      for (const { day, result, count } of rows) this.add(day, result, count);
    } finally {
      this.isWriting = false;
    }
  }

  /** The last `days` days, today included, the oldest first, those without an attempt too. */
  async perDay(days: number): Promise<RegistrationDay[]> {
    const now = Date.now();
    const dates = Array.from({ length: days }, (_, i) => dayOf(now - (days - 1 - i) * MS_PER_DAY));
    const rows = await this.dataSource.manager.find(RegistrationCountEntity, {
      where: { day: MoreThanOrEqual(dates[0]!) },
      order: { day: 'ASC', result: 'ASC' },
    });
    const resultsOf = new Map(dates.map((date): [string, RegistrationDay['results']] => [date, []]));
    for (const { day, result, count } of rows) resultsOf.get(day)?.push({ result, count });
    return [...resultsOf].map(([date, results]) => ({ date, results }));
  }

  /**
   * Removes counts of days before that of `limit`.
   * @returns how many they were
   */
  purge(limit: Date): Promise<number> {
    return inSmallBatches(this.transactions, async (manager) => {
      const before = { day: LessThan(dayOf(limit.getTime())) };
      const oldest = await manager.findOne(RegistrationCountEntity, { where: before, order: { day: 'ASC' } });
      // A day has a row for each result: a handful
      if (oldest === null) return 0;
      const { affected } = await manager.delete(RegistrationCountEntity, { day: oldest.day });
      return affected ?? 0;
    });
  }

  private add(day: string, result: string, count: number): void {
    const ofDay = this.counted.get(day) ?? new Map<string, number>();
    ofDay.set(result, (ofDay.get(result) ?? 0) + count);
    this.counted.set(day, ofDay);
  }
}
