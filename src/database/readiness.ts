import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { driverOf } from './connection/driver.js';
import { isMigrated } from './connection/migrate.js';
import type { Transactions } from './writes/transactions.js';

/** In base64 more than a page of either database holds, so that it needs room on the disk as clients do. */
const PROBE_BYTES = 12_288;

/**
 * Whether the database answers, has every migration that this release knows, and can be written to. The last is not tried as
 * long as what callers write succeeds in time; once that has failed or is slow it is, until it does.
 * @throws Error where the database does not answer, or cannot be written to
 */
export async function isDatabaseReady(dataSource: DataSource, transactions: Transactions): Promise<boolean> {
  transactions.checkFile();
  if (!(await isMigrated(dataSource)) || (await isStandby(dataSource, transactions))) return false;
  if (transactions.writability.isFailing) return false;
  if (transactions.writability.isDoubtful) await tryToWrite(dataSource, transactions);
  return true;
}

/**
 * As a replica of PostgreSQL is, until it takes over.
 * @throws Error where somebody keeps a table locked, so that callers cannot read it
 */
async function isStandby(
  dataSource: DataSource,
  { writability: { tables } }: Transactions,
): Promise<boolean> {
  if (driverOf(dataSource).engine === 'sqlite') return false;
  // Takes the locks of a search, and reads nothing
  const reads = [...tables.keys()].map((table) => `, EXISTS (SELECT FROM ${table} WHERE false)`);
  const [row] = await dataSource.query<{ isReadOnly: boolean }[]>(
    `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly"${reads.join('')}`,
  );
  return row!.isReadOnly;
}

/** Stores something durably that nobody ever sees: a migration that never was, whose name no database can compress. */
async function tryToWrite(dataSource: DataSource, transactions: Transactions): Promise<void> {
  const name = `probe ${randomBytes(PROBE_BYTES).toString('base64')}`;
  const statements = [
    `INSERT INTO migrations (timestamp, name) VALUES (0, '${name}')`,
    `DELETE FROM migrations WHERE name = '${name}'`,
  ];
  if (driverOf(dataSource).engine === 'sqlite') {
    return transactions.runStatements(statements.map((sql) => ({ sql, rows: [[]] })));
  }
  // What an insert locks: whoever has locked one of the tables lets nobody write to it
  const written = [...transactions.writability.tables].filter(([, use]) => use === 'write');
  const tables = ['migrations', ...written.map(([table]) => table)];
  const lock = `LOCK TABLE ${tables.join(', ')} IN ROW EXCLUSIVE MODE`;
  await transactions.check(async (manager) => {
    for (const sql of [lock, ...statements]) await manager.query(sql);
  });
}
