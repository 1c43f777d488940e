import type { DataSource } from 'typeorm';
import { driverOf } from './driver.js';

/** All tables, and only what has changed enough to matter (https://sqlite.org/pragma.html#pragma_optimize). */
const WHERE_NEEDED = '0x10002';

/** As autovacuum does, but later, so that it does the work where it is on. */
const CHANGED_ROWS = { atLeast: 1_000, share: 0.25 };

/**
 * Tables of PostgreSQL whose rows the planner knows nothing of, as after a restore or an upgrade of the server, or that have changed
 * much since it learned of them.
 */
const OUTDATED_TABLES = `SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS name
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relname = ANY($1) AND nspname = ANY(current_schemas(false)) AND relkind = 'r' AND pg_relation_size(pg_class.oid) > 0 AND (
    reltuples <> 0 AND NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = nspname AND tablename = relname) OR
    pg_stat_get_mod_since_analyze(pg_class.oid) > ${CHANGED_ROWS.atLeast} + ${CHANGED_ROWS.share} * greatest(reltuples, 0))`;

/**
 * Lets the database learn how its rows are distributed, from a sample, where it has to. Without, it takes every index for as good as
 * any other, and reads whole tables for a page of a list. PostgreSQL does so by itself, unless autovacuum is off, but not at once.
 */
export async function refreshStatistics(dataSource: DataSource): Promise<void> {
  const driver = driverOf(dataSource);
  if (driver.engine === 'sqlite') {
    driver.connection.pragma(`optimize = ${WHERE_NEEDED}`);
    return;
  }
  const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
  const outdated = await dataSource.query<{ name: string }[]>(OUTDATED_TABLES, [tables]);
  // Another instance may be at it already
  for (const { name } of outdated) await dataSource.query(`ANALYZE (SKIP_LOCKED) ${name}`);
}
