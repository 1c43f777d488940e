import type { MigrationInterface, QueryRunner } from 'typeorm';

const COLUMNS = { statement_expires_at: 'bigint', disabled_reason: 'varchar(32)' };

/** A client is disabled when its software statement expires. */
export class EndClientsWithStatements1796608800000 implements MigrationInterface {
  name = 'EndClientsWithStatements1796608800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Nullable without a default: no row is rewritten
    for (const [name, type] of Object.entries(COLUMNS)) {
      await queryRunner.query(`ALTER TABLE oauth_clients ADD COLUMN ${name} ${type}`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of Object.keys(COLUMNS).reverse()) {
      await queryRunner.query(`ALTER TABLE oauth_clients DROP COLUMN ${name}`);
    }
  }
}
