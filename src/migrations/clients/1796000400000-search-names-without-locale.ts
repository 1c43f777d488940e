import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex } from '../indexes/concurrent-index.js';

const BEFORE = { name: 'oauth_clients_name_trgm', key: 'name' };
const AFTER = { name: 'oauth_clients_name_c_trgm', key: 'lower(name COLLATE "C")' };

/**
 * Finds parts of names on PostgreSQL with any locale of the database. The expression is that of
 * `nameContains`; pg_trgm itself folds case by the locale of the database.
 */
export class SearchNamesWithoutLocale1796000400000 implements MigrationInterface {
  name = 'SearchNamesWithoutLocale1796000400000';
  transaction = false;

  up(queryRunner: QueryRunner): Promise<void> {
    return replace(queryRunner, BEFORE, AFTER);
  }

  down(queryRunner: QueryRunner): Promise<void> {
    return replace(queryRunner, AFTER, BEFORE);
  }
}

async function replace(queryRunner: QueryRunner, before: typeof BEFORE, after: typeof AFTER): Promise<void> {
  if (queryRunner.dataSource.options.type !== 'postgres') return;
  const [extension] = (await queryRunner.query(
    `SELECT quote_ident(nspname) AS home FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'`,
  )) as { home: string }[];
  // If it is not available, a search reads all names
  if (!extension) return;
  const on = `oauth_clients USING gin (${after.key} ${extension.home}.gin_trgm_ops) WHERE deleted_at IS NULL`;
  await createIndex(queryRunner, after.name, on);
  await dropIndex(queryRunner, before.name);
}
