import type { DataSource } from 'typeorm';
import { driverOf } from './driver.js';
import { isMigrated } from './migrate.js';
import type { Transactions } from './transactions.js';

/** More than a page of either database holds, so that it needs room on the disk as clients do. */
const PROBE_LENGTH = 16_384;

/**
 * Whether the database answers, has every migration that this release knows, and can be written to. The last is not tried as
 * long as what callers write succeeds; once that has failed it is, until it does.
 * @throws Error where the database does not answer, or cannot be written to
 */
export async function isDatabaseReady(dataSource: DataSource, transactions: Transactions): Promise<boolean> {
  transactions.checkFile();
  if (!(await isMigrated(dataSource)) || (await isStandby(dataSource))) return false;
  if (!transactions.isWritable) await tryToWrite(dataSource, transactions);
  return true;
}

/** As a replica of PostgreSQL is, until it takes over. */
async function isStandby(dataSource: DataSource): Promise<boolean> {
  if (driverOf(dataSource).engine === 'sqlite') return false;
  const [row] = await dataSource.query<{ isReadOnly: boolean }[]>(
    `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly"`,
  );
  return row!.isReadOnly;
}

/** Stores something, durably and in the way in which clients are stored, that nobody ever sees: a migration that never was. */
async function tryToWrite(dataSource: DataSource, transactions: Transactions): Promise<void> {
  const name = `probe ${'-'.repeat(PROBE_LENGTH)}`;
  const statements = [
    `INSERT INTO migrations (timestamp, name) VALUES (0, '${name}')`,
    `DELETE FROM migrations WHERE name = '${name}'`,
  ];
  if (driverOf(dataSource).engine === 'sqlite') {
    return transactions.runStatements(statements.map((sql) => ({ sql, rows: [[]] })));
  }
  await transactions.run(async (manager) => {
    for (const sql of statements) await manager.query(sql);
  });
}
