import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A replacement of a registration issues another token; the one before stays valid until that one is used. */
export class OverlapRegistrationTokens1796436000000 implements MigrationInterface {
  name = 'OverlapRegistrationTokens1796436000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Nullable without a default: no row is rewritten
    await queryRunner.query('ALTER TABLE oauth_clients ADD COLUMN next_registration_token_hash varchar(255)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE oauth_clients DROP COLUMN next_registration_token_hash');
  }
}
