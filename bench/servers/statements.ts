import Sqlite from 'better-sqlite3';
import pg from 'pg';

/** As many as the registry has. */
const POSTGRES_POOL_SIZE = 10;

export type Row = Record<string, unknown>;
/** Runs one statement with the values for its $1, $2, …, each of which it has once and in order. */
export type Statement = (...values: unknown[]) => Row[] | Promise<Row[]>;

/** A database as directly as its driver allows: no ORM, and every statement prepared once. */
export interface Statements {
  execute: (sql: string) => Promise<void>;
  prepare: (sql: string) => Statement;
}

/** @param url as the registry takes it: sqlite:PATH or postgres://… */
export function openStatements(url: string): Statements {
  return url.startsWith('sqlite:') ? openSqlite(url.slice('sqlite:'.length)) : openPostgres(url);
}

function openSqlite(path: string): Statements {
  const database = new Sqlite(path);
  database.pragma('journal_mode = WAL');
  // The driver's own default for WAL loses acknowledged writes in a power cut; the registry loses none
  database.pragma('synchronous = FULL');
  return {
    execute: (sql) => {
      database.exec(sql);
      return Promise.resolve();
    },
    prepare: (sql) => {
      const statement = database.prepare<unknown[], Row>(sql.replaceAll(/\$\d+/g, '?'));
      if (statement.reader) return (...values) => statement.all(...values);
      return (...values) => {
        statement.run(...values);
        return [];
      };
    },
  };
}

function openPostgres(url: string): Statements {
  const pool = new pg.Pool({ connectionString: url, max: POSTGRES_POOL_SIZE });
  let prepared = 0;
  return {
    execute: async (sql) => {
      await pool.query(sql);
    },
    prepare: (text) => {
      const name = `statement_${++prepared}`;
      return async (...values) => (await pool.query<Row>({ name, text, values })).rows;
    },
  };
}
