import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  BY_ORGANIZATION,
  type Counting,
  startCounting,
  stopCounting,
} from './1795482000000-count-clients.js';

const CLIENTS = 'oauth_clients';
const COUNTS = 'oauth_client_counts';
const COUNTED = 'oauth_clients_counted';
const LIVING = 'deleted_at IS NULL';
const PERIOD_MS = 30 * 86_400_000;
/** More than the writers that usually come together, and few enough to be added up. SQLite has one writer, and one slot. */
const SLOTS = 8;

/**
 * Counts an organization's clients by creation time, and all clients as those of the organization ''. Each writer has rows of
 * its own, or all registrations would wait for one row.
 */
export class CountClientsByPeriod1795824000000 implements MigrationInterface {
  name = 'CountClientsByPeriod1795824000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    if (queryRunner.dataSource.options.type !== 'postgres') {
      await stopCounting(queryRunner);
      return startCounting(queryRunner, BY_PERIOD);
    }
    // Counted beforehand, while clients can be read, though not written
    await queryRunner.query(`LOCK TABLE ${CLIENTS} IN EXCLUSIVE MODE`);
    await queryRunner.query(`CREATE TABLE ${COUNTED} (org_id, period, slot, living) AS ${COUNT}`);
    await stopCounting(queryRunner);
    await startCounting(queryRunner, { ...BY_PERIOD, fill: `${FILL} SELECT * FROM ${COUNTED}` });
    await queryRunner.query(`DROP TABLE ${COUNTED}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await stopCounting(queryRunner);
    await startCounting(queryRunner, BY_ORGANIZATION);
  }
}

const key = { isPrimary: true, primaryKeyConstraintName: `${COUNTS}_pkey` };

const countOf = (org: string, where: string) =>
  `SELECT ${org}, created_at / ${PERIOD_MS}, 0, COUNT(*) FROM ${CLIENTS} WHERE ${where} GROUP BY 1, 2`;

const FILL = `INSERT INTO ${COUNTS} (org_id, period, slot, living)`;
const COUNT = `${countOf("''", LIVING)} UNION ALL ${countOf('org_id', `org_id IS NOT NULL AND ${LIVING}`)}`;

const BY_PERIOD: Counting = {
  columns: [
    { name: 'org_id', type: 'varchar', length: '255', ...key },
    { name: 'period', type: 'integer', ...key },
    { name: 'slot', type: 'integer', ...key },
    { name: 'living', type: 'integer' },
  ],
  fill: `${FILL} ${COUNT}`,
  watched: 'org_id, created_at, deleted_at',
  count: (row, by) =>
    `INSERT INTO ${COUNTS} (org_id, period, slot, living)
   SELECT org, ${row}.created_at / ${PERIOD_MS}, 0, ${by} FROM (SELECT '' AS org UNION ALL SELECT ${row}.org_id)
   WHERE org IS NOT NULL AND ${row}.deleted_at IS NULL
   ON CONFLICT (org_id, period, slot) DO UPDATE SET living = living + ${by};`,
  change: (rows, by) =>
    `SELECT org_id, created_at / ${PERIOD_MS} AS period, ${by} AS change FROM ${rows} WHERE ${LIVING}`,
  // Counts in one order, that of all clients first, so that two statements do not wait for each other
  countAll: (changes) =>
    `INSERT INTO ${COUNTS} AS counts (org_id, period, slot, living)
   SELECT org, period, pg_backend_pid() % ${SLOTS}, SUM(change)
   FROM (${changes}) changes CROSS JOIN LATERAL (VALUES (''), (org_id)) owner (org)
   WHERE org IS NOT NULL GROUP BY org, period HAVING SUM(change) <> 0 ORDER BY org, period
   ON CONFLICT (org_id, period, slot) DO UPDATE SET living = counts.living + EXCLUDED.living;`,
};
