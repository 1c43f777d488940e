import type { MigrationInterface, QueryRunner } from 'typeorm';
import { replaceIndex } from '../indexes/concurrent-index.js';

const NAME = 'oauth_clients_unused';

const unusedBy = (column: string) =>
  `oauth_clients (${column}, "id") WHERE "source" = 'dynamic' AND NOT ("org_id" IS NOT NULL) AND ("status" = 'active' OR "disabled_reason" IS NOT NULL) AND NOT "verified" AND "last_used_at" IS NULL AND "deleted_at" IS NULL`;

/** Finds the unused clients that were last registered first, without reading those that were registered again. */
export class OrderUnusedClients1796906520000 implements MigrationInterface {
  name = 'OrderUnusedClients1796906520000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await replaceIndex(queryRunner, NAME, unusedBy('(COALESCE("last_registered_at", "created_at"))'));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await replaceIndex(queryRunner, NAME, unusedBy('"created_at"'));
  }
}
