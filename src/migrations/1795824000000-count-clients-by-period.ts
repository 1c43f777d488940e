import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { startCounting, stopCounting } from './1795482000000-count-clients.js';

const CLIENTS = 'oauth_clients';
const COUNTS = 'oauth_client_counts';
const LIVING = 'deleted_at IS NULL';
const PERIOD_MS = 30 * 86_400_000;
/** More than the writers that usually come together, and few enough to be added up. */
const SLOTS = 8;

/**
 * Counts an organization's clients by when they came, and all clients as those of the organization ''. Each writer has rows of
 * its own, or all who register would wait for one row.
 */
export class CountClientsByPeriod1795824000000 implements MigrationInterface {
  name = 'CountClientsByPeriod1795824000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const isPostgres = queryRunner.dataSource.options.type === 'postgres';
    // Nothing may be written between the count and the triggers
    if (isPostgres) await queryRunner.query(`LOCK TABLE ${CLIENTS} IN ACCESS EXCLUSIVE MODE`);
    await stopCounting(queryRunner);
    const key = { isPrimary: true, primaryKeyConstraintName: `${COUNTS}_pkey` };
    await queryRunner.createTable(
      new Table({
        name: COUNTS,
        columns: [
          { name: 'org_id', type: 'varchar', length: '255', ...key },
          { name: 'period', type: 'integer', ...key },
          { name: 'slot', type: 'integer', ...key },
          { name: 'living', type: 'integer' },
        ],
      }),
    );
    const ofOrg = (org: string, where: string) =>
      `SELECT ${org}, created_at / ${PERIOD_MS}, 0, COUNT(*) FROM ${CLIENTS} WHERE ${where} GROUP BY 1, 2`;
    await queryRunner.query(
      `INSERT INTO ${COUNTS} (org_id, period, slot, living)
       ${ofOrg("''", LIVING)} UNION ALL ${ofOrg('org_id', `org_id IS NOT NULL AND ${LIVING}`)}`,
    );
    for (const statement of isPostgres ? POSTGRES_TRIGGERS : SQLITE_TRIGGERS) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await stopCounting(queryRunner);
    await startCounting(queryRunner);
  }
}

/** What a row adds to its two counts, as a statement inside of a trigger of SQLite, which has one writer. */
const count = (row: 'NEW' | 'OLD', by: 1 | -1) =>
  `INSERT INTO ${COUNTS} (org_id, period, slot, living)
   SELECT org, ${row}.created_at / ${PERIOD_MS}, 0, ${by} FROM (SELECT '' AS org UNION ALL SELECT ${row}.org_id)
   WHERE org IS NOT NULL AND ${row}.deleted_at IS NULL
   ON CONFLICT (org_id, period, slot) DO UPDATE SET living = living + ${by};`;

/** TypeORM changes a table of SQLite by making it anew, without its triggers: such a migration must make these again. */
export const SQLITE_TRIGGERS = [
  `CREATE TRIGGER oauth_clients_count_insert AFTER INSERT ON ${CLIENTS} BEGIN ${count('NEW', 1)} END`,
  `CREATE TRIGGER oauth_clients_count_update AFTER UPDATE OF org_id, created_at, deleted_at ON ${CLIENTS} BEGIN ${count('OLD', -1)} ${count('NEW', 1)} END`,
  `CREATE TRIGGER oauth_clients_count_delete AFTER DELETE ON ${CLIENTS} BEGIN ${count('OLD', -1)} END`,
];

/**
 * The rows of one statement at once, and counts in one order, that of all clients first, so that two statements do not wait
 * for each other.
 */
const countAll = (changes: string) =>
  `INSERT INTO ${COUNTS} AS counts (org_id, period, slot, living)
   SELECT org, period, pg_backend_pid() % ${SLOTS}, SUM(change)
   FROM (${changes}) changes CROSS JOIN LATERAL (VALUES (''), (org_id)) owner (org)
   WHERE org IS NOT NULL GROUP BY org, period HAVING SUM(change) <> 0 ORDER BY org, period
   ON CONFLICT (org_id, period, slot) DO UPDATE SET living = counts.living + EXCLUDED.living;`;
const change = (rows: string, by: 1 | -1) =>
  `SELECT org_id, created_at / ${PERIOD_MS} AS period, ${by} AS change FROM ${rows} WHERE ${LIVING}`;
const ADDED = change('added', 1);
const REMOVED = change('removed', -1);
const trigger = (event: string, tables: string) =>
  `CREATE TRIGGER oauth_clients_count_${event} AFTER ${event.toUpperCase()} ON ${CLIENTS} REFERENCING ${tables} FOR EACH STATEMENT EXECUTE FUNCTION count_oauth_clients()`;

const POSTGRES_TRIGGERS = [
  `CREATE FUNCTION count_oauth_clients() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     IF TG_OP = 'INSERT' THEN ${countAll(ADDED)}
     ELSIF TG_OP = 'UPDATE' THEN ${countAll(`${ADDED} UNION ALL ${REMOVED}`)}
     ELSE ${countAll(REMOVED)}
     END IF;
     RETURN NULL;
   END $$`,
  trigger('insert', 'NEW TABLE AS added'),
  trigger('update', 'OLD TABLE AS removed NEW TABLE AS added'),
  trigger('delete', 'OLD TABLE AS removed'),
];
