import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

const TABLE = 'oauth_client_secrets';
const NAME = 'oauth_client_secrets_expires_at';

/** Finds the secrets that expire soon without a look at those that never do. */
export class IndexExpiringSecrets1795572000000 implements MigrationInterface {
  name = 'IndexExpiringSecrets1795572000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createIndex(
      TABLE,
      new TableIndex({
        name: NAME,
        columnNames: ['expires_at'],
        where: '"expires_at" IS NOT NULL AND "revoked_at" IS NULL',
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropIndex(TABLE, NAME);
  }
}
