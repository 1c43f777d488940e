import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.js';
import type { DatabaseConfig } from '../config/config.js';
import { migrate } from './migrate.js';
import { refreshStatistics } from './statistics.js';
import { limitWaiting } from './time-outs.js';

/** Why a database cannot be opened, by what the driver or the system calls it. */
const REASONS: Partial<Record<string, string>> = {
  SQLITE_BUSY: 'another process has locked it',
  SQLITE_READONLY: 'the file or its directory is read-only',
  SQLITE_CANTOPEN: 'the file cannot be opened or created',
  SQLITE_NOTADB: 'the file is no SQLite database',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EROFS: 'the disk is read-only',
  EACCES: 'this user may not write there',
};

/**
 * Connects and migrates.
 * @throws Error with a message for the operator: one line, without the password
 */
export async function openDatabase(database: DatabaseConfig): Promise<DataSource> {
  const dataSource = new DataSource(dataSourceOptions(database));
  try {
    await dataSource.initialize();
    await migrate(dataSource);
    refreshStatistics(dataSource);
    await limitWaiting(dataSource);
    return dataSource;
  } catch (cause) {
    await dataSource.destroy().catch(() => undefined);
    throw new Error(`Cannot open the database ${placeOf(database)}: ${reasonOf(cause)}. See DATABASE_URL.`, {
      cause,
    });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const [message] = error.message.split('\n');
  // A failed attempt at several addresses has a code and no message
  return REASONS[code.replace(/^(SQLITE_[A-Z]+)_\w+/, '$1')] ?? (message || code);
}

function placeOf(database: DatabaseConfig): string {
  if (database.engine === 'sqlite') return database.path;
  const { host, pathname } = new URL(database.url);
  return `${host}${pathname}`;
}
