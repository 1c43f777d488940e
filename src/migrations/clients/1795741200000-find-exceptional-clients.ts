import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex } from '../indexes/concurrent-index.js';

const WHERE = {
  oauth_clients_verified: '"verified" AND "deleted_at" IS NULL',
  oauth_clients_disabled: `"status" = 'disabled' AND "deleted_at" IS NULL`,
};

/** Finds the clients that operators have verified or disabled, usually few, without a look at all others. */
export class FindExceptionalClients1795741200000 implements MigrationInterface {
  name = 'FindExceptionalClients1795741200000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [name, where] of Object.entries(WHERE)) {
      await createIndex(queryRunner, name, `oauth_clients ("created_at", "id") WHERE ${where}`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of Object.keys(WHERE)) await dropIndex(queryRunner, name);
  }
}
