import { type MigrationInterface, type QueryRunner, Table, type TableColumnOptions } from 'typeorm';

const column = (
  name: string,
  type: string,
  options: Partial<TableColumnOptions> = {},
): TableColumnOptions => ({ name, type, isNullable: false, ...options });
const id = (name: string, table: string) =>
  column(name, 'varchar', { length: '36', isPrimary: true, primaryKeyConstraintName: `${table}_pkey` });
const text = (name: string, length: string) => column(name, 'varchar', { length });
const nullable = (options: TableColumnOptions) => ({ ...options, isNullable: true });

export class CreateSchema1795276800000 implements MigrationInterface {
  name = 'CreateSchema1795276800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'oauth_clients',
        columns: [
          id('id', 'oauth_clients'),
          text('name', '255'),
          nullable(text('org_id', '255')),
          nullable(text('user_id', '255')),
          text('client_type', '16'),
          text('token_endpoint_auth_method', '64'),
          column('grant_types', 'text'),
          column('scopes', 'text'),
          column('redirect_uris', 'text'),
          column('require_pkce', 'boolean'),
          nullable(text('logo_uri', '2048')),
          nullable(text('policy_uri', '2048')),
          nullable(text('tos_uri', '2048')),
          column('metadata', 'text'),
          text('source', '16'),
          text('status', '16'),
          column('verified', 'boolean'),
          column('version', 'integer'),
          column('created_at', 'bigint'),
          column('updated_at', 'bigint'),
        ],
        indices: [
          { name: 'oauth_clients_org_id', columnNames: ['org_id', 'id'] },
          { name: 'oauth_clients_created_at', columnNames: ['created_at', 'id'] },
          { name: 'oauth_clients_updated_at', columnNames: ['updated_at', 'id'] },
          { name: 'oauth_clients_name', columnNames: ['name', 'id'] },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'oauth_client_secrets',
        columns: [
          id('id', 'oauth_client_secrets'),
          text('client_id', '36'),
          text('hash', '255'),
          text('hint', '4'),
          column('created_at', 'bigint'),
          nullable(column('expires_at', 'bigint')),
          nullable(column('last_used_at', 'bigint')),
          nullable(column('revoked_at', 'bigint')),
        ],
        foreignKeys: [
          {
            name: 'oauth_client_secrets_client_id_fkey',
            columnNames: ['client_id'],
            referencedTableName: 'oauth_clients',
            referencedColumnNames: ['id'],
            onDelete: 'CASCADE',
          },
        ],
        indices: [{ name: 'oauth_client_secrets_client_id', columnNames: ['client_id'] }],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'api_keys',
        columns: [
          id('id', 'api_keys'),
          text('name', '255'),
          text('hash', '255'),
          text('hint', '4'),
          text('org_id', '255'),
          text('user_id', '255'),
          text('role', '16'),
          column('created_at', 'bigint'),
          nullable(column('last_used_at', 'bigint')),
          nullable(column('expires_at', 'bigint')),
          nullable(column('revoked_at', 'bigint')),
        ],
        indices: [{ name: 'api_keys_hash', columnNames: ['hash'], isUnique: true }],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['api_keys', 'oauth_client_secrets', 'oauth_clients']) {
      await queryRunner.dropTable(table);
    }
  }
}
