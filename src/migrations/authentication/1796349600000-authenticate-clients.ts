import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const ASSERTIONS = 'client_assertions';
const SECRETS = 'oauth_client_secrets';

/** Remembers used client assertions, and when an expired or revoked secret was last tried. */
export class AuthenticateClients1796349600000 implements MigrationInterface {
  name = 'AuthenticateClients1796349600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: ASSERTIONS,
        columns: [
          {
            name: 'hash',
            type: 'varchar',
            length: '71',
            isPrimary: true,
            primaryKeyConstraintName: 'client_assertions_pkey',
          },
          { name: 'used_by', type: 'varchar', length: '36' },
          { name: 'expires_at', type: 'bigint' },
        ],
        indices: [{ name: 'client_assertions_expires_at', columnNames: ['expires_at'] }],
      }),
    );
    // Nullable without a default: no row is rewritten
    await queryRunner.query(`ALTER TABLE ${SECRETS} ADD COLUMN last_rejected_at bigint`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SECRETS} DROP COLUMN last_rejected_at`);
    await queryRunner.dropTable(ASSERTIONS);
  }
}
