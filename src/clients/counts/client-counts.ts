import type { DataSource } from 'typeorm';
import { Batcher, type Outcome } from '../../database/sql/batcher.js';
import { driverOf, preparedQuery } from '../../database/connection/driver.js';
import { isText } from '../../database/sql/lookup.js';
import { type RunSql, sqlRunner } from '../../database/sql/run-sql.js';
import { COUNT_PERIOD_MS, EVERYBODY } from './client-count.entity.js';

/** Where a page begins in a list of living clients, the newest first. */
export interface PageStart {
  /** How many clients the list has. */
  total: number;
  /** The page is among those that came before. */
  createdBefore: Date;
  /** How many of them are in front of it. */
  offset: number;
}

/** Living clients, of an organization or all together, as the triggers of the database have counted them. */
export class ClientCounts {
  private readonly run: RunSql;
  private readonly totalOf: (orgId: string) => Promise<number>;

  constructor(dataSource: DataSource) {
    this.run = sqlRunner(dataSource, 'select oauth_client_counts', preparedQuery);
    const together = new Batcher<string, number>({
      name: 'count oauth_clients',
      run: (orgIds) => this.totals(orgIds),
    });
    this.totalOf =
      driverOf(dataSource).engine === 'sqlite'
        ? (orgId) => this.oneTotal(orgId)
        : (orgId) => together.add(orgId);
  }

  /**
   * How many there are. Those who ask at the same moment are told by one statement of PostgreSQL. SQLite tells each at once: whoever
   * waited for others would hold a page meanwhile, and with as many pages in memory it takes longer to look for garbage (ADR 8).
   * @param orgId undefined: of all
   */
  async total(orgId: string | undefined): Promise<number> {
    const isNoOrganization = orgId === EVERYBODY || (orgId !== undefined && !isText(orgId));
    return isNoOrganization ? 0 : this.totalOf(orgId ?? EVERYBODY);
  }

  /**
   * Where the page begins that has `offset` clients in front of it: periods are passed over as a whole, and only clients of the
   * last one need be. To walk through a list page by page would otherwise take time that grows with its square.
   */
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
    // Behind the last one
    return { total, createdBefore: new Date(0), offset: 0 };
  }

  private async oneTotal(orgId: string): Promise<number> {
    const [row] = await this.run('SELECT SUM(living) FROM oauth_client_counts WHERE org_id = :orgId', {
      orgId,
    });
    return Number(row![0]);
  }

  /** Those of PostgreSQL. */
  private async totals(orgIds: string[]): Promise<Outcome<number>[]> {
    const rows = await this.run(
      'SELECT value, (SELECT SUM(living) FROM oauth_client_counts WHERE org_id = value) FROM json_array_elements_text(:orgIds) asked',
      { orgIds: JSON.stringify([...new Set(orgIds)]) },
    );
    const totals = new Map(rows.map(([orgId, living]) => [orgId as string, Number(living)]));
    return orgIds.map((orgId) => ({ value: totals.get(orgId)! }));
  }
}
