import type BetterSqlite3 from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import { driverOf } from './driver.js';

/** Lists the tables that have changed enough to matter, without analyzing them (https://sqlite.org/pragma.html#pragma_optimize). */
const OUTDATED_ON_SQLITE = '0x10003';
/** Rows of an index that SQLite reads. The event loop is blocked meanwhile. */
const SAMPLE_ROWS = 2_000;

/** As autovacuum does, but later, so that it does the work if it is on. */
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
 * Lets the database learn how its rows are distributed, from a sample if it has to. Without, it takes every index for as good as
 * any other, and reads whole tables for a page of a list. PostgreSQL does so by itself, unless autovacuum is off, but not at once.
 * @param write runs what writes on SQLite, one index at a time
 */
export async function refreshStatistics(
  dataSource: DataSource,
  write: (work: () => void) => Promise<void> = (work) => Promise.resolve(work()),
): Promise<void> {
  const driver = driverOf(dataSource);
  if (driver.engine === 'sqlite') {
    const { connection } = driver;
    connection.pragma(`analysis_limit = ${SAMPLE_ROWS}`);
    for (const name of outdatedOnSqlite(connection)) {
      await write(() => void connection.exec(`ANALYZE "${name}"`));
    }
    return;
  }
  const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
  const outdated = await dataSource.query<{ name: string }[]>(OUTDATED_TABLES, [tables]);
  // Another instance may be at it already
  for (const { name } of outdated) await dataSource.query(`ANALYZE (SKIP_LOCKED) ${name}`);
}

/** Indexes of the tables that have changed, and tables without any. */
function outdatedOnSqlite(connection: BetterSqlite3.Database): string[] {
  const analyses = connection.pragma(`optimize = ${OUTDATED_ON_SQLITE}`) as { optimize: string }[];
  const indexesOf = connection.prepare<[string], string>('SELECT name FROM pragma_index_list(?)').pluck();
  return analyses.flatMap(({ optimize }) => {
    // ANALYZE "main"."oauth_clients"
    const table = /"(\w+)"$/.exec(optimize)![1]!;
    const indexes = indexesOf.all(table);
    return indexes.length > 0 ? indexes : [table];
  });
}
