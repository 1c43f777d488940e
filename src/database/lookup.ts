import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { Batcher, type Outcome } from './batcher.js';
import { driverOf } from './driver.js';
import { type Row, Table } from './table.js';

/** More would wait for each other rather than save anything. */
const LIMITS = { size: 200, underWay: 2 };

/** Finds the row that has these values in the columns of the lookup. */
export type Lookup<E> = (key: readonly string[]) => Promise<E | null>;

/**
 * A lookup by the values of columns that are unique together, for what every request asks for.
 *
 * SQLite answers in less time than it takes to wait. PostgreSQL is asked for everything at once that was asked for in the same
 * moment: one round trip, and one statement to understand, for many requests.
 * @param condition SQL that the row must meet as well
 */
export function lookupBy<E extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<E>,
  properties: readonly (keyof E & string)[],
  condition = 'TRUE',
): Lookup<E> {
  const table = new Table(dataSource, entity);
  const metadata = dataSource.getMetadata(entity);
  const keys = properties.map((property) =>
    dataSource.driver.escape(metadata.findColumnWithPropertyName(property)!.databaseName),
  );
  const columns = table.readColumns.map((column) => `t.${column}`).join(', ');
  const driver = driverOf(dataSource);

  if (driver.engine === 'sqlite') {
    const is = keys.map((key) => `t.${key} = ?`).join(' AND ');
    const sql = `SELECT ${columns} FROM ${table.name} t WHERE ${is} AND ${condition}`;
    const statement = driver.connection.prepare<string[], Row>(sql).raw();
    // eslint-disable-next-line @typescript-eslint/require-await -- an error of the driver is one of the promise
    return async (key) => {
      dataSource.logger.logQuery(sql, [...key]);
      const row = statement.get(...key);
      return row === undefined ? null : table.toEntity(row);
    };
  }

  const { pool } = driver;
  const arrays = keys.map((_, i) => `$${i + 1}::text[]`).join(', ');
  const is = keys.map((key) => `t.${key} = k.${key}`).join(' AND ');
  const text = `SELECT k.i, ${columns} FROM unnest(${arrays}) WITH ORDINALITY AS k(${keys.join(', ')}, i) JOIN ${table.name} t ON ${is} AND ${condition}`;
  const name = `lookup ${table.name} ${keys.join()}`;
  const batcher = new Batcher<readonly string[], E | null>(async (asked) => {
    const values = keys.map((_, i) => asked.map((key) => key[i]));
    dataSource.logger.logQuery(text, values);
    const outcomes: Outcome<E | null>[] = asked.map(() => ({ value: null }));
    try {
      const { rows } = await pool.query<Row>({ name, text, values, rowMode: 'array' });
      for (const [i, ...row] of rows) outcomes[Number(i) - 1] = { value: table.toEntity(row) };
      return outcomes;
    } catch (error) {
      return asked.map(() => ({ error }));
    }
  }, LIMITS);
  return (key) => batcher.add(key);
}
