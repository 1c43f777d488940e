import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseConfig } from '../config/variables.js';
import { loadSqlite } from '../database/connection/sqlite.js';
import { publish, syncToDisk } from '../files/new-file.js';
import { inPrivateFolder } from '../files/private-folder.js';
import { command } from './arguments.js';

/** The database is left as it is: a backup is made before an upgrade, so it must not migrate. */
export const backup = command({
  does: 'Copies the SQLite database to a file, as it is at one moment, while the service goes on.',
  options: {},
  operand: 'FILE',
  prepare: (_, path) => async (database: DatabaseConfig) => {
    if (database.engine !== 'sqlite') {
      throw new Error(
        'PostgreSQL is backed up by its own pg_dump: see docs/operations/backup-and-restore.md.',
      );
    }
    // Throws if the directory is not accessible
    if (statSync(database.path, { throwIfNoEntry: false }) === undefined)
      throw new Error(`There is no database ${database.path}. See DATABASE_URL.`);
    if (existsSync(path)) throw existsAlready(path);
    const folder = dirname(path);
    if (!existsSync(folder)) throw new Error(`The folder ${folder} does not exist. Create it first.`);
    await copy(database, path);
    process.stdout.write(`${path} is written.\n`);
  },
});

type SqliteConfig = Extract<DatabaseConfig, { engine: 'sqlite' }>;

const existsAlready = (path: string) => new Error(`${path} exists already.`);

/**
 * Copies into a folder of its own next to the target first, so that a file of that name is always complete. Others may write to the
 * folder of the target: links and files that they plant there are neither followed nor overwritten.
 */
async function copy(database: SqliteConfig, path: string): Promise<void> {
  const to = resolve(path);
  const connection = await openRegistry(database);
  try {
    inPrivateFolder(dirname(to), '.backup-', (complete) => {
      // One read transaction. SQLite's backup interface would begin again with every write of the service
      connection.prepare('VACUUM INTO ?').run(complete);
      syncToDisk(complete);
      publish(complete, to);
      syncToDisk(dirname(to));
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existsAlready(path);
    throw error;
  } finally {
    connection.close();
  }
}

/** @throws Error if there is nothing to back up: any file that is empty passes for a SQLite database */
async function openRegistry(database: SqliteConfig) {
  const Sqlite = loadSqlite();
  let connection: InstanceType<typeof Sqlite> | undefined;
  try {
    connection = new Sqlite(database.path, { readonly: true, fileMustExist: true });
    const hasSchema = connection.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'migrations'`).get();
    if (hasSchema === undefined) throw new Error('it has no tables of this service');
    return connection;
  } catch (cause) {
    connection?.close();
    const { cannotOpen } = await import('../database/connection/open-database.js');
    throw cannotOpen(database, cause);
  }
}
