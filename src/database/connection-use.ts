import type { DataSource } from 'typeorm';
import { driverOf } from './connection/driver.js';
import type { Transactions } from './writes/transactions.js';

/** How busy the database is kept by this process. */
export interface DatabaseUse {
  /** Connections that work for somebody. */
  used: number;
  idle: number;
  max: number;
  /** What waits for a connection; on SQLite, transactions that wait for others. */
  waiting: number;
}

export function databaseUse(dataSource: DataSource, { waiting, isBusy }: Transactions): DatabaseUse {
  const driver = driverOf(dataSource);
  if (driver.engine === 'sqlite') return { used: Number(isBusy), idle: Number(!isBusy), max: 1, waiting };
  const { totalCount, idleCount, waitingCount, options } = driver.pool;
  return { used: totalCount - idleCount, idle: idleCount, max: options.max, waiting: waitingCount };
}
