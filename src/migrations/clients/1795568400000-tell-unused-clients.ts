import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLE = 'oauth_clients';
const COLUMNS = {
  last_used_at: 'bigint',
  registration_count: 'integer NOT NULL DEFAULT 1',
  last_registered_at: 'bigint',
  metadata_hash: 'varchar(64)',
};
const INDEXES = {
  oauth_clients_unused: `INDEX oauth_clients_unused ON ${TABLE} ("created_at", "id")
    WHERE "source" = 'dynamic' AND NOT ("org_id" IS NOT NULL) AND "status" = 'active' AND NOT "verified" AND "last_used_at" IS NULL AND "deleted_at" IS NULL`,
  oauth_clients_metadata_hash: `UNIQUE INDEX oauth_clients_metadata_hash ON ${TABLE} ("metadata_hash") WHERE "metadata_hash" IS NOT NULL`,
};

/**
 * Adds columns for unused and shared anonymous clients. In plain SQL: TypeORM alters a SQLite table by rebuilding it, without its
 * triggers.
 */
export class TellUnusedClients1795568400000 implements MigrationInterface {
  name = 'TellUnusedClients1795568400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [name, type] of Object.entries(COLUMNS)) {
      await queryRunner.query(`ALTER TABLE ${TABLE} ADD COLUMN "${name}" ${type}`);
    }
    for (const index of Object.values(INDEXES)) await queryRunner.query(`CREATE ${index}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of Object.keys(INDEXES)) await queryRunner.query(`DROP INDEX ${name}`);
    for (const name of Object.keys(COLUMNS).reverse()) {
      await queryRunner.query(`ALTER TABLE ${TABLE} DROP COLUMN "${name}"`);
    }
  }
}
