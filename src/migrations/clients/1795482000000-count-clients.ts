import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableIndex,
} from 'typeorm';

const CLIENTS = 'oauth_clients';
const COUNTS = 'oauth_client_counts';
const ORG_INDEX = 'oauth_clients_org_id';
const LIVING = '"deleted_at" IS NULL';

/** Keeps the number of each organization's clients, and sorts its list by an index in the order of both lists. */
export class CountClients1795482000000 implements MigrationInterface {
  name = 'CountClients1795482000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await startCounting(queryRunner, BY_ORGANIZATION);
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

/** What is counted, and how: in SQL of both engines if nothing else is said. */
export interface Counting {
  /** Columns of the table of counts. */
  columns: TableColumnOptions[];
  /** Fills that table with the clients that there are. */
  fill: string;
  /** Columns of a client whose change changes a count. */
  watched: string;
  /** What a row adds to its counts, as a statement inside of a trigger of SQLite. */
  count: (row: 'NEW' | 'OLD', by: 1 | -1) => string;
  /** What each of the rows that PostgreSQL calls `rows` adds. */
  change: (rows: 'added' | 'removed', by: 1 | -1) => string;
  /** Adds it up, for all rows of a statement at once. */
  countAll: (changes: string) => string;
}

/** Makes the table and the triggers. TypeORM changes a table of SQLite by rebuilding it, without its triggers. */
export async function startCounting(queryRunner: QueryRunner, counting: Counting): Promise<void> {
  await queryRunner.createTable(new Table({ name: COUNTS, columns: counting.columns }));
  const isPostgres = queryRunner.dataSource.options.type === 'postgres';
  // Nothing may be written between the count and the triggers, and an index needs this lock in the end
  if (isPostgres) await queryRunner.query(`LOCK TABLE ${CLIENTS} IN ACCESS EXCLUSIVE MODE`);
  await queryRunner.query(counting.fill);
  for (const statement of isPostgres ? postgresTriggers(counting) : sqliteTriggers(counting)) {
    await queryRunner.query(statement);
  }
}

/** On PostgreSQL, dropping a trigger locks the table against writes until the transaction ends. */
export async function stopCounting(queryRunner: QueryRunner): Promise<void> {
  const isPostgres = queryRunner.dataSource.options.type === 'postgres';
  for (const event of ['insert', 'update', 'delete']) {
    await queryRunner.query(`DROP TRIGGER oauth_clients_count_${event}${isPostgres ? ` ON ${CLIENTS}` : ''}`);
  }
  if (isPostgres) await queryRunner.query('DROP FUNCTION count_oauth_clients');
  await queryRunner.dropTable(COUNTS);
}

export const BY_ORGANIZATION: Counting = {
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
  fill: `INSERT INTO ${COUNTS} (org_id, living) SELECT org_id, COUNT(*) FROM ${CLIENTS} WHERE org_id IS NOT NULL AND ${LIVING} GROUP BY org_id`,
  watched: 'org_id, deleted_at',
  count: (row, by) =>
    `INSERT INTO ${COUNTS} (org_id, living) SELECT ${row}.org_id, ${by} WHERE ${row}.org_id IS NOT NULL AND ${row}.deleted_at IS NULL
   ON CONFLICT (org_id) DO UPDATE SET living = living + ${by};`,
  change: (rows, by) => `SELECT org_id, ${by} AS change FROM ${rows} WHERE org_id IS NOT NULL AND ${LIVING}`,
  // Organizations in one order, so that two statements do not wait for each other
  countAll: (changes) =>
    `INSERT INTO ${COUNTS} AS counts (org_id, living)
   SELECT org_id, SUM(change) FROM (${changes}) changes GROUP BY org_id HAVING SUM(change) <> 0 ORDER BY org_id
   ON CONFLICT (org_id) DO UPDATE SET living = counts.living + EXCLUDED.living;`,
};

const sqliteTriggers = ({ watched, count }: Counting) => [
  `CREATE TRIGGER oauth_clients_count_insert AFTER INSERT ON ${CLIENTS} BEGIN ${count('NEW', 1)} END`,
  `CREATE TRIGGER oauth_clients_count_update AFTER UPDATE OF ${watched} ON ${CLIENTS} BEGIN ${count('OLD', -1)} ${count('NEW', 1)} END`,
  `CREATE TRIGGER oauth_clients_count_delete AFTER DELETE ON ${CLIENTS} BEGIN ${count('OLD', -1)} END`,
];

function postgresTriggers({ change, countAll }: Counting): string[] {
  const [added, removed] = [change('added', 1), change('removed', -1)];
  const trigger = (event: string, tables: string) =>
    `CREATE TRIGGER oauth_clients_count_${event} AFTER ${event.toUpperCase()} ON ${CLIENTS} REFERENCING ${tables} FOR EACH STATEMENT EXECUTE FUNCTION count_oauth_clients()`;
  return [
    `CREATE FUNCTION count_oauth_clients() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     IF TG_OP = 'INSERT' THEN ${countAll(added)}
     ELSIF TG_OP = 'UPDATE' THEN ${countAll(`${added} UNION ALL ${removed}`)}
     ELSE ${countAll(removed)}
     END IF;
     RETURN NULL;
   END $$`,
    trigger('insert', 'NEW TABLE AS added'),
    trigger('update', 'OLD TABLE AS removed NEW TABLE AS added'),
    trigger('delete', 'OLD TABLE AS removed'),
  ];
}
