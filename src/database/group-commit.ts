import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { Batcher, type Outcome } from './batcher.js';
import { driverOf } from './driver.js';
import { Table } from './table.js';
import type { Transactions } from './transactions.js';
import { isDatabaseUnavailable } from './unavailable.js';

/** Of PostgreSQL, which can work on one batch while the next comes together. SQLite has one writer. */
const LIMITS = { size: 200, underWay: 2 };

/** The new rows of one caller: for each table, in the order of the tables. */
export type NewRows = readonly (readonly ObjectLiteral[])[];

/** Stores the rows, all or none; they are durable when the promise resolves. */
export type InsertTogether = (rows: NewRows) => Promise<void>;

/**
 * Inserts into several tables at once, for many callers in one transaction: what takes time is to make a transaction durable,
 * not what is in it. Each is told once its own rows are. Where the rows of one cannot be stored, those of the others are.
 */
export function insertTogether(
  dataSource: DataSource,
  transactions: Transactions,
  entities: readonly EntityTarget<ObjectLiteral>[],
): InsertTogether {
  const tables = entities.map((entity) => new Table(dataSource, entity));
  const driver = driverOf(dataSource);
  const commit =
    driver.engine === 'sqlite'
      ? commitOnSqlite(dataSource, transactions, driver.connection, tables)
      : commitOnPostgres(dataSource, driver.pool, tables);
  const batcher = new Batcher((batch: NewRows[]) => commitEach(batch, commit), LIMITS);
  return (rows) => batcher.add(rows);
}

type Commit = (batch: NewRows[]) => Promise<void>;

/** All together, or each alone where one of them cannot be. */
async function commitEach(batch: NewRows[], commit: Commit): Promise<Outcome<void>[]> {
  try {
    await commit(batch);
    return batch.map(() => ({ value: undefined }));
  } catch (error) {
    // Nobody knows what became of a transaction whose database is gone, so it is not tried again
    if (batch.length === 1 || isDatabaseUnavailable(error)) return batch.map(() => ({ error }));
    const outcomes: Outcome<void>[] = [];
    for (const rows of batch) outcomes.push(...(await commitEach([rows], commit)));
    return outcomes;
  }
}

function commitOnSqlite(
  dataSource: DataSource,
  transactions: Transactions,
  connection: Extract<ReturnType<typeof driverOf>, { engine: 'sqlite' }>['connection'],
  tables: Table<ObjectLiteral>[],
): Commit {
  const statements = tables.map(({ name, columns }) =>
    connection.prepare(
      `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    ),
  );
  const insert = connection.transaction((batch: NewRows[]) => {
    for (const rows of batch) {
      rows.forEach((ofTable, i) => {
        for (const entity of ofTable) {
          dataSource.logger.logQuery(statements[i]!.source);
          statements[i]!.run(tables[i]!.toRow(entity));
        }
      });
    }
  });
  return (batch) => transactions.runAlone(() => insert.immediate(batch));
}

/** One statement is a transaction of its own, and one round trip. */
function commitOnPostgres(
  dataSource: DataSource,
  pool: Extract<ReturnType<typeof driverOf>, { engine: 'postgres' }>['pool'],
  tables: Table<ObjectLiteral>[],
): Commit {
  const inserts = tables.map(
    ({ name, columns }, i) =>
      `t${i} AS (INSERT INTO ${name} (${columns.join(', ')}) ` +
      `SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${name}, $${i + 1}))`,
  );
  const name = `insert ${tables.map((table) => table.name).join()}`;
  const text = `WITH ${inserts.join(', ')} SELECT`;
  return async (batch) => {
    const values = tables.map((table, i) =>
      JSON.stringify(batch.flatMap((rows) => rows[i]!.map((entity) => table.toRecord(entity)))),
    );
    dataSource.logger.logQuery(text, values);
    await pool.query({ name, text, values });
  };
}
