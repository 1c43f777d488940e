import { randomUUID } from 'node:crypto';
import { DataSource, type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';
import { COUNT_PERIOD_MS } from '../../src/clients/counts/client-count.entity.js';
import { readConfig } from '../../src/config/variables.js';
import { dataSourceOptions } from '../../src/database/connection/data-source-options.js';
import { isMigrated, migrate as migrateAndLog } from '../../src/database/connection/migrate.js';
import { PERSISTENCE } from '../../src/persistence.js';
import { createDatabase, onEachEngine, type TestDatabase } from '../support/databases.js';

const migrate = (dataSource: DataSource) => migrateAndLog(dataSource, () => undefined);

onEachEngine((engine) => {
  const yes = engine === 'sqlite' ? 1 : true;
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeEach(async () => {
    database = await createDatabase(engine);
    dataSource = await new DataSource(
      dataSourceOptions(readConfig({ DATABASE_URL: database.url }).database, PERSISTENCE),
    ).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** What TypeORM would still change to make the database fit the entities. */
  const missingChanges = async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  };

  it('migrations make exactly the schema of the entities', async () => {
    await migrate(dataSource);
    expect(await missingChanges()).toEqual([]);
    expect(await isMigrated(dataSource)).toBe(true);
  });

  it('a missing migration is detected', async () => {
    expect((await missingChanges()).length).toBeGreaterThan(0);
  });

  it('a migration that rebuilds a table loses no referencing rows', async () => {
    await migrate(dataSource);
    // Not oauth_clients: TypeORM rebuilds it without its triggers and without its index on an expression
    await dataSource.query(`INSERT INTO api_keys (id, name, hash, hint, org_id, user_id, role, created_at)
      VALUES ('k','n','h','hint','o','u','admin',0)`);
    await dataSource.query(`INSERT INTO admin_sessions VALUES ('s','k',0,0)`);
    class AddColumn2000000000000 implements MigrationInterface {
      name = 'AddColumn2000000000000';
      up(runner: QueryRunner) {
        return runner.addColumn(
          'api_keys',
          new TableColumn({ name: 'extra', type: 'text', isNullable: true }),
        );
      }
      down(runner: QueryRunner) {
        return runner.dropColumn('api_keys', 'extra');
      }
    }
    dataSource.migrations.push(new AddColumn2000000000000());
    await migrate(dataSource);
    expect(await dataSource.query('SELECT id, extra FROM api_keys')).toEqual([{ id: 'k', extra: null }]);
    expect(await dataSource.query('SELECT hash FROM admin_sessions')).toEqual([{ hash: 's' }]);
    if (engine === 'sqlite')
      expect(await dataSource.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
  });

  describe('triggers count clients on every write:', () => {
    const write = (sql: string) => dataSource.query(sql.replaceAll('NOW', '1'));
    const insert = (id: string, org: string | null, createdAt = 0) =>
      write(`INSERT INTO oauth_clients (id, name, org_id, client_type, token_endpoint_auth_method, grant_types, scopes,
        redirect_uris, require_pkce, metadata, source, status, verified, version, created_at, updated_at)
        VALUES ('${id}','n',${org ? `'${org}'` : 'NULL'},'public','none','','','[]',${yes},'{}','api','active',${yes},1,${createdAt},0)`);
    /** By organization, and by period where there are some. */
    const counts = async (key: string) => {
      const rows = await dataSource.query<{ counted: string; living: number }[]>(
        `SELECT ${key} AS counted, SUM(living) AS living FROM oauth_client_counts GROUP BY 1 ORDER BY 1`,
      );
      return Object.fromEntries(rows.map(({ counted, living }) => [counted, Number(living)]));
    };
    const byOrg = () => counts('org_id');
    const byPeriod = () => counts(`org_id || '/' || period`);
    const undoUntil = async (migration: string) => {
      let last: { name: string } | undefined;
      do {
        [last] = await dataSource.query<{ name: string }[]>(
          'SELECT name FROM migrations ORDER BY id DESC LIMIT 1',
        );
        await dataSource.undoLastMigration({ transaction: engine === 'postgres' ? 'all' : 'none' });
      } while (last!.name !== migration);
    };
    beforeEach(() => migrate(dataSource));

    it('those of an organization and in total, including clients that existed before', async () => {
      await undoUntil('CountClients1795482000000');
      await insert('a1', 'a');
      await insert('a2', 'a');
      await insert('b1', 'b');
      await insert('c1', null);
      await write(`UPDATE oauth_clients SET deleted_at = NOW WHERE id = 'a2'`);
      await migrate(dataSource);
      expect(await byOrg()).toEqual({ '': 3, a: 1, b: 1 });

      await insert('a3', 'a');
      await insert('c2', null);
      await write(`UPDATE oauth_clients SET deleted_at = NULL WHERE id = 'a2'`);
      await write(`UPDATE oauth_clients SET deleted_at = NOW WHERE id IN ('b1', 'c1')`);
      await write(`UPDATE oauth_clients SET name = 'other'`);
      expect(await byOrg()).toEqual({ '': 4, a: 3, b: 0 });
      await write(`DELETE FROM oauth_clients WHERE id IN ('a1', 'b1', 'c1')`);
      expect(await byOrg()).toEqual({ '': 3, a: 2, b: 0 });
      await write('DELETE FROM oauth_clients');
      expect(await byOrg()).toEqual({ '': 0, a: 0, b: 0 });
    });

    it('by creation time', async () => {
      await insert('old', 'a', COUNT_PERIOD_MS - 1);
      await insert('new', 'a', COUNT_PERIOD_MS);
      await insert('newest', null, 7 * COUNT_PERIOD_MS + 5);
      const made = { '/0': 1, '/1': 1, '/7': 1, 'a/0': 1, 'a/1': 1 };
      expect(await byPeriod()).toEqual(made);
      await write(`UPDATE oauth_clients SET deleted_at = NOW WHERE id = 'old'`);
      expect(await byPeriod()).toEqual({ ...made, '/0': 0, 'a/0': 0 });

      await undoUntil('CountClientsByPeriod1795824000000');
      expect(await byOrg()).toEqual({ a: 1 });
      await migrate(dataSource);
      expect(await byPeriod()).toEqual({ '/1': 1, '/7': 1, 'a/1': 1 });
    });
  });

  if (engine === 'postgres') {
    it('parts of names are indexed, in whichever schema the extension is', async () => {
      await dataSource.query('CREATE SCHEMA extensions');
      await dataSource.query('CREATE EXTENSION pg_trgm SCHEMA extensions');
      await migrate(dataSource);
      const [index] = await dataSource.query<{ indexdef: string }[]>(
        `SELECT indexdef FROM pg_indexes WHERE indexname = 'oauth_clients_name_c_trgm'`,
      );
      expect(index!.indexdef).toContain('extensions.gin_trgm_ops');
    });

    it('a user without the privilege migrates without the extension', async () => {
      const role = `limited_${randomUUID().replaceAll('-', '')}`;
      await dataSource.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
      await dataSource.query(`GRANT CREATE ON SCHEMA public TO ${role}`);
      const url = new URL(database.url);
      url.username = role;
      url.password = role;
      const limited = await new DataSource(
        dataSourceOptions(readConfig({ DATABASE_URL: url.href }).database, PERSISTENCE),
      ).initialize();
      await migrate(limited);
      const migrated = await isMigrated(limited);
      const indexes = await limited.query<object[]>(
        `SELECT 1 FROM pg_indexes WHERE indexname = 'oauth_clients_name_c_trgm'`,
      );
      await limited.destroy();
      await dataSource.query(`DROP OWNED BY ${role}`);
      await dataSource.query(`DROP ROLE ${role}`);
      expect({ migrated, indexes }).toEqual({ migrated: true, indexes: [] });
    });
  }

  it('migrations can be reverted', async () => {
    await migrate(dataSource);
    await dataSource.undoLastMigration();
    expect(await isMigrated(dataSource)).toBe(false);
    await migrate(dataSource);
    expect(await missingChanges()).toEqual([]);
  });
});
