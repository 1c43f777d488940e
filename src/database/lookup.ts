import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { traced } from '../diagnostics/channels.js';
import { Batcher, type Outcome } from './batcher.js';
import { driverOf, preparedQuery } from './driver.js';
import { type Row, Table } from './table.js';

/** Finds the row that has these values in the columns of the lookup. */
export type Lookup<E> = (key: readonly string[]) => Promise<E | null>;

/**
 * A lookup by the values of columns that are unique together, for what every request asks for. Deleted rows are passed over.
 *
 * SQLite answers in less time than it takes to wait. PostgreSQL is asked for everything at once that was asked for in the same
 * moment: one round trip, and one statement to understand, for many requests.
 */
export function lookupBy<E extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<E>,
  properties: readonly (keyof E & string)[],
): Lookup<E> {
  const table = new Table(dataSource, entity);
  const metadata = dataSource.getMetadata(entity);
  const escape = (name: string) => dataSource.driver.escape(name);
  const keys = properties.map((name) => escape(metadata.findColumnWithPropertyName(name)!.databaseName));
  const columns = table.readColumns.map((column) => `t.${column}`).join(', ');
  const { deleteDateColumn } = metadata;
  const isLiving = deleteDateColumn ? ` AND t.${escape(deleteDateColumn.databaseName)} IS NULL` : '';
  const driver = driverOf(dataSource);
  const name = `lookup ${metadata.tableName}`;

  if (driver.engine === 'sqlite') {
    const is = keys.map((key) => `t.${key} = ?`).join(' AND ');
    const sql = `SELECT ${columns} FROM ${table.name} t WHERE ${is}${isLiving}`;
    const statement = driver.connection.prepare<string[], Row>(sql).raw();
    // eslint-disable-next-line @typescript-eslint/require-await -- an error of the driver is one of the promise
    const lookUp = async (key: readonly string[]) => {
      dataSource.logger.logQuery(sql, [...key]);
      const row = statement.get(...key);
      return row === undefined ? null : table.toEntity(row);
    };
    return (key) => traced(name, () => lookUp(key));
  }

  const { pool } = driver;
  const arrays = keys.map((_, i) => `$${i + 1}::text[]`).join(', ');
  const is = keys.map((key) => `t.${key} = k.${key}`).join(' AND ');
  const query = preparedQuery(
    `SELECT k.i, ${columns} FROM unnest(${arrays}) WITH ORDINALITY AS k(${keys.join(', ')}, i) JOIN ${table.name} t ON ${is}${isLiving}`,
  );
  const batcher = new Batcher<readonly string[], E | null>({
    name,
    run: async (asked) => {
      const values = keys.map((_, i) => asked.map((key) => key[i]));
      dataSource.logger.logQuery(query.text, values);
      const { rows } = await pool.query<Row>({ ...query, values });
      const outcomes: Outcome<E | null>[] = asked.map(() => ({ value: null }));
      for (const [i, ...row] of rows) outcomes[Number(i) - 1] = outcomeOf(() => table.toEntity(row));
      return outcomes;
    },
  });
  return (key) => traced(name, () => batcher.add(key));
}

/** A row that cannot be read is the trouble of whoever asked for it. */
function outcomeOf<T>(read: () => T): Outcome<T> {
  try {
    return { value: read() };
  } catch (error) {
    return { error };
  }
}
