import { hash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type BetterSqlite3 from 'better-sqlite3';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { codeOf } from './unavailable.js';

/** What lies under TypeORM: the connection to SQLite, or the pool of those to PostgreSQL. */
export type Driver =
  { engine: 'sqlite'; connection: BetterSqlite3.Database } | { engine: 'postgres'; pool: pg.Pool };

/** The values of a row, in the order of the columns. */
export type Row = unknown[];

export function driverOf({ options, driver }: DataSource): Driver {
  return options.type === 'postgres'
    ? { engine: 'postgres', pool: (driver as unknown as { master: pg.Pool }).master }
    : {
        engine: 'sqlite',
        connection: (driver as unknown as { databaseConnection: BetterSqlite3.Database }).databaseConnection,
      };
}

/** A query of PostgreSQL, whose rows come as arrays; with the name of the prepared statement if it is one. */
type Query = Omit<pg.QueryArrayConfig, 'values'>;

/** A query that PostgreSQL understands and plans once per connection. */
export const preparedQuery = (text: string): Query => ({
  // Longer names are cut off, and are the same then
  name: hash('sha256', text, 'hex').slice(0, 32),
  ...plainQuery(text),
});

/** The same for one that is planned again for the values that it is given. */
export const plainQuery = (text: string): Query => ({ text, rowMode: 'array' });

/** Pools of a pooler that may run a statement on a connection that did not prepare it. */
const withoutPreparedStatements = new WeakSet<pg.Pool>();
const logger = new Logger('Database');

/**
 * Runs the query in a transaction of its own. A pooler in transaction mode may give each transaction another session; where it
 * does not prepare statements there by itself, they are not prepared from then on. What fails for that was not run, and is run again.
 */
export async function runOnPool(
  pool: pg.Pool,
  { name, ...query }: Query,
  values: unknown[],
): Promise<unknown[][]> {
  if (name !== undefined && !withoutPreparedStatements.has(pool)) {
    try {
      return (await pool.query<unknown[]>({ name, ...query, values })).rows;
    } catch (error) {
      if (!isOtherSession(error)) throw error;
      if (!withoutPreparedStatements.has(pool)) logger.warn(NO_PREPARED_STATEMENTS);
      withoutPreparedStatements.add(pool);
    }
  }
  return (await pool.query<unknown[]>({ ...query, values })).rows;
}

const NO_PREPARED_STATEMENTS =
  'The connection pooler in front of PostgreSQL does not support prepared statements. They are disabled, and queries are slower. ' +
  'With PgBouncer 1.21 or later, set max_prepared_statements.';

/** Whether a statement was prepared in another session than the one that was to run it: 42P05 there is one already, 26000 there is none. */
const isOtherSession = (error: unknown) =>
  /^(?:42P05|26000)$/.test(codeOf(error)) ||
  (error instanceof Error && /prepared statement .*(?:does not exist|already exists)/.test(error.message));
