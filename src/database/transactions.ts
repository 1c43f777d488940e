import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type BetterSqlite3 from 'better-sqlite3';
import { DataSource, type EntityManager } from 'typeorm';
import { traced } from '../diagnostics/channels.js';
import { overloaded } from '../errors/registry-error.js';
import { driverOf } from './driver.js';
import { type SqliteFile, sqliteFileOf } from './sqlite-file.js';
import { SqliteThread, type Statement } from './sqlite-thread.js';
import { isDatabaseUnavailable, isUndone } from './unavailable.js';

/** Transactions that wait for their turn on SQLite; more are refused. */
const MAX_WAITING = 2_000;
/** How long one may wait for its turn. */
const WAIT_MS = 5_000;
/** Between two attempts to begin while another process writes. */
const MAX_PAUSE_MS = 25;

/** Whoever asked for something. */
export interface Asker {
  /** Whether they still wait for an answer: what is not begun by then is not done for nobody. Undefined: as long as it takes. */
  isWaiting?: () => boolean;
}

/** Something of the service's own. */
const NOBODY: Asker = {};

export const isWaiting = (asker: Asker) => asker.isWaiting?.() ?? true;

/**
 * The one way to write.
 *
 * On SQLite, TypeORM has a single connection: a second transaction that begins while one is open becomes a savepoint of
 * it, and goes with it when it rolls back, after its caller was told of success. So they pass one at a time there, those
 * of the {@link SqliteThread} among them, since a file has one writer at a time. They begin and end here: TypeORM counts its open
 * transactions, and miscounts where SQLite rolls back by itself (disk full), after which it would commit nothing any more.
 */
@Injectable()
export class Transactions implements BeforeApplicationShutdown, OnApplicationShutdown {
  /** Whether the last attempt to write was one that the database could make. */
  isWritable = true;
  /** Whether the service stops: what can be done another time is not begun. */
  isEnding = false;
  private readonly sqlite: BetterSqlite3.Database | null;
  private readonly writer: SqliteThread | null;
  private readonly file: SqliteFile | null;
  /** How long one waits for another process that writes. */
  private readonly busyTimeoutMs: number;
  private last: Promise<unknown> = Promise.resolve();
  private inLine = 0;
  /** Of the transactions on one thing, the last one. */
  private readonly lastOn = new Map<string, Promise<unknown>>();

  constructor(private readonly dataSource: DataSource) {
    const driver = driverOf(dataSource);
    this.sqlite = driver.engine === 'sqlite' ? driver.connection : null;
    this.writer = this.sqlite && new SqliteThread(this.sqlite);
    this.file = this.sqlite && sqliteFileOf(this.sqlite);
    const { options } = dataSource;
    this.busyTimeoutMs = (options.type === 'better-sqlite3' && options.timeout) || 0;
  }

  /**
   * Runs `work` in a transaction of its own; what it wrote is durable when the promise resolves.
   * @param on what `work` locks first: others of this process on the same wait without a connection until it is through
   * @throws RegistryError `temporarily_unavailable` where it cannot begin in time
   */
  run<T>(work: (manager: EntityManager) => Promise<T>, asker: Asker = NOBODY, on?: string): Promise<T> {
    return traced('transaction', () =>
      this.sqlite === null
        ? this.watch(this.inTurn(on, () => this.runOnPostgres(work, asker)))
        : this.next((untilMs) => this.runOnSqlite(work, untilMs), asker),
    );
  }

  /** Runs `work`, which is a transaction itself, while no other of this process is open on SQLite. */
  runAlone<T>(work: () => T | Promise<T>): Promise<T> {
    return this.next((untilMs) => whenFree(work, untilMs), NOBODY);
  }

  /** Runs the statements in a transaction of their own, on SQLite alone. Those who only read do not wait for it. */
  runStatements(statements: readonly Statement[]): Promise<void> {
    return this.runAlone(() => this.writer!.write(statements));
  }

  beforeApplicationShutdown(): void {
    this.isEnding = true;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.writer?.end();
  }

  /** Whether a transaction of SQLite is under way. */
  get isBusy(): boolean {
    return this.inLine > 0;
  }

  /** Transactions of SQLite that wait until those before them are through. */
  get waiting(): number {
    return Math.max(0, this.inLine - 1);
  }

  /** Remembers whether the database could write. */
  async watch<T>(write: Promise<T>): Promise<T> {
    try {
      const result = await write;
      this.isWritable = true;
      return result;
    } catch (error) {
      this.file?.note(error);
      if (isDatabaseUnavailable(error) && !isUndone(error)) this.isWritable = false;
      throw error;
    }
  }

  /** @throws Error where the files of SQLite are not what they were: what is written to them then is lost with the process */
  checkFile(): void {
    this.file?.check();
  }

  private async next<T>(work: (untilMs: number) => Promise<T>, asker: Asker): Promise<T> {
    if (this.waiting >= MAX_WAITING) throw overloaded();
    this.inLine++;
    const sinceMs = performance.now();
    const result = this.last.then(async () => {
      if (performance.now() > sinceMs + WAIT_MS || !isWaiting(asker)) throw overloaded();
      this.checkFile();
      // Those who waited behind another that waited for the same have waited with it
      const value = await work(sinceMs + this.busyTimeoutMs);
      // It may have been written to files that were replaced meanwhile: nobody is told that it is there
      this.checkFile();
      return value;
    });
    const leave = () => void this.inLine--;
    this.last = result.then(leave, leave);
    return this.watch(result);
  }

  /** Those that wait for a row in the database would have all connections, where somebody changes one client again and again. */
  private async inTurn<T>(on: string | undefined, run: () => Promise<T>): Promise<T> {
    if (on === undefined) return run();
    const result = (this.lastOn.get(on) ?? Promise.resolve()).then(run);
    const last = result.catch(() => undefined);
    this.lastOn.set(on, last);
    try {
      return await result;
    } finally {
      if (this.lastOn.get(on) === last) this.lastOn.delete(on);
    }
  }

  private runOnPostgres<T>(work: (manager: EntityManager) => Promise<T>, asker: Asker): Promise<T> {
    return this.dataSource.transaction((manager) => {
      if (!isWaiting(asker)) throw overloaded();
      return work(manager);
    });
  }

  private async runOnSqlite<T>(work: (manager: EntityManager) => Promise<T>, untilMs: number): Promise<T> {
    // The driver blocks, so that transactions that wait for each other would let nobody else through until the last one
    await nextTurn();
    this.dataSource.logger.logQuery('BEGIN IMMEDIATE');
    await whenFree(() => this.sqlite!.exec('BEGIN IMMEDIATE'), untilMs);
    try {
      const result = await work(this.dataSource.manager);
      await this.dataSource.query('COMMIT');
      return result;
    } catch (error) {
      // Fails where SQLite has rolled back already
      await this.dataSource.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

/**
 * Begins as soon as no other process writes. SQLite can wait for that itself, but keeps everybody else waiting meanwhile,
 * since the driver blocks: those who only read, too.
 */
async function whenFree<T>(begin: () => T | Promise<T>, untilMs: number): Promise<T> {
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await begin();
    } catch (error) {
      if (!isBusy(error) || performance.now() + pauseMs > untilMs) throw error;
    }
    await wait(pauseMs);
  }
}

/** Told by its members: a driver's errors need not be of this program's own Error. */
const isBusy = (error: unknown) => String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY');
