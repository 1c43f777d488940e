import { readConfig } from '../../../src/config/variables.js';
import { openDatabase } from '../../../src/database/connection/open-database.js';
import { refreshStatistics } from '../../../src/database/connection/planner-statistics.js';
import { PERSISTENCE } from '../../../src/persistence.js';
import { createDatabase, type TestDatabase } from '../../support/databases.js';

const CLIENTS = 20_000;
const INSERT = `INSERT INTO oauth_clients (id, name, client_type, token_endpoint_auth_method, grant_types, scopes, redirect_uris,
    require_pkce, metadata, source, status, verified, version, created_at, updated_at)
  SELECT gen_random_uuid(), 'client ' || i, 'public', 'none', ' ', ' ', '[]', false, '{}', 'dynamic', 'active', false, 1, i, i
  FROM generate_series(1, ${CLIENTS}) i`;
/** As ClientsRepository reads it. */
const FIRST_PAGE = `EXPLAIN SELECT * FROM oauth_clients client WHERE TRUE AND client.deleted_at IS NULL
  ORDER BY client.created_at DESC, client.id DESC LIMIT 21`;

describe('on PostgreSQL without autovacuum', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase('postgres');
  });
  afterEach(() => database.drop());
  const open = () => openDatabase(readConfig({ DATABASE_URL: database.url }).database, PERSISTENCE);
  type DataSource = Awaited<ReturnType<typeof open>>;
  const fill = async (dataSource: DataSource) => {
    await dataSource.query('ALTER TABLE oauth_clients SET (autovacuum_enabled = false)');
    await dataSource.query(INSERT);
  };
  const planOf = async (dataSource: DataSource) =>
    (await dataSource.query<object[]>(FIRST_PAGE)).map((line) => Object.values(line)[0] as string).join('\n');
  const BY_INDEX = 'Index Scan Backward using oauth_clients_created_at';

  it('the first page of all clients is read by an index after a restore, which brings no statistics along', async () => {
    const before = await open();
    await fill(before);
    expect(await planOf(before)).not.toContain(BY_INDEX);
    await before.destroy();
    const after = await open();
    expect(await planOf(after)).toContain(BY_INDEX);
    await after.destroy();
  });

  it('statistics are refreshed as a table grows, and left alone as long as it does not', async () => {
    const dataSource = await open();
    const analyses = async () => {
      const [row] = await dataSource.query<{ count: string }[]>(
        `SELECT pg_stat_get_analyze_count('oauth_clients'::regclass) AS count`,
      );
      return Number(row!.count);
    };
    // PostgreSQL reports the changes of a session to others up to ten seconds later
    const tell = () => dataSource.query('SELECT pg_stat_force_next_flush()');
    await fill(dataSource);
    await tell();
    await refreshStatistics(dataSource);
    expect(await planOf(dataSource)).toContain(BY_INDEX);
    const count = await analyses();
    await refreshStatistics(dataSource);
    expect(await analyses()).toBe(count);
    await dataSource.query(INSERT);
    await tell();
    await refreshStatistics(dataSource);
    expect(await analyses()).toBe(count + 1);
    await dataSource.destroy();
  });
});
