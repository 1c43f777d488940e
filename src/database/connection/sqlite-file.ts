import { randomInt } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import type BetterSqlite3 from 'better-sqlite3';
import { loadSqlite } from './sqlite.js';
import { codeOf } from './unavailable.js';

/** How often the files are checked without writes. */
const INTERVAL_MS = 1_000;
/** Constant parts of the header: the format with page size and journal mode, and `user_version`, the id of this file. */
const FORMAT_BYTES = 24;
const ID_OFFSET = 60;
const ID_BYTES = 4;
/** What does not go away by itself. After a failed fsync the state of the disk is unknown, even if the next one succeeds. */
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
 * Gives the file another id, unless a process has it open: a copy that was made before then is known from it. If it cannot be done,
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

/** What runs a statement. */
const METHODS = ['all', 'get', 'run', 'iterate'] as const;

/**
 * The three files of a database, compared with what was opened before and after each transaction: SQLite keeps writing to files that were
 * moved, removed or replaced. Damaged or replaced files are not read, because they could contain other keys.
 */
export class SqliteFile {
  private readonly paths: string[];
  /** Inode of each path; undefined if there was no file yet. */
  private readonly inodes: (string | undefined)[];
  /** Stays open: to close it would release the locks that SQLite has on the file (POSIX). */
  readonly descriptor: number | undefined;
  /** Its first bytes, which stay the same unless another file is copied over it. */
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
    const prepare = connection.prepare.bind(connection);
    connection.prepare = (sql: string) => this.guard(() => this.guardStatement(prepare(sql)));
    const close = connection.close.bind(connection);
    connection.close = () => {
      clearInterval(watch);
      this.isIntact();
      // SQLite's last act would be to copy its log into the database, and to remove the log by its name: damage would spread, and the
      // foreign files would be overwritten. The end of the process does neither. What was only moved or removed is completed.
      if (this.damage !== undefined || this.isExchanged()) return connection;
      close();
      if (this.descriptor !== undefined) closeSync(this.descriptor);
      return connection;
    };
  }

  /** @throws Error if what is written now may be lost */
  check(): void {
    const fault = this.fault();
    if (fault === undefined) this.isReported = false;
    else {
      if (!this.isReported) logger.error(`${fault} See docs/operations/backup-and-restore.md.`);
      this.isReported = true;
      throw unusable(fault);
    }
  }

  /** What an error of the driver is about: the file if that is damaged, or was exchanged for one that has no such tables. */
  explain(error: unknown): unknown {
    const code = codeOf(error);
    const isDamaged = DAMAGED.test(code);
    if (isDamaged) this.damage ??= `The database is damaged (${code}: ${(error as Error).message}).`;
    if (!isDamaged && code !== 'SQLITE_ERROR') return error;
    try {
      this.check();
      return error;
    } catch (fault) {
      return fault;
    }
  }

  /** Runs what reads or writes by the connection. */
  private guard<T>(work: () => T): T {
    if (this.damage !== undefined) throw unusable(this.damage);
    try {
      return work();
    } catch (error) {
      throw this.explain(error);
    }
  }

  private guardStatement<S extends BetterSqlite3.Statement>(statement: S): S {
    for (const method of METHODS) {
      const run = statement[method].bind(statement) as (...values: unknown[]) => never;
      statement[method] = (...values: unknown[]) => this.guard(() => run(...values));
    }
    return statement;
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
      // Not permanently: it may be moved back
      if (inode !== this.inodes[i]) return `${path} was moved, removed or replaced.`;
    }
    if (!this.readHeader().equals(this.header)) this.damage = REPLACED;
    return this.damage;
  }

  /** Whether something else has the name of one of the files. */
  private isExchanged(): boolean {
    return this.paths.some((path, i) => {
      const inode = inodeOf(path);
      return inode !== undefined && inode !== this.inodes[i];
    });
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

const unusable = (fault: string) => Object.assign(new Error(fault), { code: 'SQLITE_READONLY_DBMOVED' });

const REPLACED = 'The database file was replaced while it was open.';

function inodeOf(path: string): string | undefined {
  const { dev, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return ino === undefined ? undefined : `${dev}:${ino}`;
}
