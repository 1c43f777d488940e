import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { traced } from '../../diagnostics/channels.js';
import { Batcher, type Outcome } from '../../queues/batcher.js';
import { driverOf, preparedQuery, type Row, runOnPool } from '../connection/driver.js';
import { Table } from './table.js';

/** Finds the row that has these values in the columns of the lookup. */
export type Lookup<E> = (key: readonly string[]) => Promise<E | null>;

/**
 * A lookup by the value of a column that is unique. Deleted rows are passed over, and those without the values of the other columns. What
 * is asked for in the same moment is looked up together: in one statement on PostgreSQL, in one transaction on SQLite (ADR 8).
 */
export function batchedFindOne<E extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<E>,
  properties: readonly [unique: keyof E & string, ...others: (keyof E & string)[]],
): Lookup<E> {
  const table = new Table(dataSource, entity);
  const metadata = dataSource.getMetadata(entity);
  const escape = (name: string) => dataSource.driver.escape(name);
  const names = properties.map((name) => metadata.findColumnWithPropertyName(name)!.databaseName);
  const columns = table.readColumns.map((column) => `t.${column}`).join(', ');
  const { deleteDateColumn } = metadata;
  /**
   * The row that has the values. `IS TRUE` keeps PostgreSQL from using any other index than that of the unique column: as long as
   * it has no statistics, it takes all that have the column somewhere for equally good, and reads the whole of one.
   */
  const rowWhere = (value: (column: string) => string): string => {
    const [isIt, ...others] = names.map((column) => `t.${escape(column)} = ${value(column)}`);
    if (deleteDateColumn) others.push(`t.${escape(deleteDateColumn.databaseName)} IS NULL`);
    const where = [isIt, ...others.map((condition) => `(${condition}) IS TRUE`)].join(' AND ');
    return `SELECT ${columns} FROM ${table.name} t WHERE ${where}`;
  };
  const driver = driverOf(dataSource);
  const name = `lookup ${metadata.tableName}`;
  const together = (run: (asked: (readonly string[])[]) => Promise<Outcome<E | null>[]>): Lookup<E> => {
    const batcher = new Batcher<readonly string[], E | null>({ name, run });
    return (key) => traced(name, () => batcher.add(key));
  };

  if (driver.engine === 'sqlite') {
    const sql = rowWhere(() => '?');
    const statement = driver.connection.prepare<string[], Row>(sql).raw();
    const find = (key: readonly string[]) => {
      dataSource.logger.logQuery(sql, [...key]);
      const row = statement.get(...key);
      return row === undefined ? null : table.toEntity(row);
    };
    const findEach = (asked: (readonly string[])[]) => asked.map((key) => outcomeOf(() => find(key)));
    const findTogether = driver.connection.transaction((asked: (readonly string[])[]) =>
      asked.map((key) => ({ value: find(key) })),
    );
    const findAll = (asked: (readonly string[])[]) => {
      if (asked.length === 1) return findEach(asked);
      try {
        return findTogether(asked);
      } catch {
        // SQLite ends a transaction by itself when it cannot read, so that each caller gets its own error
        return findEach(asked);
      }
    };
    return together((asked) => Promise.resolve(findAll(asked)));
  }

  const { pool } = driver;
  const types = names.map((name) => `${escape(name)} text`).join(', ');
  // LATERAL and LIMIT: key by key, independent of the planner's statistics. JSON: into an array PostgreSQL looks to see
  // how many keys there are, and so it plans again each time
  const query = preparedQuery(
    `SELECT k.i, t.* FROM ROWS FROM (json_to_recordset($1) AS (${types})) WITH ORDINALITY AS k(${names.map(escape).join(', ')}, i) ` +
      `CROSS JOIN LATERAL (${rowWhere((column) => `k.${escape(column)}`)} LIMIT 1) t`,
  );
  const lookUp = together(async (asked) => {
    const keys = asked.map((key) => Object.fromEntries(names.map((name, i) => [name, key[i]])));
    const values = [JSON.stringify(keys)];
    dataSource.logger.logQuery(query.text, values);
    const rows = await runOnPool(pool, query, values);
    const outcomes: Outcome<E | null>[] = asked.map(() => ({ value: null }));
    for (const [i, ...row] of rows) outcomes[Number(i) - 1] = outcomeOf(() => table.toEntity(row));
    return outcomes;
  });
  return async (key) => (key.every(isText) ? lookUp(key) : null);
}

/** PostgreSQL stores no other text; one such value would fail the whole batch. */
export const isText = (value: string) => value.isWellFormed() && !value.includes('\0');

/** A row that cannot be read fails only the request for it. */
function outcomeOf<T>(read: () => T): Outcome<T> {
  try {
    return { value: read() };
  } catch (error) {
    return { error };
  }
}
