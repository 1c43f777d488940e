import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const TOKENS = 'oauth_tokens';
const GRANTS = 'oauth_grants';
const KEYS = 'signing_keys';

/** The authorization server stores what it issues, what users granted, and the keys that sign tokens. */
export class IssueTokens1796731200000 implements MigrationInterface {
  name = 'IssueTokens1796731200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: TOKENS,
        columns: [
          {
            name: 'hash',
            type: 'varchar',
            length: '71',
            isPrimary: true,
            primaryKeyConstraintName: `${TOKENS}_pkey`,
          },
          { name: 'kind', type: 'varchar', length: '16' },
          { name: 'client_id', type: 'varchar', length: '36' },
          { name: 'grant_id', type: 'varchar', length: '36', isNullable: true },
          { name: 'payload', type: 'text' },
          { name: 'created_at', type: 'bigint' },
          { name: 'expires_at', type: 'bigint' },
          { name: 'consumed_at', type: 'bigint', isNullable: true },
          { name: 'sealed_reply', type: 'text', isNullable: true },
          { name: 'seen_by', type: 'varchar', length: '71', isNullable: true },
        ],
        indices: [{ name: `${TOKENS}_expires_at`, columnNames: ['expires_at'] }],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: GRANTS,
        columns: [
          {
            name: 'id',
            type: 'varchar',
            length: '36',
            isPrimary: true,
            primaryKeyConstraintName: `${GRANTS}_pkey`,
          },
          { name: 'client_id', type: 'varchar', length: '36' },
          { name: 'user_id', type: 'varchar', length: '255' },
          { name: 'org_id', type: 'varchar', length: '255' },
          { name: 'scopes', type: 'text' },
          { name: 'created_at', type: 'bigint' },
          { name: 'last_used_at', type: 'bigint', isNullable: true },
          { name: 'revoked_at', type: 'bigint', isNullable: true },
        ],
        foreignKeys: [
          {
            name: `${GRANTS}_client_id_fkey`,
            columnNames: ['client_id'],
            referencedTableName: 'oauth_clients',
            referencedColumnNames: ['id'],
            onDelete: 'CASCADE',
          },
        ],
        indices: [
          { name: `${GRANTS}_owner`, columnNames: ['user_id', 'org_id', 'id'] },
          { name: `${GRANTS}_client_id`, columnNames: ['client_id', 'id'] },
          {
            name: `${GRANTS}_active`,
            columnNames: ['client_id', 'user_id', 'org_id'],
            isUnique: true,
            where: '"revoked_at" IS NULL',
          },
          { name: `${GRANTS}_revoked_at`, columnNames: ['revoked_at'], where: '"revoked_at" IS NOT NULL' },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: KEYS,
        columns: [
          { name: 'number', type: 'integer', isPrimary: true, primaryKeyConstraintName: `${KEYS}_pkey` },
          { name: 'kid', type: 'varchar', length: '36' },
          { name: 'public_jwk', type: 'text' },
          { name: 'private_key', type: 'text' },
          { name: 'created_at', type: 'bigint' },
          { name: 'active_from', type: 'bigint' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [KEYS, GRANTS, TOKENS]) await queryRunner.dropTable(table);
  }
}
