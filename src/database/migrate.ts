import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';

/** Any number, as long as no other program takes advisory locks by it in the same database. */
const ADVISORY_LOCK = 7591_7592;

/**
 * Brings the database up to date. Instances that start together do it one after the other: TypeORM itself takes no
 * lock, and two that create the same table at once fail.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  if (dataSource.options.type === 'postgres') {
    await migratePostgres(dataSource);
  } else {
    await migrateSqlite(dataSource);
  }
}

async function migratePostgres(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    // The others wait for the lock, and a migration of a large table takes long
    await runner.query('SET statement_timeout = 0');
    await runner.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    try {
      await runPendingMigrations(dataSource, runner, 'all');
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK]);
      await runner.query('RESET statement_timeout');
    }
  } finally {
    await runner.release();
  }
}

/** SQLite has one writer: whoever began to write first is the lock. */
async function migrateSqlite(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  // SQLite changes a table by making it anew; with this on, dropping the old one takes along the rows that refer to it.
  // It cannot be changed inside a transaction.
  await runner.query('PRAGMA foreign_keys = OFF');
  try {
    await runner.query('BEGIN IMMEDIATE');
    await runPendingMigrations(dataSource, runner, 'none');
    await runner.query('COMMIT');
  } catch (error) {
    await runner.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    await runner.query('PRAGMA foreign_keys = ON');
  }
}

async function runPendingMigrations(
  dataSource: DataSource,
  runner: QueryRunner,
  transaction: MigrationExecutor['transaction'],
): Promise<void> {
  const executor = new MigrationExecutor(dataSource, runner);
  executor.transaction = transaction;
  await executor.executePendingMigrations();
}

/** SQLSTATE 42P01, and the words of SQLite, whose code is that of any error. */
const NO_SUCH_TABLE = /42P01|no such table/;

/** Whether the database has every migration that this release knows. @throws Error where it does not answer */
export async function isMigrated(dataSource: DataSource): Promise<boolean> {
  const names = new Set(await appliedMigrations(dataSource));
  return dataSource.migrations.every(({ name, constructor }) => names.has(name ?? constructor.name));
}

/** Their names; none in an empty database. */
async function appliedMigrations(dataSource: DataSource): Promise<string[]> {
  try {
    const rows = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations');
    return rows.map(({ name }) => name);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (NO_SUCH_TABLE.test(`${String(code)} ${message}`)) return [];
    throw error;
  }
}
