import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex } from '../indexes/concurrent-index.js';

const NAME = 'oauth_clients_last_used_at';

/** Lists clients by their last use; those that were never used come before all others. */
export class SortByLastUse1796522400000 implements MigrationInterface {
  name = 'SortByLastUse1796522400000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await createIndex(
      queryRunner,
      NAME,
      'oauth_clients ((COALESCE("last_used_at", 0)), "id") WHERE "deleted_at" IS NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropIndex(queryRunner, NAME);
  }
}
