import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex } from '../indexes/concurrent-index.js';

const NAME = 'oauth_grants_org_id';

/** Operators list the grants of an organization. */
export class ListGrants1796820060000 implements MigrationInterface {
  name = 'ListGrants1796820060000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await createIndex(queryRunner, NAME, 'oauth_grants ("org_id", "id")');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropIndex(queryRunner, NAME);
  }
}
