import { setTimeout as wait } from 'node:timers/promises';
import { type DataSource, type Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import { LOCK_TIMEOUTS_MS } from './timeouts.js';
import { codeOf, isUndone } from './unavailable.js';

/** Any number, as long as no other program takes advisory locks by it in the same database. */
const ADVISORY_LOCK = 7591_7592;

/** How long a start waits for others on PostgreSQL: between two attempts, between two log lines, and until it fails. */
const WAIT = { pauseMs: 250, logMs: 10_000, limitMs: 600_000 };

/** Takes a line for the operator. */
export type Log = (line: string) => void;

/**
 * Applies the migrations that are pending. Instances that start together do so one after the other: TypeORM itself takes no lock.
 * @returns the names of those that this call applied, in order
 * @throws Error if another process holds the lock of migrations, or others keep a table locked, for too long
 */
export async function migrate(dataSource: DataSource, log: Log, waiting = WAIT): Promise<string[]> {
  if (await isMigrated(dataSource)) return [];
  const applied =
    dataSource.options.type === 'postgres'
      ? await migratePostgres(dataSource, log, waiting)
      : await migrateSqlite(dataSource);
  return applied.map(({ name }) => name);
}

/** Waits without a connection, and asks again: a statement that waits for a lock would keep indexes from being built concurrently. */
async function migratePostgres(
  dataSource: DataSource,
  log: Log,
  { pauseMs, logMs, limitMs }: typeof WAIT,
): Promise<Migration[]> {
  const applied: Migration[] = [];
  let sinceMs = performance.now();
  let logAtMs = sinceMs;
  for (;;) {
    const result = await migrateNext(dataSource);
    const nowMs = performance.now();
    if (typeof result !== 'string') {
      if (result.length === 0) return applied;
      applied.push(...result);
      sinceMs = nowMs;
      logAtMs = nowMs;
      continue;
    }
    if (nowMs > sinceMs + limitMs) {
      throw new Error(`it was not migrated within ${limitMs / 1_000} s, because ${REASONS[result]}`);
    }
    if (nowMs >= logAtMs) {
      log(`Waiting to migrate the database: ${REASONS[result]}.`);
      logAtMs = nowMs + logMs;
    }
    await wait(pauseMs);
  }
}

const REASONS = {
  locked: 'another process migrates it (advisory lock 75917592)',
  busy: 'a table is locked by other transactions (see pg_locks)',
};

/**
 * Applies the next migration, in a transaction that holds the advisory lock, or outside of it (CREATE INDEX CONCURRENTLY): poolers may give
 * each transaction another session. An empty database, without other sessions, gets all of them at once.
 * @returns what it applied, nothing if none is pending; or why it cannot apply the next one yet
 */
async function migrateNext(dataSource: DataSource): Promise<Migration[] | keyof typeof REASONS> {
  const runner = dataSource.createQueryRunner();
  try {
    // A later level would keep a snapshot, and CREATE INDEX CONCURRENTLY waits for the end of those
    await runner.startTransaction('READ COMMITTED');
    const [row] = (await runner.query('SELECT pg_try_advisory_xact_lock($1) AS "isLocked"', [
      ADVISORY_LOCK,
    ])) as { isLocked: boolean }[];
    if (!row!.isLocked) return 'locked';
    // A migration of a large table takes long
    await runner.query(`SET LOCAL statement_timeout = 0`);
    await runner.query(`SET LOCAL idle_in_transaction_session_timeout = 0`);
    await runner.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUTS_MS.migration}`);
    const pending = await new MigrationExecutor(dataSource, runner).getPendingMigrations();
    const [next] = pending;
    if (next === undefined) return [];
    const isEmpty = pending.length === dataSource.migrations.length;
    if (isEmpty) for (const migration of pending) await apply(dataSource, migration, runner);
    else if (isConcurrent(next)) await applyConcurrently(dataSource, next);
    else await apply(dataSource, next, runner);
    await runner.commitTransaction();
    return isEmpty ? pending : [next];
  } catch (error) {
    if (isUndone(error)) return 'busy';
    throw error;
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}

/** TypeORM's own way to say that a migration is not a transaction. */
const isConcurrent = ({ instance }: Migration) => instance?.transaction === false;

const apply = (dataSource: DataSource, migration: Migration, runner: QueryRunner) =>
  new MigrationExecutor(dataSource, runner).executeMigration(migration);

async function applyConcurrently(dataSource: DataSource, migration: Migration): Promise<void> {
  const runner = dataSource.createQueryRunner();
  // Only if the service set it for this session. Behind a pooler it did not, since others share the session
  const [own] = (await runner.query(
    `SELECT current_setting('lock_timeout') AS "lockTimeout" FROM pg_settings WHERE name = 'statement_timeout' AND source = 'client'`,
  )) as { lockTimeout: string }[];
  try {
    if (own) await runner.query('SET statement_timeout = 0; SET lock_timeout = 0');
    await apply(dataSource, migration, runner);
  } finally {
    if (own) {
      const restore = `RESET statement_timeout; SET lock_timeout = '${own.lockTimeout}'`;
      await runner.query(restore).catch(() => undefined);
    }
    await runner.release();
  }
}

/** SQLite has one writer: the write transaction is the lock. */
async function migrateSqlite(dataSource: DataSource): Promise<Migration[]> {
  const runner = dataSource.createQueryRunner();
  // SQLite changes a table by rebuilding it; with this on, dropping the old one takes along the rows that refer to it.
  // It cannot be changed inside a transaction.
  await runner.query('PRAGMA foreign_keys = OFF');
  try {
    await runner.query('BEGIN IMMEDIATE');
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'none';
    const applied = await executor.executePendingMigrations();
    await runner.query('COMMIT');
    return applied;
  } catch (error) {
    await runner.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    await runner.query('PRAGMA foreign_keys = ON');
  }
}

/** SQLSTATE 42P01, and the words of SQLite, whose code is that of any error. */
const NO_SUCH_TABLE = /42P01|no such table/;

/** Whether the database has every migration that this release knows. @throws Error if it does not answer */
export async function isMigrated(dataSource: DataSource): Promise<boolean> {
  const applied = await dataSource
    .query<{ name: string }[]>('SELECT name FROM migrations')
    .catch((error: Error) => {
      if (NO_SUCH_TABLE.test(`${codeOf(error)} ${error.message}`)) return [];
      throw error;
    });
  const names = new Set(applied.map(({ name }) => name));
  return dataSource.migrations.every(({ name, constructor }) => names.has(name ?? constructor.name));
}
