import type { DataSource, EntityManager } from 'typeorm';
import { driverOf, preparedQuery } from '../../database/connection/driver.js';
import { isText } from '../../database/sql/lookup.js';
import { type RunSql, sqlRunner } from '../../database/sql/run-sql.js';
import { COUNT_PERIOD_MS, ALL_ORGS } from './client-count.entity.js';

/** Distinguishes our locks from those of other programs in the same database. */
const LOCK_SEED = 7_591;

/** Where a page begins in a list of clients that are not deleted, the newest first. */
export interface PageStart {
  /** How many clients the list has. */
  total: number;
  /** The page is among those that came before. */
  createdBefore: Date;
  /** How many of them are in front of it. */
  offset: number;
}

/** Clients that are not deleted, of an organization or all together, as the triggers of the database have counted them. */
export class ClientCountsRepository {
  private readonly run: RunSql;

  constructor(dataSource: DataSource) {
    this.run = sqlRunner(dataSource, 'select oauth_client_counts', preparedQuery);
  }

  /**
   * How many there are.
   * @param orgId undefined: of all
   */
  async total(orgId: string | undefined): Promise<number> {
    if (orgId === ALL_ORGS || (orgId !== undefined && !isText(orgId))) return 0;
    const [row] = await this.run('SELECT SUM(living) FROM oauth_client_counts WHERE org_id = :orgId', {
      orgId: orgId ?? ALL_ORGS,
    });
    return Number(row![0]);
  }

  /** Where the page begins that has `offset` clients in front of it. Whole periods are passed over by their counts (ADR 8). */
  async pageStart(orgId: string, offset: number): Promise<PageStart> {
    const rows = await this.run(
      `SELECT period, SUM(living) FROM oauth_client_counts WHERE org_id = :orgId GROUP BY period ORDER BY period DESC`,
      { orgId },
    );
    const periods = rows.map(([period, living]) => ({ period: Number(period), living: Number(living) }));
    const total = periods.reduce((sum, { living }) => sum + living, 0);
    for (const { period, living } of periods) {
      if (offset < living) {
        return { total, createdBefore: new Date((period + 1) * COUNT_PERIOD_MS), offset };
      }
      offset -= living;
    }
    // After the last client
    return { total, createdBefore: new Date(0), offset: 0 };
  }
}

/** Counts the clients of an organization that are not deleted. Other transactions that do so wait until this one ends. */
export async function lockAndCount(manager: EntityManager, orgId: string): Promise<number> {
  const isPostgres = driverOf(manager.dataSource).engine === 'postgres';
  // A statement of its own, or the count would be as old as the wait. SQLite has one writer at a time
  if (isPostgres) {
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, $2))', [orgId, LOCK_SEED]);
  }
  const [row] = await manager.query<{ living: string | number | null }[]>(
    `SELECT SUM(living) AS living FROM oauth_client_counts WHERE org_id = ${isPostgres ? '$1' : '?'}`,
    [orgId],
  );
  return Number(row?.living ?? 0);
}
