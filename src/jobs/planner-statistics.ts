import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { PlannerStatistics } from '../database/planner-statistics.js';
import { runJob } from './job.js';

/** A new database grows from nothing to many rows within minutes. */
const INTERVAL_MS = 60_000;

/** Keeps what the database knows of its rows up to date, as they become more while the service runs. */
@Injectable()
export class Statistics {
  private readonly logger = new Logger(Statistics.name);

  constructor(private readonly statistics: PlannerStatistics) {}

  /** Never fails: what is not known now is known a minute later. */
  @Interval(INTERVAL_MS)
  async refresh(): Promise<void> {
    await runJob('refresh_statistics', this.logger, async () => {
      await this.statistics.refresh();
      return 0;
    });
  }
}
