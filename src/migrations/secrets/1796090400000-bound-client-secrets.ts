import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex, replaceIndex } from '../indexes/concurrent-index.js';

const BY_CLIENT = 'oauth_client_secrets_client_id';
const BY_REVOCATION = 'oauth_client_secrets_revoked_at';

/** Reads the secrets of a client in the order of their age, and finds those that were revoked long ago. */
export class BoundClientSecrets1796090400000 implements MigrationInterface {
  name = 'BoundClientSecrets1796090400000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await replaceIndex(queryRunner, BY_CLIENT, 'oauth_client_secrets ("client_id", "id")');
    await createIndex(
      queryRunner,
      BY_REVOCATION,
      'oauth_client_secrets ("revoked_at") WHERE "revoked_at" IS NOT NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropIndex(queryRunner, BY_REVOCATION);
    await replaceIndex(queryRunner, BY_CLIENT, 'oauth_client_secrets ("client_id")');
  }
}
