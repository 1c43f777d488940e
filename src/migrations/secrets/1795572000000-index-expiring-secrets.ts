import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex } from '../indexes/concurrent-index.js';

const NAME = 'oauth_client_secrets_expires_at';

/** Finds the secrets that expire soon without a look at those that never do. */
export class IndexExpiringSecrets1795572000000 implements MigrationInterface {
  name = 'IndexExpiringSecrets1795572000000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await createIndex(
      queryRunner,
      NAME,
      `oauth_client_secrets ("expires_at") WHERE "expires_at" IS NOT NULL AND "revoked_at" IS NULL`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropIndex(queryRunner, NAME);
  }
}
