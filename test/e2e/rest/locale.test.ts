import { createDatabase, type TestDatabase } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

/** In Turkish, the small letter of I is ı, and the capital letter of i is İ. */
const TURKISH = `ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C' TEMPLATE template0`;

describe.each<['sqlite' | 'postgres', string]>([
  ['sqlite', 'of its own'],
  ['postgres', TURKISH],
])('on %s with the locale %s', (engine, locale) => {
  let registry: Registry;
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(engine, locale);
    registry = await Registry.start(engine, {}, {}, () => database.url);
    if (engine === 'postgres') {
      // Of fewer rows the index of parts of names would not be used
      await registry.dataSource
        .query(`INSERT INTO oauth_clients (id, name, client_type, token_endpoint_auth_method, grant_types, scopes,
          redirect_uris, require_pkce, metadata, source, status, verified, version, created_at, updated_at)
        SELECT gen_random_uuid(), 'other ' || i, 'public', 'none', ' ', ' ', '[]', false, '{}', 'dynamic', 'active', false, 1, i, i
        FROM generate_series(1, 5000) i`);
    }
    for (const name of ['BILLING Ürün', 'shipping', 'Ölçüm']) await registry.createClient(aClient({ name }));
  });
  afterAll(async () => {
    await registry.stop();
    await database.drop();
  });

  it.each<[string, string[]]>([
    ['billing', ['BILLING Ürün']],
    ['BILLING', ['BILLING Ürün']],
    ['SHIPPING', ['shipping']],
    ['Ürün', ['BILLING Ürün']],
    ['ürün', []],
    ['LÇÜM', []],
    ['LçüM', ['Ölçüm']],
  ])('a search for %j ignores the case of ASCII letters alone', async (nameContains, names) => {
    const { body } = await registry.graphql(
      `query ($nameContains: String) { oauthClients(filter: { nameContains: $nameContains }) { nodes { name } } }`,
      { nameContains },
    );
    expect(body.data.oauthClients.nodes).toEqual(names.map((name) => ({ name })));
  });

  if (engine === 'postgres') {
    it('the index of parts of names is used for it', async () => {
      await registry.dataSource.query('VACUUM ANALYZE oauth_clients');
      const plan = await registry.dataSource.query<object[]>(
        `EXPLAIN SELECT FROM oauth_clients client WHERE lower(client.name COLLATE "C") LIKE lower('%billing%' COLLATE "C") AND client.deleted_at IS NULL`,
      );
      expect(JSON.stringify(plan)).toContain('oauth_clients_name_c_trgm');
    });
  }
});
