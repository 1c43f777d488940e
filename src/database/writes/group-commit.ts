import type pg from 'pg';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { traced } from '../../diagnostics/channels.js';
import { locked, RegistryError } from '../../errors/registry-error.js';
import { type Cancellation, isWaiting } from '../../queues/cancellation.js';
import { Batcher, type Outcome } from '../../queues/batcher.js';
import { driverOf, preparedQuery, runOnPool } from '../connection/driver.js';
import { Table } from '../sql/table.js';
import type { WriteQueue } from './write-queue.js';
import { isDatabaseUnavailable, isLocked, isUndone } from '../connection/unavailable.js';

/** The new rows of one caller: for each table, in the order of the tables. */
export type NewRows = readonly (readonly ObjectLiteral[])[];

/**
 * Stores the rows, all or none; they are durable when the promise resolves.
 * @throws RegistryError `temporarily_unavailable` if that cannot begin in time
 */
export type GroupCommit = (rows: NewRows, cancellation?: Cancellation) => Promise<void>;

/**
 * One batch at a time: two would be smaller, and the cost is per batch, to begin it and to make it durable (ADR 8). SQLite has one
 * writer, so another batch next to a slow one gains nothing there.
 */
const ONE_AFTER_ANOTHER = { sqlite: { inFlight: 1, slow: 0 }, postgres: { inFlight: 1 } };

interface Insertion {
  rows: NewRows;
  cancellation: Cancellation;
}

/**
 * Inserts into several tables at once, for many callers in one transaction: making a transaction durable takes time, its content does not.
 * Each caller's promise resolves once its rows are durable. If the rows of one caller cannot be stored, those of the others still are.
 * A batch has at most 200 callers (`LIMITS` of batcher.ts).
 * @param order the value by which rows are inserted in order, if several instances may insert the same one: see {@link commitEach}
 */
export function groupCommit(
  dataSource: DataSource,
  writeQueue: WriteQueue,
  entities: readonly EntityTarget<ObjectLiteral>[],
  order?: (rows: NewRows) => string,
): GroupCommit {
  const tables = entities.map((entity) => new Table(dataSource, entity));
  for (const { name } of tables) writeQueue.writability.tables.set(name, 'write');
  const driver = driverOf(dataSource);
  const store =
    driver.engine === 'sqlite'
      ? storeOnSqlite(dataSource, writeQueue, tables)
      : storeOnPostgres(dataSource, writeQueue, driver.pool, tables);
  const commit = async (batch: NewRows[]) => {
    await store(order === undefined ? batch : batch.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)));
    return batch.map(() => undefined);
  };
  const name = `insert ${dataSource.getMetadata(entities[0]!).tableName}`;
  const batcher = new Batcher<Insertion, void>({
    name,
    run: (batch) =>
      commitEach(
        batch.map(({ rows }) => rows),
        commit,
      ),
    isWanted: ({ cancellation }) => isWaiting(cancellation),
    limits: ONE_AFTER_ANOTHER[driver.engine],
  });
  return (rows, cancellation = {}) => traced(name, () => batcher.add({ rows, cancellation }));
}

/**
 * Runs `commit` for all together, or for each alone if one of them cannot be stored.
 * @param commit one transaction. It locks rows that other instances may lock, too, in one order, so that two batches do not wait for each
 *   other
 */
export async function commitEach<I, O>(
  batch: readonly I[],
  commit: (batch: I[]) => Promise<O[]>,
): Promise<Outcome<O>[]> {
  try {
    return (await commit([...batch])).map((value) => ({ value }));
  } catch (error) {
    // One after the other, each would wait for the lock again
    if (isLocked(error)) return batch.map(() => ({ error: locked(error) }));
    // The outcome is unknown when the connection was lost, so the transaction is not retried
    const isUnknown = isDatabaseUnavailable(error) && !isUndone(error);
    const wasRefused = error instanceof RegistryError;
    if (batch.length === 1 || isUnknown || wasRefused) return batch.map(() => ({ error }));
    const outcomes: Outcome<O>[] = [];
    for (const one of batch) outcomes.push(...(await commitEach([one], commit)));
    return outcomes;
  }
}

type Store = (batch: NewRows[]) => Promise<void>;

function storeOnSqlite(
  dataSource: DataSource,
  writeQueue: WriteQueue,
  tables: Table<ObjectLiteral>[],
): Store {
  // A failure rolls back the whole batch anyway. By default SQLite would keep what each statement with a trigger changes, to undo it alone
  const inserts = tables.map(
    ({ name, columns }) =>
      `INSERT OR ROLLBACK INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  return (batch) => {
    const statements = tables.map((table, i) => {
      const sql = inserts[i]!;
      dataSource.logger.logQuery(sql);
      return { sql, rows: batch.flatMap((rows) => rows[i]!.map((entity) => table.toRow(entity))) };
    });
    return writeQueue.runStatements(statements);
  };
}

/** One statement is a transaction of its own, and one round trip. */
function storeOnPostgres(
  dataSource: DataSource,
  writeQueue: WriteQueue,
  pool: pg.Pool,
  tables: Table<ObjectLiteral>[],
): Store {
  const inserts = tables.map(
    ({ name, columns }, i) =>
      `t${i} AS (INSERT INTO ${name} (${columns.join(', ')}) ` +
      `SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${name}, $${i + 1}))`,
  );
  const query = preparedQuery(`WITH ${inserts.join(', ')} SELECT`);
  return async (batch) => {
    const values = tables.map((table, i) =>
      JSON.stringify(batch.flatMap((rows) => rows[i]!.map((entity) => table.toRecord(entity)))),
    );
    dataSource.logger.logQuery(query.text);
    await writeQueue.writability.track(tables[0]!.name, runOnPool(pool, query, values));
  };
}
