import { type MigrationInterface, type QueryRunner, TableColumn, TableIndex } from 'typeorm';

const TABLE = 'oauth_clients';
const LISTS = ['org_id', 'created_at', 'updated_at', 'name'];
const index = (column: string, more: { columns?: string[]; where?: string } = {}) =>
  new TableIndex({
    name: `oauth_clients_${column}`,
    columnNames: [column, 'id', ...(more.columns ?? [])],
    where: more.where,
  });

/** Deleted clients can be restored for a while. Lists omit them, so their indexes do, too. */
export class KeepDeletedClients1795402800000 implements MigrationInterface {
  name = 'KeepDeletedClients1795402800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.addColumn(
      TABLE,
      new TableColumn({ name: 'deleted_at', type: 'bigint', isNullable: true }),
    );
    for (const column of LISTS) {
      await queryRunner.dropIndex(TABLE, `oauth_clients_${column}`);
      // SQLite looks the column up in the table otherwise, for each client of an organization that it counts
      const columns = column === 'org_id' ? ['deleted_at'] : [];
      await queryRunner.createIndex(TABLE, index(column, { columns, where: '"deleted_at" IS NULL' }));
    }
    await queryRunner.createIndex(
      TABLE,
      new TableIndex({
        name: 'oauth_clients_deleted_at',
        columnNames: ['deleted_at'],
        where: '"deleted_at" IS NOT NULL',
      }),
    );
    if (queryRunner.dataSource.options.type === 'postgres') await indexFragmentsOfNames(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    if (queryRunner.dataSource.options.type === 'postgres') {
      await queryRunner.query('DROP INDEX IF EXISTS oauth_clients_name_trgm');
    }
    await queryRunner.dropIndex(TABLE, 'oauth_clients_deleted_at');
    for (const column of LISTS) {
      await queryRunner.dropIndex(TABLE, `oauth_clients_${column}`);
      await queryRunner.createIndex(TABLE, index(column));
    }
    await queryRunner.dropColumn(TABLE, 'deleted_at');
  }
}

/**
 * A search for a part of a name reads every name without it. If the extension is not available, it does. Some keep
 * extensions in a schema of their own, which is not searched for names.
 */
async function indexFragmentsOfNames(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`DO $$ DECLARE home text; BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    SELECT nspname INTO home FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm';
    EXECUTE format(
      'CREATE INDEX oauth_clients_name_trgm ON oauth_clients USING gin (name %I.gin_trgm_ops) WHERE deleted_at IS NULL',
      home
    );
  EXCEPTION WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported THEN
    RAISE NOTICE 'pg_trgm is not available: searching for a part of a name will read all names';
  END $$`);
}
