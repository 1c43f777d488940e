import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const COUNTS = 'client_authentication_counts';
const key = { isPrimary: true, primaryKeyConstraintName: `${COUNTS}_pkey` };

/** Operators see what became of attempts of clients to authenticate. */
export class CountClientAuthentications1796526000000 implements MigrationInterface {
  name = 'CountClientAuthentications1796526000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: COUNTS,
        columns: [
          { name: 'day', type: 'varchar', length: '10', ...key },
          { name: 'result', type: 'varchar', length: '64', ...key },
          { name: 'count', type: 'integer' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(COUNTS);
  }
}
