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
