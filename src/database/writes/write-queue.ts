import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type BetterSqlite3 from 'better-sqlite3';
import type pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { traced } from '../../diagnostics/channels.js';
import { overloaded } from '../../errors/registry-error.js';
import { type Cancellation, isWaiting } from '../../queues/cancellation.js';
import { driverOf } from '../connection/driver.js';
import { FairQueue } from '../../queues/fair-queue.js';
import { type SqliteFile, sqliteFileOf } from '../connection/sqlite-file.js';
import { SqliteThread, type Statement } from '../connection/sqlite-thread.js';
import { codeOf } from '../connection/unavailable.js';
import { LOCK_TIMEOUTS_MS } from '../connection/timeouts.js';
import { LockedRows } from './locked-rows.js';
import { Writability } from './writability.js';

/** Transactions that wait for their turn; more are rejected. */
const MAX_WAITING = 2_000;
/** How long one may wait for its turn. */
const WAIT_MS = 5_000;
/** Between two attempts to begin while another process writes. */
const MAX_PAUSE_MS = 25;
/** After which a write on PostgreSQL is suspected to hang. On SQLite, writes wait for each other. */
const SLOW_MS = { postgres: 1_000, sqlite: Infinity };

const WAITING = { waiting: MAX_WAITING, waitMs: WAIT_MS };
/** Those that lock the same would wait for each other in the database. */
const ONE = { ...WAITING, inFlight: 1 };
/** Half of the connections: the others are for group commits and reads. One is for rows that are known to be locked. */
const mostOf = ({ options: { max } }: pg.Pool) => ({
  ...WAITING,
  inFlight: Math.max(1, Math.floor(max / 2) - 1),
});

/** Something of the service's own. */
const NEVER_CANCELLED: Cancellation = {};

/**
 * The one way to write. On SQLite one at a time passes, since TypeORM would make a second one a savepoint of the first; and they begin and
 * end here, since TypeORM miscounts those that SQLite rolls back by itself (disk full), and commits nothing any more.
 */
@Injectable()
export class WriteQueue implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly writability: Writability;
  /** Whether the service stops: what can be done another time is not begun. */
  isEnding = false;
  private readonly sqlite: BetterSqlite3.Database | null;
  private readonly writer: SqliteThread | null;
  private readonly file: SqliteFile | null;
  /** How long one waits for another process that writes. */
  private readonly busyTimeoutMs: number;
  private last: Promise<unknown> = Promise.resolve();
  private inLine = 0;
  /** On PostgreSQL: those that wait for a lock must not have all connections. */
  private readonly queue: FairQueue | null;
  private readonly lockedRows = new LockedRows(ONE);

  constructor(private readonly dataSource: DataSource) {
    const driver = driverOf(dataSource);
    this.writability = new Writability(SLOW_MS[driver.engine]);
    this.queue = driver.engine === 'postgres' ? new FairQueue('transaction', mostOf(driver.pool), ONE) : null;
    this.sqlite = driver.engine === 'sqlite' ? driver.connection : null;
    this.writer = this.sqlite && new SqliteThread(this.sqlite);
    this.file = this.sqlite && sqliteFileOf(this.sqlite);
    const { options } = dataSource;
    this.busyTimeoutMs = (options.type === 'better-sqlite3' && options.timeout) || 0;
  }

  /**
   * Runs `work` in a transaction of its own; what it wrote is durable when the promise resolves.
   * @param on what `work` locks first: others of this process on the same wait without a connection until it is through
   * @throws RegistryError `temporarily_unavailable` if it cannot begin in time
   */
  run<T>(
    work: (manager: EntityManager) => Promise<T>,
    cancellation: Cancellation = NEVER_CANCELLED,
    on?: string,
  ): Promise<T> {
    const { queue } = this;
    const begin = () => this.writability.track('transaction', this.runOnPostgres(work, cancellation));
    return traced('transaction', () =>
      queue === null
        ? this.next((untilMs) => this.runOnSqlite(work, untilMs), cancellation)
        : this.lockedRows.run(queue, begin, cancellation, on),
    );
  }

  /** The same on PostgreSQL, ahead of those that wait for their turn: for a check that must be quick. */
  async check(work: (manager: EntityManager) => Promise<void>): Promise<void> {
    await this.runOnPostgres(work, NEVER_CANCELLED);
    this.writability.confirm();
  }

  /** Runs `work`, which is a transaction itself, while no other of this process is open on SQLite. */
  exclusive<T>(work: () => T | Promise<T>): Promise<T> {
    return this.next((untilMs) => whenFree(work, untilMs), NEVER_CANCELLED);
  }

  /** Runs the statements in a transaction of their own, on SQLite alone. Readers do not wait for it. */
  runStatements(statements: readonly Statement[]): Promise<void> {
    return this.exclusive(() => this.writer!.write(statements));
  }

  beforeApplicationShutdown(): void {
    this.isEnding = true;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.writer?.end();
  }

  /** Whether a transaction of SQLite is in progress. */
  get isBusy(): boolean {
    return this.inLine > 0;
  }

  /** Transactions of SQLite that wait until those before them are through. */
  get waiting(): number {
    return Math.max(0, this.inLine - 1);
  }

  /** @throws Error if the files of SQLite are not what they were: what is written to them then is lost with the process */
  checkFile(): void {
    this.file?.check();
  }

  private async next<T>(work: (untilMs: number) => Promise<T>, cancellation: Cancellation): Promise<T> {
    if (this.waiting >= MAX_WAITING) throw overloaded();
    this.inLine++;
    const sinceMs = performance.now();
    const result = this.last.then(async () => {
      if (performance.now() > sinceMs + WAIT_MS || !isWaiting(cancellation)) throw overloaded();
      this.checkFile();
      // The time in the queue counts toward the busy timeout: transactions before this one waited for the same lock
      const value = await work(sinceMs + this.busyTimeoutMs);
      // The files may have been replaced during the write, so the write is not acknowledged
      this.checkFile();
      return value;
    });
    const leave = () => void this.inLine--;
    this.last = result.then(leave, leave);
    const noted = result.catch((error: unknown) => {
      throw this.file === null ? error : this.file.explain(error);
    });
    return this.writability.track('transaction', noted);
  }

  private runOnPostgres<T>(
    work: (manager: EntityManager) => Promise<T>,
    cancellation: Cancellation,
  ): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      if (!isWaiting(cancellation)) throw overloaded();
      // For this transaction alone: a pooler may give the session to others
      await manager.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUTS_MS.change}`);
      return work(manager);
    });
  }

  private async runOnSqlite<T>(work: (manager: EntityManager) => Promise<T>, untilMs: number): Promise<T> {
    // The driver blocks the event loop: yield, or queued transactions would delay all other work until the last one
    await nextTurn();
    this.dataSource.logger.logQuery('BEGIN IMMEDIATE');
    await whenFree(() => this.sqlite!.exec('BEGIN IMMEDIATE'), untilMs);
    try {
      const result = await work(this.dataSource.manager);
      await this.dataSource.query('COMMIT');
      return result;
    } catch (error) {
      // Fails if SQLite has rolled back already
      await this.dataSource.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

/**
 * Begins as soon as no other process writes. SQLite can wait for that itself, but keeps everyone else waiting meanwhile,
 * since the driver blocks: readers, too.
 */
async function whenFree<T>(begin: () => T | Promise<T>, untilMs: number): Promise<T> {
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await begin();
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_BUSY') || performance.now() + pauseMs > untilMs) throw error;
    }
    await wait(pauseMs);
  }
}
