import type { DataSource } from 'typeorm';

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
  const lockHolder = dataSource.createQueryRunner();
  try {
    await lockHolder.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    try {
      await dataSource.runMigrations({ transaction: 'all' });
    } finally {
      await lockHolder.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK]);
    }
  } finally {
    await lockHolder.release();
  }
}

/** SQLite has one writer: whoever began to write first is the lock. */
async function migrateSqlite(dataSource: DataSource): Promise<void> {
  await dataSource.query('BEGIN IMMEDIATE');
  try {
    await dataSource.runMigrations({ transaction: 'none' });
    await dataSource.query('COMMIT');
  } catch (error) {
    await dataSource.query('ROLLBACK');
    throw error;
  }
}

/** Whether the database answers and has every migration that this release knows. */
export async function isMigrated(dataSource: DataSource): Promise<boolean> {
  const applied: { name: string }[] = await dataSource.query('SELECT name FROM migrations');
  const names = new Set(applied.map(({ name }) => name));
  return dataSource.migrations.every(({ name, constructor }) => names.has(name ?? constructor.name));
}
