import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  TableColumn,
  type TableColumnOptions,
  TableForeignKey,
} from 'typeorm';

const text = (name: string, length: string): TableColumnOptions => ({ name, type: 'varchar', length });
const nullable = (name: string, type: string): TableColumnOptions => ({ name, type, isNullable: true });

/** RFC 7591 §3: the holder of such a token may register clients. */
export class CreateInitialAccessTokens1795395600000 implements MigrationInterface {
  name = 'CreateInitialAccessTokens1795395600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'initial_access_tokens',
        columns: [
          {
            ...text('id', '36'),
            isPrimary: true,
            primaryKeyConstraintName: 'initial_access_tokens_pkey',
          },
          text('name', '255'),
          text('hash', '255'),
          text('hint', '4'),
          text('org_id', '255'),
          text('user_id', '255'),
          nullable('scopes', 'text'),
          nullable('grant_types', 'text'),
          nullable('redirect_hosts', 'text'),
          { name: 'max_registrations', type: 'integer' },
          { name: 'registrations', type: 'integer' },
          { name: 'created_at', type: 'bigint' },
          nullable('last_used_at', 'bigint'),
          { name: 'expires_at', type: 'bigint' },
          nullable('revoked_at', 'bigint'),
        ],
        indices: [{ name: 'initial_access_tokens_hash', columnNames: ['hash'], isUnique: true }],
      }),
    );
    await queryRunner.addColumn(
      'oauth_clients',
      new TableColumn({ ...nullable('initial_access_token_id', 'varchar'), length: '36' }),
    );
    // The limits of a token outlive it; without its row they would be lost
    await queryRunner.createForeignKey(
      'oauth_clients',
      new TableForeignKey({
        name: 'oauth_clients_initial_access_token_id_fkey',
        columnNames: ['initial_access_token_id'],
        referencedTableName: 'initial_access_tokens',
        referencedColumnNames: ['id'],
        onDelete: 'RESTRICT',
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropForeignKey('oauth_clients', 'oauth_clients_initial_access_token_id_fkey');
    await queryRunner.dropColumn('oauth_clients', 'initial_access_token_id');
    await queryRunner.dropTable('initial_access_tokens');
  }
}
