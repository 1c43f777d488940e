import type { MigrationInterface, QueryRunner } from 'typeorm';
import { replaceIndex } from '../indexes/concurrent-index.js';

/** The indexes by owner and by actor: their columns, and the rows that they contain from now on. */
const INDEXES = [
  {
    name: 'oauth_clients_org_id',
    on: 'oauth_clients ("org_id", "created_at", "id", "deleted_at")',
    before: ' WHERE "deleted_at" IS NULL',
    after: '"org_id" IS NOT NULL AND "deleted_at" IS NULL',
  },
  {
    name: 'audit_events_actor_id',
    on: 'audit_events ("actor_id", "id")',
    before: '',
    after: '"actor_id" IS NOT NULL',
  },
];

/** Makes indexes partial: anonymous clients have no owner, and no query finds them through these indexes. */
export class LeaveNullsOutOfIndexes1795910400000 implements MigrationInterface {
  name = 'LeaveNullsOutOfIndexes1795910400000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const { name, on, after } of INDEXES) await replaceIndex(queryRunner, name, `${on} WHERE ${after}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const { name, on, before } of INDEXES) await replaceIndex(queryRunner, name, `${on}${before}`);
  }
}
