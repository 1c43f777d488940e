import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { whenEnding } from './cleanup.js';
import { bundledPostgres, startPostgres } from './postgres.js';

export const ENGINES = ['sqlite', 'postgres'] as const;
export type Engine = (typeof ENGINES)[number];

/**
 * The engine of that name, or all.
 * @throws Error if there is none
 */
export function enginesNamed(name: string | undefined): readonly Engine[] {
  const engines = ENGINES.filter((engine) => name === undefined || engine === name);
  if (engines.length === 0) throw new Error(`--engine takes ${ENGINES.join(' or ')}`);
  return engines;
}

/** Where each server gets a database of its own, and what it runs on. */
export interface DatabaseServer {
  version: string;
  /** @returns its URL, for DATABASE_URL */
  create(): Promise<string>;
}

export function sqliteIn(directory: string): DatabaseServer {
  const memory = new Sqlite(':memory:');
  const version = memory.prepare('SELECT sqlite_version()').pluck().get() as string;
  memory.close();
  return {
    version: `${version}, WAL, synchronous=FULL`,
    create: () => Promise.resolve(`sqlite:${join(directory, `${randomUUID()}.sqlite`)}`),
  };
}

/** @param url of a server, with a user that may create databases */
export async function postgresAt(url: string): Promise<DatabaseServer> {
  const [row] = await query<{ version: string; fsync: string; commit: string }>(
    url,
    `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS commit`,
  );
  return {
    version: `${row!.version}, fsync=${row!.fsync}, synchronous_commit=${row!.commit}`,
    create: async () => {
      const name = `registry_bench_${randomUUID().replaceAll('-', '')}`;
      whenEnding(() => query(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
      await query(url, `CREATE DATABASE ${name}`);
      const database = new URL(url);
      database.pathname = name;
      return database.href;
    },
  };
}

/** Those of an engine: files in a directory, or a PostgreSQL that is started. */
export const databasesOf = async (engine: Engine, directory: string): Promise<DatabaseServer> =>
  engine === 'sqlite' ? sqliteIn(directory) : postgresAt(await startBundledPostgres());

/** Starts a PostgreSQL as it is by default; nothing needs to be installed. @returns its URL */
export async function startBundledPostgres(): Promise<string> {
  const server = await startPostgres(await bundledPostgres(), await freePort());
  whenEnding(() => server.stop());
  return `${server.url}/postgres`;
}

/** The identifiers of all clients that a database has. */
export async function clientIdsIn(databaseUrl: string): Promise<Set<string>> {
  const rows = await runSql<{ id: string }>(databaseUrl, 'SELECT id FROM oauth_clients');
  return new Set(rows.map(({ id }) => id));
}

/** Runs one statement on a database of either engine. */
export async function runSql<Row extends pg.QueryResultRow>(
  databaseUrl: string,
  sql: string,
): Promise<Row[]> {
  if (!databaseUrl.startsWith('sqlite:')) return query<Row>(databaseUrl, sql);
  const database = new Sqlite(databaseUrl.slice('sqlite:'.length));
  try {
    const statement = database.prepare<[], Row>(sql);
    if (statement.reader) return statement.all();
    statement.run();
    return [];
  } finally {
    database.close();
  }
}

/** Stores rows in a table of a database of either engine. All have the same columns. */
export async function insertRows(
  databaseUrl: string,
  table: string,
  rows: readonly Record<string, unknown>[],
): Promise<void> {
  if (!databaseUrl.startsWith('sqlite:')) {
    const sql = `INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`;
    await query(databaseUrl, sql, [JSON.stringify(rows)]);
    return;
  }
  const columns = Object.keys(rows[0]!);
  const values = columns.map((column) => `:${column}`);
  const database = new Sqlite(databaseUrl.slice('sqlite:'.length));
  try {
    const insert = database.prepare(`INSERT INTO ${table} (${columns.join()}) VALUES (${values.join()})`);
    database.transaction(() => rows.forEach((row) => insert.run(row)))();
  } finally {
    database.close();
  }
}

async function query<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
