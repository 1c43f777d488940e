import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseConfig } from '../config/config.js';
import { cannotOpen } from '../database/open-database.js';
import { loadSqlite } from '../database/sqlite.js';
import { command } from './arguments.js';

/** The database is left as it is: a backup is made before an upgrade, so it must not migrate. */
export const backup = command({
  does: 'Copies the SQLite database to a file, as it is at one moment, while the service goes on.',
  options: {},
  operand: 'FILE',
  prepare: (_, path) => (database: DatabaseConfig) => {
    if (database.engine !== 'sqlite') {
      throw new Error('PostgreSQL is backed up by its own pg_dump: see "Backup and restore" in the README.');
    }
    if (!existsSync(database.path))
      throw new Error(`There is no database ${database.path}. See DATABASE_URL.`);
    if (existsSync(path)) throw new Error(`${path} exists already.`);
    const folder = dirname(path);
    if (!existsSync(folder)) throw new Error(`The folder ${folder} does not exist. Create it first.`);
    copy(database, path);
    process.stdout.write(`${path} is written.\n`);
  },
});

type SqliteConfig = Extract<DatabaseConfig, { engine: 'sqlite' }>;

function copy(database: SqliteConfig, to: string): void {
  // It has the hashes of all credentials in it
  process.umask(0o077);
  // So that a file of that name is always a whole one
  const unfinished = `${to}.unfinished`;
  rmSync(unfinished, { force: true });
  const connection = openRegistry(database);
  try {
    // One read transaction. SQLite's backup interface would begin again with every write of the service
    connection.prepare('VACUUM INTO ?').run(unfinished);
    renameSync(unfinished, to);
  } finally {
    connection.close();
    rmSync(unfinished, { force: true });
  }
}

/** @throws Error where there is nothing to back up: any file that is empty passes for a SQLite database */
function openRegistry(database: SqliteConfig) {
  const Sqlite = loadSqlite();
  let connection: InstanceType<typeof Sqlite> | undefined;
  try {
    connection = new Sqlite(database.path, { readonly: true, fileMustExist: true });
    const hasSchema = connection.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'migrations'`).get();
    if (hasSchema === undefined) throw new Error('it has no tables of this service');
    return connection;
  } catch (cause) {
    connection?.close();
    throw cannotOpen(database, cause);
  }
}
