import { existsSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseConfig } from '../config/config.js';
import { loadSqlite } from '../database/sqlite.js';
import { readArguments, UsageError } from './arguments.js';

/**
 * Writes a copy of the SQLite database to a file, as it was at one moment, while the service goes on reading and writing.
 * The database is left as it is: a backup is made before an upgrade, so it must not migrate.
 * @returns what does so, as soon as the database is known
 */
export function backup(args: string[]): (database: DatabaseConfig) => void {
  const [path] = readArguments(args, {}, 1).positionals;
  if (!path) throw new UsageError('Say which file to write.');
  return (database) => {
    if (database.engine !== 'sqlite') {
      throw new Error('PostgreSQL is backed up by its own pg_dump: see "Backup and restore" in the README.');
    }
    if (existsSync(path)) throw new Error(`${path} exists already.`);
    copy(database.path, path);
    process.stdout.write(`${path} is written.\n`);
  };
}

function copy(from: string, to: string): void {
  // It has the hashes of all credentials in it
  process.umask(0o077);
  // So that a file of that name is always a whole one
  const unfinished = `${to}.unfinished`;
  rmSync(unfinished, { force: true });
  const Sqlite = loadSqlite();
  const connection = new Sqlite(from, { readonly: true, fileMustExist: true });
  try {
    // One read transaction. SQLite's backup interface would begin again with every write of the service
    connection.prepare('VACUUM INTO ?').run(unfinished);
    renameSync(unfinished, to);
  } finally {
    connection.close();
    rmSync(unfinished, { force: true });
  }
}
