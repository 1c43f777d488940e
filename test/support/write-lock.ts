import Database from 'better-sqlite3';
import pg from 'pg';
import type { Registry } from './registry.js';

/**
 * Locks the clients table from another connection until the returned function is called.
 * @param change a statement that is carried out then; left out: nothing is changed
 */
export async function lockClients(registry: Registry, change = 'SELECT 1'): Promise<() => Promise<void>> {
  const { databaseUrl } = registry;
  if (databaseUrl.startsWith('sqlite:')) {
    const other = new Database(databaseUrl.slice('sqlite:'.length));
    other.exec('BEGIN IMMEDIATE');
    return () => Promise.resolve(void other.exec(`${change}; COMMIT`).close());
  }
  const other = new pg.Client(databaseUrl);
  await other.connect();
  // Others may read meanwhile
  await other.query('BEGIN; LOCK TABLE oauth_clients IN EXCLUSIVE MODE');
  return async () => {
    await other.query(`${change}; COMMIT`);
    await other.end();
  };
}
