import { chmodSync, chownSync, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import type { DatabaseConfig } from '../config/variables.js';
import { loadSqlite } from '../database/connection/sqlite.js';
import { syncToDisk } from '../files/new-file.js';
import { inPrivateFolder } from '../files/private-folder.js';
import { command } from './arguments.js';

/** Replaces the database with a backup, atomically, while no process has either open. */
export const restore = command({
  does: 'Replaces the SQLite database by a backup. Stop the service first: it fails while another process has the database open.',
  options: {},
  operand: 'FILE',
  prepare: (_, file) => async (database: DatabaseConfig) => {
    if (database.engine !== 'sqlite') {
      throw new Error(
        'PostgreSQL is restored by its own pg_restore: see docs/operations/backup-and-restore.md.',
      );
    }
    const path = resolve(database.path);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
      throw new Error(`There is no file ${file}.`);
    if (existsSync(path) && statSync(path).ino === statSync(file).ino) {
      throw new Error(`${file} is the database itself.`);
    }
    // What is in it would be missing
    if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
      throw new Error(
        `${file} is not complete without ${file}-wal: a process uses it. Restore a file that "backup" made.`,
      );
    }
    const folder = dirname(path);
    if (!existsSync(folder)) throw new Error(`The folder ${folder} does not exist. See DATABASE_URL.`);
    replace(path, file);
    process.stdout.write(`${database.path} is restored from ${file}. Start the service.\n`);
    return Promise.resolve();
  },
});

/** Copies into a folder of its own on the same file system first, so that the checked file is the one that is renamed. */
function replace(path: string, file: string): void {
  const from = resolve(file);
  inPrivateFolder(dirname(path), '.restore-', (copy) => {
    copyFileSync(from, copy);
    checkBackup(copy, file);
    const release = lock(path);
    try {
      keepOwner(path, copy);
      syncToDisk(copy);
      // They belong to the old file, and would be applied to the new one
      for (const suffix of ['-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
      renameSync(copy, path);
      syncToDisk(dirname(path));
    } finally {
      release();
    }
  });
}

/** @throws Error if the file is damaged, or no backup of this service */
function checkBackup(copy: string, file: string): void {
  const Sqlite = loadSqlite();
  let reason: string | undefined;
  let connection: BetterSqlite3.Database | undefined;
  try {
    connection = new Sqlite(copy, { fileMustExist: true });
    const isOurs = `SELECT 1 FROM sqlite_schema WHERE name = 'migrations' AND type = 'table'`;
    const result = connection.pragma('integrity_check(1)', { simple: true });
    if (result !== 'ok') reason = `it is damaged (${String(result)})`;
    else if (connection.prepare(isOurs).get() === undefined) reason = 'it has no tables of this service';
    // Without a log file: only this file is renamed
    else connection.pragma('journal_mode = DELETE');
  } catch (error) {
    reason = (error as Error).message;
  } finally {
    connection?.close();
  }
  if (reason !== undefined) throw new Error(`${file} is not a backup that can be restored: ${reason}.`);
}

/**
 * Keeps everyone else from the database until `release` is called, and completes its file with what is in its log.
 * @throws Error if anyone has it open
 */
function lock(path: string): () => void {
  if (!existsSync(path)) return () => undefined;
  const Sqlite = loadSqlite();
  const connection = new Sqlite(path, { timeout: 0 });
  const release = () => void connection.close();
  try {
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.pragma('journal_mode = DELETE');
    connection.exec('BEGIN EXCLUSIVE; ROLLBACK');
    return release;
  } catch (error) {
    const { code } = error as { code?: string };
    // A service that runs on an unreadable file notices the new one, and stops writing
    if (code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT')) return release;
    release();
    if (code?.startsWith('SQLITE_BUSY') !== true) throw error;
    throw new Error(`A process has ${path} open. Stop the service first.`, { cause: error });
  }
}

/** The service may run as another user than the one that restores. */
function keepOwner(path: string, copy: string): void {
  const { uid, gid, mode } = statSync(existsSync(path) ? path : dirname(path));
  chmodSync(copy, existsSync(path) ? mode & 0o770 : 0o600);
  if (process.getuid?.() === 0) chownSync(copy, uid, gid);
}
