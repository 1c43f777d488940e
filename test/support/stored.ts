import type { DataSource } from 'typeorm';
import { connectTo } from './databases.js';

/** Whose clients, secrets and events a database has, and whether its counts are right. */
export async function readStored(url: string) {
  const dataSource = await connectTo(url);
  try {
    return await storedIn(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** The same, of a database that is open. */
export async function storedIn(dataSource: DataSource) {
  const column = async (sql: string) => (await dataSource.query<{ id: string }[]>(sql)).map(({ id }) => id);
  const [counts] = await dataSource.query<{ counted: string; owned: string }[]>(
    `SELECT (SELECT SUM(living) FROM oauth_client_counts WHERE org_id <> '') AS counted,
            (SELECT COUNT(*) FROM oauth_clients WHERE org_id IS NOT NULL) AS owned`,
  );
  return {
    clients: await column('SELECT id FROM oauth_clients ORDER BY id'),
    ofSecrets: await column('SELECT client_id AS id FROM oauth_client_secrets ORDER BY client_id'),
    ofEvents: await column(
      `SELECT client_id AS id FROM audit_events WHERE action = 'client.created' ORDER BY client_id`,
    ),
    counted: Number(counts!.counted),
    owned: Number(counts!.owned),
  };
}
