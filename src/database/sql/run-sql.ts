import { LRUCache } from 'lru-cache';
import type { DataSource } from 'typeorm';
import { traced } from '../../diagnostics/channels.js';
import { driverOf, plainQuery, type preparedQuery, type Row, runOnPool } from '../connection/driver.js';

/** Runs a statement whose parameters are written `:name`; returns its rows. */
export type RunSql = (sql: string, parameters: Record<string, unknown>) => Promise<Row[]>;

type QueryOf = typeof plainQuery | typeof preparedQuery;

/** Statements that are kept prepared. There are more of them than anyone uses: one for each combination of filters. */
const KEPT_STATEMENTS = 100;

/**
 * For statements that are written by hand, because TypeORM takes longer to build them than the database to run them.
 * @param queryOf whether PostgreSQL plans them again for the values, or once, if the best plan is the same for all
 */
export function sqlRunner(dataSource: DataSource, name: string, queryOf: QueryOf = plainQuery): RunSql {
  const run = runner(dataSource, queryOf);
  return (sql, parameters) => traced(name, () => run(sql, parameters));
}

function runner(dataSource: DataSource, queryOf: QueryOf): RunSql {
  const driver = driverOf(dataSource);
  if (driver.engine === 'sqlite') {
    const prepared = new LRUCache({
      max: KEPT_STATEMENTS,
      memoMethod: (sql: string) => driver.connection.prepare<[Record<string, unknown>], Row>(sql).raw(),
    });
    // eslint-disable-next-line @typescript-eslint/require-await -- an error of the driver is one of the promise
    return async (sql, parameters) => {
      dataSource.logger.logQuery(sql);
      return prepared.memo(sql).all(bindable(parameters));
    };
  }
  const numbered = new LRUCache({
    max: KEPT_STATEMENTS,
    memoMethod: (sql: string) => numberParameters(sql, queryOf),
  });
  return async (sql, parameters) => {
    const { query, names } = numbered.memo(sql);
    const values = names.map((name) => parameters[name]);
    dataSource.logger.logQuery(query.text, values);
    return runOnPool(driver.pool, query, values);
  };
}

/** As SQLite takes them: it knows no booleans. */
export const bindable = (parameters: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? Number(value) : value,
    ]),
  );

/** PostgreSQL knows parameters by number only. */
function numberParameters(sql: string, queryOf: QueryOf) {
  const names: string[] = [];
  const text = sql.replace(/(?<!:):(\w+)/g, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { query: queryOf(text), names };
}
