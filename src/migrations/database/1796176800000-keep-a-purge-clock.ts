import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const PURGE_CLOCK = 'purge_clock';

const NEWEST_ID = `SELECT MAX(id) AS id FROM
  (SELECT MAX(id) AS id FROM oauth_clients UNION ALL SELECT MAX(id) FROM audit_events) newest`;

/** Stores the time by which rows are removed permanently. It begins with the newest row, if any. */
export class KeepAPurgeClock1796176800000 implements MigrationInterface {
  name = 'KeepAPurgeClock1796176800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: PURGE_CLOCK,
        columns: [
          {
            name: 'id',
            type: 'integer',
            isPrimary: true,
            primaryKeyConstraintName: 'purge_clock_pkey',
          },
          { name: 'purge_time', type: 'bigint' },
          { name: 'read_at', type: 'bigint' },
        ],
      }),
    );
    const [newest] = (await queryRunner.query(NEWEST_ID)) as { id: string | null }[];
    // A UUIDv7 begins with its time; no other id does
    const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(newest?.id ?? '') ?? [];
    if (high === undefined || low === undefined) return;
    const time = parseInt(high + low, 16);
    await queryRunner.query(
      `INSERT INTO ${PURGE_CLOCK} (id, purge_time, read_at) VALUES (1, ${time}, ${time})`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(PURGE_CLOCK);
  }
}
