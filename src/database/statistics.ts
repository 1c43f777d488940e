import type { DataSource } from 'typeorm';
import { driverOf } from './driver.js';

/** All tables, and only what has changed enough to matter (https://sqlite.org/pragma.html#pragma_optimize). */
const WHERE_NEEDED = '0x10002';

/**
 * Lets SQLite learn how its rows are distributed, from a sample of each index. Without, it takes every index for as good as any
 * other, and reads all clients of an organization to find one by its name. PostgreSQL does so by itself.
 */
export function refreshStatistics(dataSource: DataSource): void {
  const driver = driverOf(dataSource);
  if (driver.engine === 'sqlite') driver.connection.pragma(`optimize = ${WHERE_NEEDED}`);
}
