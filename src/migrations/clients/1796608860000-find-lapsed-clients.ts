import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex, replaceIndex } from '../indexes/concurrent-index.js';

const BY_EXPIRY = 'oauth_clients_statement_expires_at';
const UNUSED = 'oauth_clients_unused';

/** A client that its expired statement disabled is as unused as before. */
const unusedWith = (status: string) =>
  `oauth_clients ("created_at", "id") WHERE "source" = 'dynamic' AND NOT ("org_id" IS NOT NULL) AND ${status} AND NOT "verified" AND "last_used_at" IS NULL AND "deleted_at" IS NULL`;

/** Finds clients whose software statement has expired, and counts them as unused if they are. */
export class FindLapsedClients1796608860000 implements MigrationInterface {
  name = 'FindLapsedClients1796608860000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await createIndex(
      queryRunner,
      BY_EXPIRY,
      `oauth_clients ("statement_expires_at") WHERE "statement_expires_at" IS NOT NULL AND "status" = 'active' AND "deleted_at" IS NULL`,
    );
    await replaceIndex(
      queryRunner,
      UNUSED,
      unusedWith(`("status" = 'active' OR "disabled_reason" IS NOT NULL)`),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await replaceIndex(queryRunner, UNUSED, unusedWith(`"status" = 'active'`));
    await dropIndex(queryRunner, BY_EXPIRY);
  }
}
