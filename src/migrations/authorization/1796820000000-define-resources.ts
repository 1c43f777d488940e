import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const RESOURCES = 'oauth_resources';
const COUNTS = 'oauth_token_counts';
const countsKey = { isPrimary: true, primaryKeyConstraintName: `${COUNTS}_pkey` };

/** Operators define the APIs that tokens are for, and see how many tokens were issued. */
export class DefineResources1796820000000 implements MigrationInterface {
  name = 'DefineResources1796820000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: RESOURCES,
        columns: [
          {
            name: 'id',
            type: 'varchar',
            length: '36',
            isPrimary: true,
            primaryKeyConstraintName: `${RESOURCES}_pkey`,
          },
          { name: 'identifier', type: 'varchar', length: '2048' },
          { name: 'name', type: 'varchar', length: '255' },
          { name: 'scopes', type: 'text' },
          { name: 'token_format', type: 'varchar', length: '16' },
          { name: 'access_token_lifetime_seconds', type: 'integer' },
          { name: 'created_at', type: 'bigint' },
          { name: 'updated_at', type: 'bigint' },
        ],
        indices: [{ name: `${RESOURCES}_identifier`, columnNames: ['identifier'], isUnique: true }],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: COUNTS,
        columns: [
          { name: 'day', type: 'varchar', length: '10', ...countsKey },
          { name: 'result', type: 'varchar', length: '64', ...countsKey },
          { name: 'count', type: 'integer' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [COUNTS, RESOURCES]) await queryRunner.dropTable(table);
  }
}
