import { randomInt } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import type BetterSqlite3 from 'better-sqlite3';
import { loadSqlite } from './sqlite.js';

/** How often somebody looks where nobody writes. */
const INTERVAL_MS = 1_000;
/** Of the header, what stays: the format with the page size and the journal mode, and `user_version`, the id of this file. */
const FORMAT_BYTES = 24;
const ID_OFFSET = 60;
const ID_BYTES = 4;
/** What does not go away by itself. After a failed fsync nobody knows what is on the disk, whatever the next one says. */
const DAMAGED = /^SQLITE_(?:CORRUPT\w*|NOTADB|IOERR_(?:READ|SHORT_READ|FSYNC|DIR_FSYNC|DATA|CORRUPTFS))$/;

const logger = new Logger('Database');
const known = new WeakMap<BetterSqlite3.Database, SqliteFile>();

/** The one of a connection, which is watched until the connection is closed. */
export function sqliteFileOf(connection: BetterSqlite3.Database): SqliteFile {
  let file = known.get(connection);
  if (file === undefined) known.set(connection, (file = new SqliteFile(connection)));
  return file;
}

/**
 * Gives the file another id, unless somebody has it open: a copy that was made before then is known from it. Where it cannot be done,
 * opening says why.
 */
export function renewFileId(path: string): void {
  const Sqlite = loadSqlite();
  let connection: BetterSqlite3.Database | undefined;
  try {
    connection = new Sqlite(path, { timeout: 0 });
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.pragma(`user_version = ${randomInt(1, 2 ** 31)}`);
  } catch {
    // In use, read-only or no database
  } finally {
    connection?.close();
  }
}

/**
 * The three files of a database. SQLite keeps writing to files that were moved, removed or replaced, and what it writes there is lost:
 * they are compared with what was opened, before and after each transaction.
 */
export class SqliteFile {
  private readonly paths: string[];
  /** By path; undefined where there was none yet. */
  private readonly inodes: (string | undefined)[];
  /** Stays open: to close it would release the locks that SQLite has on the file (POSIX). */
  readonly descriptor: number | undefined;
  /** What its first bytes stay as long as nobody copies another file over it. */
  readonly header: Buffer;
  /** Found once, true until a restart. */
  private damage: string | undefined;
  private isReported = false;

  constructor(connection: BetterSqlite3.Database) {
    const { name } = connection;
    this.paths = connection.memory ? [] : [name, `${name}-wal`, `${name}-shm`];
    this.inodes = this.paths.map(inodeOf);
    this.descriptor = connection.memory ? undefined : openSync(name, 'r');
    this.header = this.readHeader();
    // It may have been replaced while it was opened
    if (!connection.memory && connection.pragma('user_version', { simple: true }) !== this.id) {
      this.damage = REPLACED;
    }
    const watch = setInterval(() => this.isIntact(), INTERVAL_MS).unref();
    const close = connection.close.bind(connection);
    connection.close = () => {
      clearInterval(watch);
      // SQLite's last act would be to write what it remembers over the file of somebody else
      if (this.isIntact() || this.damage !== REPLACED) close();
      if (this.descriptor !== undefined) closeSync(this.descriptor);
      return connection;
    };
  }

  /** @throws Error where what is written now may be lost */
  check(): void {
    const fault = this.fault();
    if (fault === undefined) this.isReported = false;
    else {
      if (!this.isReported)
        logger.error(`${fault} Nothing is written. See "Backup and restore" in the README.`);
      this.isReported = true;
      throw Object.assign(new Error(fault), { code: 'SQLITE_READONLY_DBMOVED' });
    }
  }

  /** Remembers an error that says that the file is damaged. */
  note(error: unknown): void {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (!DAMAGED.test(String(code))) return;
    this.damage ??= `The database is damaged (${String(code)}: ${String(message)}).`;
    this.isIntact();
  }

  private isIntact(): boolean {
    try {
      this.check();
      return true;
    } catch {
      return false;
    }
  }

  private fault(): string | undefined {
    if (this.damage !== undefined) return this.damage;
    for (const [i, path] of this.paths.entries()) {
      const inode = inodeOf(path);
      this.inodes[i] ??= inode;
      // Not for good: it may be moved back
      if (inode !== this.inodes[i]) return `${path} was moved, removed or replaced.`;
    }
    if (!this.readHeader().equals(this.header)) this.damage = REPLACED;
    return this.damage;
  }

  private get id(): number {
    return this.header.readInt32BE(FORMAT_BYTES);
  }

  private readHeader(): Buffer {
    const header = Buffer.alloc(FORMAT_BYTES + ID_BYTES);
    if (this.descriptor !== undefined) {
      readSync(this.descriptor, header, 0, FORMAT_BYTES, 0);
      readSync(this.descriptor, header, FORMAT_BYTES, ID_BYTES, ID_OFFSET);
    }
    return header;
  }
}

const REPLACED = 'Another file was copied over the database.';

function inodeOf(path: string): string | undefined {
  const { dev, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return ino === undefined ? undefined : `${dev}:${ino}`;
}
