import type { QueryRunner } from 'typeorm';

/**
 * Indexes of tables that may have millions of rows, on both engines. A migration that is not a transaction (`transaction = false`) builds
 * them concurrently on PostgreSQL, without blocking writes. It can be applied again after a failure.
 */
const isConcurrent = ({ dataSource, isTransactionActive }: QueryRunner) =>
  dataSource.options.type === 'postgres' && !isTransactionActive;

const concurrently = (queryRunner: QueryRunner) => (isConcurrent(queryRunner) ? 'CONCURRENTLY ' : '');

/** @param on the table, the columns and the condition */
export async function createIndex(queryRunner: QueryRunner, name: string, on: string): Promise<void> {
  // A failed attempt leaves an invalid index
  if (isConcurrent(queryRunner)) await dropIndex(queryRunner, name);
  await queryRunner.query(`CREATE INDEX ${concurrently(queryRunner)}${name} ON ${on}`);
}

export async function dropIndex(queryRunner: QueryRunner, name: string): Promise<void> {
  await queryRunner.query(`DROP INDEX ${concurrently(queryRunner)}IF EXISTS ${name}`);
}

/** The old one serves until the new one is complete. */
export async function replaceIndex(queryRunner: QueryRunner, name: string, on: string): Promise<void> {
  if (!isConcurrent(queryRunner)) {
    await dropIndex(queryRunner, name);
    return createIndex(queryRunner, name, on);
  }
  await createIndex(queryRunner, `${name}_new`, on);
  await dropIndex(queryRunner, name);
  await queryRunner.query(`ALTER INDEX ${name}_new RENAME TO ${name}`);
}
