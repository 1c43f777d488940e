import { Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { DailyCountsRepository } from './daily-counts.repository.js';

/** Interval of writing counts: a process that dies loses the counts of one interval. */
const FLUSH_MS = 5_000;
const MS_PER_DAY = 86_400_000;

/** What became of all attempts of a day. */
export interface DailyResults {
  /** The UTC day, as YYYY-MM-DD. */
  date: string;
  /** Those that there were, by their names. */
  results: { result: string; count: number }[];
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Counts attempts by day and result. A row for each that failed would be a way to fill the database. */
export abstract class DailyCounts<Result extends string> {
  private readonly logger = new Logger(this.constructor.name);
  /** Not written yet, by day and result. */
  private counted = new Map<string, Map<string, number>>();
  /** Until now: one transaction at a time, since what waits for a lock has a connection. */
  private written = Promise.resolve();

  constructor(private readonly repository: DailyCountsRepository) {}

  count(result: Result): void {
    this.add(dayOf(Date.now()), result, 1);
  }

  /** Writes down what was counted. Never fails: what could not be written is tried again with the next. */
  @Interval(FLUSH_MS)
  flush(): Promise<void> {
    this.written = this.written.then(() => this.write());
    return this.written;
  }

  /** The last `days` days, today included, the oldest first, those without an attempt too. */
  async perDay(days: number): Promise<DailyResults[]> {
    const now = Date.now();
    const dates = Array.from({ length: days }, (_, i) => dayOf(now - (days - 1 - i) * MS_PER_DAY));
    const rows = await this.repository.since(dates[0]!);
    const resultsOf = new Map(dates.map((date): [string, DailyResults['results']] => [date, []]));
    for (const { day, result, count } of rows) resultsOf.get(day)?.push({ result, count });
    return [...resultsOf].map(([date, results]) => ({ date, results }));
  }

  /** Removes counts of days before that of `limit`; says how many. */
  purge(limit: Date): Promise<number> {
    return this.repository.purge(dayOf(limit.getTime()));
  }

  private async write(): Promise<void> {
    if (this.counted.size === 0) return;
    const rows = [...this.counted].flatMap(([day, results]) =>
      [...results].map(([result, count]) => ({ day, result, count })),
    );
    this.counted = new Map();
    try {
      await this.repository.add(rows);
    } catch (error) {
      this.logger.warn(error);
      for (const { day, result, count } of rows) this.add(day, result, count);
    }
  }

  private add(day: string, result: string, count: number): void {
    const ofDay = this.counted.get(day) ?? new Map<string, number>();
    ofDay.set(result, (ofDay.get(result) ?? 0) + count);
    this.counted.set(day, ofDay);
  }
}
