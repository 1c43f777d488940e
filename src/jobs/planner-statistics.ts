import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { refreshStatistics } from '../database/connection/planner-statistics.js';
import { Transactions } from '../database/writes/transactions.js';
import { runJob } from './job.js';

/** A new database grows from nothing to many rows within minutes. */
const INTERVAL_MS = 60_000;
const PAUSE_MS = 20;

/** Keeps what the database knows of its rows up to date, as they become more while the service runs. */
@Injectable()
export class Statistics {
  private readonly logger = new Logger(Statistics.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly transactions: Transactions,
  ) {}

  /** Never fails: what is not known now is known a minute later. */
  @Interval(INTERVAL_MS)
  async refresh(): Promise<void> {
    await runJob('refresh_statistics', this.logger, async () => {
      await refreshStatistics(this.dataSource, async (analyze) => {
        await this.transactions.runAlone(analyze);
        // SQLite answers nobody while it looks at an index
        await wait(PAUSE_MS);
      });
      return 0;
    });
  }
}
