import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rows that one statement passes over: their locks are held for some 100 ms at most. */
const BATCH = 10_000;

/**
 * Renames the channel `system` of stored events to `job`. One statement for all would lock and rewrite too much at once, so on
 * PostgreSQL each batch is a transaction of its own. It may be applied again after a failure halfway.
 */
export class NameTheChannelOfJobs1796263260000 implements MigrationInterface {
  name = 'NameTheChannelOfJobs1796263260000';
  transaction = false;

  up(queryRunner: QueryRunner): Promise<void> {
    return rename(queryRunner, 'system', 'job');
  }

  down(queryRunner: QueryRunner): Promise<void> {
    return rename(queryRunner, 'job', 'system');
  }
}

/** In the order of the primary key: there is no index by channel. */
async function rename(queryRunner: QueryRunner, before: string, after: string): Promise<void> {
  let start = '';
  for (;;) {
    const [row] = (await queryRunner.query(
      `SELECT MAX(id) AS "end" FROM (SELECT id FROM audit_events WHERE id > '${start}' ORDER BY id LIMIT ${BATCH}) batch`,
    )) as { end: string | null }[];
    if (row!.end === null) return;
    await queryRunner.query(
      `UPDATE audit_events SET channel = '${after}' WHERE channel = '${before}' AND id > '${start}' AND id <= '${row!.end}'`,
    );
    start = row!.end;
  }
}
