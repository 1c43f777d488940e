import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.js';
import { readConfig } from '../../src/config/config.js';
import { isMigrated, migrate } from '../../src/database/migrate.js';
import { createDatabase, onEachEngine, type TestDatabase } from '../support/databases.js';

onEachEngine((engine) => {
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeEach(async () => {
    database = await createDatabase(engine);
    dataSource = await new DataSource(
      dataSourceOptions(readConfig({ DATABASE_URL: database.url }).database),
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

  it('a missing migration is noticed', async () => {
    expect((await missingChanges()).length).toBeGreaterThan(0);
  });

  it('migrations can be taken back', async () => {
    await migrate(dataSource);
    await dataSource.undoLastMigration();
    expect(await isMigrated(dataSource)).toBe(false);
    await migrate(dataSource);
    expect(await missingChanges()).toEqual([]);
  });
});
