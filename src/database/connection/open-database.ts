import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DataSource } from 'typeorm';
import type { DatabaseConfig } from '../../config/variables.js';
import { dataSourceOptions, type Persistence } from './data-source-options.js';
import { narrowModes } from './file-permissions.js';
import { isMigrated, type Log, migrate } from './migrate.js';
import { refreshStatistics } from './planner-statistics.js';
import { renewFileId } from './sqlite-file.js';
import { limitWaiting } from './timeouts.js';

/** Why a database cannot be opened, by what the driver or the system calls it. */
const REASONS: Partial<Record<string, string>> = {
  SQLITE_BUSY: 'another process has locked it',
  SQLITE_READONLY: 'the file or its directory is read-only',
  SQLITE_CANTOPEN: 'the file cannot be opened or created',
  SQLITE_NOTADB: 'the file is not a SQLite database',
  SQLITE_CORRUPT: 'the file is damaged; restore a backup',
  '55P03': 'another session has locked one of its tables (see pg_locks)',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  ENOENT: 'the directory cannot be created',
  EEXIST: 'the directory cannot be created',
  ENOTDIR: 'a part of the path is a file',
  EROFS: 'the disk is read-only',
  EACCES: 'this user may not write there',
};

const toStandardError: Log = (line) => void process.stderr.write(`${line}\n`);

/**
 * Connects and migrates.
 * @param log receives what the start waits for
 * @throws Error with a message for the operator: one line, without the password
 */
export function openDatabase(
  database: DatabaseConfig,
  persistence: Persistence,
  log: Log = toStandardError,
): Promise<DataSource> {
  return connect(
    database,
    persistence,
    log,
    async (dataSource) => void (await bringUpToDate(dataSource, log)),
  );
}

/**
 * Migrates and disconnects.
 * @returns the names of the migrations that it applied
 * @throws Error as above
 */
export async function migrateDatabase(database: DatabaseConfig, persistence: Persistence): Promise<string[]> {
  let applied: string[] = [];
  const dataSource = await connect(database, persistence, toStandardError, async (dataSource) => {
    applied = await bringUpToDate(dataSource, toStandardError);
  });
  await dataSource.destroy();
  return applied;
}

async function bringUpToDate(dataSource: DataSource, log: Log): Promise<string[]> {
  const applied = await migrate(dataSource, log);
  // Only makes statements faster
  await refreshStatistics(dataSource).catch((error: unknown) => log(`Statistics: ${reasonOf(error)}`));
  return applied;
}

/**
 * Connects to a database that exists, and leaves the schema as it is.
 * @throws Error as above, and if the schema is older than this release
 */
export async function openMigratedDatabase(
  database: DatabaseConfig,
  persistence: Persistence,
): Promise<DataSource> {
  const dataSource = await connect(database, persistence, toStandardError);
  if (await isMigrated(dataSource)) return dataSource;
  await dataSource.destroy();
  throw new Error(`The database ${placeOf(database)} has pending migrations. Run "npm run migrate" first.`);
}

async function connect(
  database: DatabaseConfig,
  persistence: Persistence,
  log: Log,
  prepare?: (dataSource: DataSource) => Promise<void>,
): Promise<DataSource> {
  const dataSource = new DataSource(dataSourceOptions(database, persistence));
  try {
    if (database.engine === 'sqlite') {
      makePlaceFor(database.path);
      narrowModes(database.path, log);
      if (prepare) renewFileId(database.path);
    }
    await dataSource.initialize();
    if (database.engine === 'postgres') await checkEncoding(dataSource);
    await prepare?.(dataSource);
    await limitWaiting(dataSource);
    return dataSource;
  } catch (cause) {
    await dataSource.destroy().catch(() => undefined);
    throw cannotOpen(database, cause);
  }
}

/** The one-line error for a database that cannot be opened. */
export const cannotOpen = (database: DatabaseConfig, cause: unknown) =>
  new Error(`Cannot open the database ${placeOf(database)}: ${reasonOf(cause)}. See DATABASE_URL.`, {
    cause,
  });

/** @throws Error if the database cannot store every name */
async function checkEncoding(dataSource: DataSource): Promise<void> {
  const [row] = await dataSource.query<{ server_encoding: string }[]>('SHOW server_encoding');
  const encoding = row!.server_encoding;
  if (encoding === 'UTF8') return;
  throw new Error(`its encoding is ${encoding}; create one with ENCODING 'UTF8' TEMPLATE template0`);
}

/** @throws Error if no file can be at this path */
function makePlaceFor(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is not a file');
  createDirectory(dirname(resolve(path)));
}

/** One by one: with `recursive`, as TypeORM does it, `mkdir` tries forever below /proc and below a broken link. */
function createDirectory(path: string): void {
  if (existsSync(path)) return;
  createDirectory(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another instance may have made it meanwhile
    if (!existsSync(path)) throw error;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  // A socket that is not there
  if (syscall === 'connect' && code === 'ENOENT') return REASONS.ECONNREFUSED!;
  const [message] = error.message.split('\n');
  // A failed attempt at several addresses has a code and no message
  return REASONS[code.replace(/^(SQLITE_[A-Z]+)_\w+/, '$1')] ?? (message || code);
}

function placeOf(database: DatabaseConfig): string {
  if (database.engine === 'sqlite') return database.path;
  const { host, port, database: name } = database.connection;
  return `${host || 'localhost'}${port ? `:${port}` : ''}/${name ?? ''}`;
}
