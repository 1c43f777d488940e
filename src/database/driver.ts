import { hash } from 'node:crypto';
import type BetterSqlite3 from 'better-sqlite3';
import type pg from 'pg';
import type { DataSource } from 'typeorm';

/** What lies under TypeORM: the connection to SQLite, or the pool of those to PostgreSQL. */
export type Driver =
  { engine: 'sqlite'; connection: BetterSqlite3.Database } | { engine: 'postgres'; pool: pg.Pool };

export function driverOf({ options, driver }: DataSource): Driver {
  return options.type === 'postgres'
    ? { engine: 'postgres', pool: (driver as unknown as { master: pg.Pool }).master }
    : {
        engine: 'sqlite',
        connection: (driver as unknown as { databaseConnection: BetterSqlite3.Database }).databaseConnection,
      };
}

/** A query that PostgreSQL understands and plans once per connection, and whose rows come as arrays. */
export const preparedQuery = (text: string) => ({
  // Longer names are cut off, and are the same then
  name: hash('sha256', text, 'hex').slice(0, 32),
  ...plainQuery(text),
});

/** The same for one that is planned anew for the values that it is given. */
export const plainQuery = (text: string) => ({ text, rowMode: 'array' }) as const;
