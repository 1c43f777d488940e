import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { refreshStatistics } from '../database/statistics.js';
import { Transactions } from '../database/transactions.js';
import { runJob } from './job.js';

const INTERVAL_MS = 3_600_000;

/** Keeps what the database knows of its rows up to date, as they become more while the service runs. */
@Injectable()
export class Statistics {
  private readonly logger = new Logger(Statistics.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly transactions: Transactions,
  ) {}

  /** Never fails: what is not known now is known an hour later. */
  @Interval(INTERVAL_MS)
  async refresh(): Promise<void> {
    await runJob('refresh_statistics', this.logger, async () => {
      await this.transactions.runAlone(() => refreshStatistics(this.dataSource));
      return 0;
    });
  }
}
