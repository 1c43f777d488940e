import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { DatabaseConfig } from '../config/variables.js';
import { loadSqlite } from '../database/connection/sqlite.js';
import { publish, syncToDisk } from '../files/new-file.js';
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
  const workingDirectory = process.cwd();
  const folder = mkdtempSync(join(dirname(to), '.backup-'));
  // From now on by its inode: no other process can replace the folder
  process.chdir(folder);
  if (!isNewAndPrivate('.')) {
    connection.close();
    throw new Error(`${folder} was replaced by another process.`);
  }
  // SQLite opens its files by absolute path. Nobody can have this one ready in a folder that takes the place of ours: only we can list it
  const hidden = randomUUID();
  const complete = join(hidden, 'copy');
  try {
    mkdirSync(hidden);
    // One read transaction. SQLite's backup interface would begin again with every write of the service
    connection.prepare('VACUUM INTO ?').run(complete);
    syncToDisk(complete);
    publish(complete, to);
    syncToDisk(dirname(to));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existsAlready(path);
    throw error;
  } finally {
    connection.close();
    rmSync(hidden, { recursive: true, force: true });
    process.chdir(workingDirectory);
    removeEmpty(folder);
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another process has moved it: that must not hide what became of the backup
  }
}

function isNewAndPrivate(path: string): boolean {
  const { uid, mode } = statSync(path);
  // A link to a folder of the same user, with files of theirs
  if (readdirSync(path).length > 0) return false;
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0);
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
