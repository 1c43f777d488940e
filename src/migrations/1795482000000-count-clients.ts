import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';

const CLIENTS = 'oauth_clients';
const COUNTS = 'oauth_client_counts';
const ORG_INDEX = 'oauth_clients_org_id';
const LIVING = '"deleted_at" IS NULL';

/** Keeps the number of each organization's clients, and sorts its list by an index in the order of both lists. */
export class CountClients1795482000000 implements MigrationInterface {
  name = 'CountClients1795482000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await startCounting(queryRunner);
    await queryRunner.dropIndex(CLIENTS, ORG_INDEX);
    await queryRunner.createIndex(
      CLIENTS,
      new TableIndex({
        name: ORG_INDEX,
        columnNames: ['org_id', 'created_at', 'id', 'deleted_at'],
        where: LIVING,
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropIndex(CLIENTS, ORG_INDEX);
    await queryRunner.createIndex(
      CLIENTS,
      new TableIndex({ name: ORG_INDEX, columnNames: ['org_id', 'id', 'deleted_at'], where: LIVING }),
    );
    await stopCounting(queryRunner);
  }
}

export async function startCounting(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.createTable(
    new Table({
      name: COUNTS,
      columns: [
        {
          name: 'org_id',
          type: 'varchar',
          length: '255',
          isPrimary: true,
          primaryKeyConstraintName: `${COUNTS}_pkey`,
        },
        { name: 'living', type: 'integer' },
      ],
    }),
  );
  const isPostgres = queryRunner.dataSource.options.type === 'postgres';
  // Nothing may be written between the count and the triggers, and the index needs this lock in the end
  if (isPostgres) await queryRunner.query(`LOCK TABLE ${CLIENTS} IN ACCESS EXCLUSIVE MODE`);
  await queryRunner.query(
    `INSERT INTO ${COUNTS} (org_id, living) SELECT org_id, COUNT(*) FROM ${CLIENTS} WHERE org_id IS NOT NULL AND ${LIVING} GROUP BY org_id`,
  );
  for (const statement of isPostgres ? POSTGRES_TRIGGERS : SQLITE_TRIGGERS) {
    await queryRunner.query(statement);
  }
}

export async function stopCounting(queryRunner: QueryRunner): Promise<void> {
  const isPostgres = queryRunner.dataSource.options.type === 'postgres';
  for (const event of ['insert', 'update', 'delete']) {
    await queryRunner.query(`DROP TRIGGER oauth_clients_count_${event}${isPostgres ? ` ON ${CLIENTS}` : ''}`);
  }
  if (isPostgres) await queryRunner.query('DROP FUNCTION count_oauth_clients');
  await queryRunner.dropTable(COUNTS);
}

/** What a row adds to the count of its organization, as a statement inside of a trigger of SQLite. */
const count = (row: 'NEW' | 'OLD', by: 1 | -1) =>
  `INSERT INTO ${COUNTS} (org_id, living) SELECT ${row}.org_id, ${by} WHERE ${row}.org_id IS NOT NULL AND ${row}.deleted_at IS NULL
   ON CONFLICT (org_id) DO UPDATE SET living = living + ${by};`;

const SQLITE_TRIGGERS = [
  `CREATE TRIGGER oauth_clients_count_insert AFTER INSERT ON ${CLIENTS} BEGIN ${count('NEW', 1)} END`,
  `CREATE TRIGGER oauth_clients_count_update AFTER UPDATE OF org_id, deleted_at ON ${CLIENTS} BEGIN ${count('OLD', -1)} ${count('NEW', 1)} END`,
  `CREATE TRIGGER oauth_clients_count_delete AFTER DELETE ON ${CLIENTS} BEGIN ${count('OLD', -1)} END`,
];

/** The rows of one statement at once, and organizations in one order, so that two statements do not wait for each other. */
const countAll = (changes: string) =>
  `INSERT INTO ${COUNTS} AS counts (org_id, living)
   SELECT org_id, SUM(change) FROM (${changes}) changes GROUP BY org_id HAVING SUM(change) <> 0 ORDER BY org_id
   ON CONFLICT (org_id) DO UPDATE SET living = counts.living + EXCLUDED.living;`;
const ADDED = `SELECT org_id, 1 AS change FROM added WHERE org_id IS NOT NULL AND ${LIVING}`;
const REMOVED = `SELECT org_id, -1 AS change FROM removed WHERE org_id IS NOT NULL AND ${LIVING}`;
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
