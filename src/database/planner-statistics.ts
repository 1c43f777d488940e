import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { refreshStatistics } from './connection/planner-statistics.js';
import { WriteQueue } from './writes/write-queue.js';

const PAUSE_MS = 20;

/** What the planner of the database knows of the rows. */
@Injectable()
export class PlannerStatistics {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {}

  /** Brings them up to date while the service runs. */
  refresh(): Promise<void> {
    return refreshStatistics(this.dataSource, async (analyze) => {
      await this.writeQueue.exclusive(analyze);
      // SQLite blocks the event loop while it reads an index
      await wait(PAUSE_MS);
    });
  }
}
