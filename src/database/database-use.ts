import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { driverOf } from './connection/driver.js';
import { WriteQueue } from './writes/write-queue.js';

/** How busy the database is kept by this process. */
@Injectable()
export class DatabaseUse {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {}

  /**
   * Connections in use, idle connections and their maximum, and the requests that wait for one. On SQLite, `waiting` counts queued
   * transactions.
   */
  read(): { used: number; idle: number; max: number; waiting: number } {
    const driver = driverOf(this.dataSource);
    const { waiting, isBusy } = this.writeQueue;
    if (driver.engine === 'sqlite') return { used: Number(isBusy), idle: Number(!isBusy), max: 1, waiting };
    const { totalCount, idleCount, waitingCount, options } = driver.pool;
    return { used: totalCount - idleCount, idle: idleCount, max: options.max, waiting: waitingCount };
  }
}
