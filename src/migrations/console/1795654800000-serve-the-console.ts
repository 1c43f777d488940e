import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const SESSIONS = 'admin_sessions';
const COUNTS = 'registration_counts';

/** Operators sign in by a browser, and see what became of attempts to register. */
export class ServeTheConsole1795654800000 implements MigrationInterface {
  name = 'ServeTheConsole1795654800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: SESSIONS,
        columns: [
          {
            name: 'hash',
            type: 'varchar',
            length: '255',
            isPrimary: true,
            primaryKeyConstraintName: 'admin_sessions_pkey',
          },
          { name: 'api_key_id', type: 'varchar', length: '36' },
          { name: 'created_at', type: 'bigint' },
          { name: 'expires_at', type: 'bigint' },
        ],
        foreignKeys: [
          {
            name: 'admin_sessions_api_key_id_fkey',
            columnNames: ['api_key_id'],
            referencedTableName: 'api_keys',
            referencedColumnNames: ['id'],
            onDelete: 'CASCADE',
          },
        ],
        indices: [
          { name: 'admin_sessions_api_key_id', columnNames: ['api_key_id'] },
          { name: 'admin_sessions_expires_at', columnNames: ['expires_at'] },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: COUNTS,
        columns: [
          {
            name: 'day',
            type: 'varchar',
            length: '10',
            isPrimary: true,
            primaryKeyConstraintName: 'registration_counts_pkey',
          },
          {
            name: 'result',
            type: 'varchar',
            length: '64',
            isPrimary: true,
            primaryKeyConstraintName: 'registration_counts_pkey',
          },
          { name: 'count', type: 'integer' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(COUNTS);
    await queryRunner.dropTable(SESSIONS);
  }
}
