import { Retention } from '../../../src/jobs/retention.js';
import { ClientEntity } from '../../../src/clients/client/client.entity.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const CLIENTS = 800;
/** Batches without a pause between them leave the event loop two turns each. PostgreSQL is waited for anyway. */
const MIN_TURNS = 200;

onEachEngine((engine) => {
  let registry: Registry;
  beforeEach(async () => {
    registry = await Registry.start(engine);
  });
  afterEach(() => registry.stop());

  /** Deletes a client as of long ago, and makes so many more of it. */
  async function deleteClients(count: number): Promise<void> {
    const id = (await registry.createClient(aClient())).body.data.client_id as string;
    await registry.send(`/v2/oauth/clients/${id}`, { method: 'DELETE', key: registry.adminKey });
    await registry.dataSource.query('UPDATE oauth_clients SET deleted_at = 1');
    const columns = registry.dataSource
      .getMetadata(ClientEntity)
      .columns.map(({ databaseName }) => databaseName)
      .filter((name) => name !== 'id');
    const hex = engine === 'sqlite' ? `printf('%08x', i)` : `lpad(to_hex(i), 8, '0')`;
    await registry.dataSource.query(
      `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
       INSERT INTO oauth_clients (id, ${columns.join(', ')})
       SELECT ${hex} || '-0000-7000-8000-000000000000', ${columns.join(', ')} FROM n CROSS JOIN oauth_clients`,
    );
    expect(await registry.rows('oauth_clients')).toBe(count);
  }

  it('a purge of many clients lets the event loop turn between its batches', async () => {
    await deleteClients(CLIENTS);
    let isPurging = true;
    let turns = 0;
    const countTurn = () => void (isPurging && (turns++, setImmediate(countTurn)));
    countTurn();
    await registry.app.get(Retention, { strict: false }).run();
    isPurging = false;
    expect(turns).toBeGreaterThan(MIN_TURNS);
    expect(await registry.rows('oauth_clients')).toBe(0);
    expect(await registry.rows('oauth_client_secrets')).toBe(0);
  });
});
