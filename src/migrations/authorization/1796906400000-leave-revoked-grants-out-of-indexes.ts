import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex, replaceIndex } from '../indexes/concurrent-index.js';

const REPLACED = [
  { name: 'oauth_grants_owner', on: 'oauth_grants ("user_id", "org_id", "id")' },
  { name: 'oauth_grants_org_id', on: 'oauth_grants ("org_id", "id")' },
];
const ADDED = { name: 'oauth_grants_active_client_id', on: 'oauth_grants ("client_id", "id")' };
const ACTIVE = 'WHERE "revoked_at" IS NULL';

/** Makes the indexes of lists partial: no list has revoked grants. The one of all grants by client stays, since they go with it. */
export class LeaveRevokedGrantsOutOfIndexes1796906400000 implements MigrationInterface {
  name = 'LeaveRevokedGrantsOutOfIndexes1796906400000';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const { name, on } of REPLACED) await replaceIndex(queryRunner, name, `${on} ${ACTIVE}`);
    await createIndex(queryRunner, ADDED.name, `${ADDED.on} ${ACTIVE}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropIndex(queryRunner, ADDED.name);
    for (const { name, on } of REPLACED) await replaceIndex(queryRunner, name, on);
  }
}
