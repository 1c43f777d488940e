import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex } from '../indexes/concurrent-index.js';

const NAME = 'oauth_clients_deleted';

/** Finds the deleted clients of an organization: they are removed if they are more than may be restored. */
export class FindDeletedClients1796906460000 implements MigrationInterface {
  name = 'FindDeletedClients1796906460000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await createIndex(
      queryRunner,
      NAME,
      'oauth_clients ("org_id", "created_at", "id") WHERE "org_id" IS NOT NULL AND "deleted_at" IS NOT NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropIndex(queryRunner, NAME);
  }
}
