import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { readConfig } from '../../src/config/config.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { isMigrated, migrate } from '../../src/database/migrate.js';
import { PERSISTENCE } from '../../src/persistence.js';
import { createDatabase, type TestDatabase } from '../support/databases.js';

/** Shorter than in production. */
const WAIT = { pauseMs: 20, logMs: 100, limitMs: 600 };

describe('on PostgreSQL', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let other: pg.Client;
  let log: string[];
  beforeEach(async () => {
    database = await createDatabase('postgres');
    const { database: config } = readConfig({ DATABASE_URL: database.url });
    dataSource = await new DataSource(dataSourceOptions(config, PERSISTENCE)).initialize();
    other = new pg.Client(database.url);
    await other.connect();
    log = [];
  });
  afterEach(async () => {
    await other.end();
    await dataSource.destroy();
    await database.drop();
  });
  const start = (waiting = WAIT) => migrate(dataSource, (line) => log.push(line), waiting);

  it('a start waits while another process migrates, logs it again and again, and then applies what is left', async () => {
    await other.query('BEGIN; SELECT pg_advisory_xact_lock(75917592)');
    const started = start({ ...WAIT, limitMs: 60_000 });
    while (log.length < 2) await wait(10);
    await other.query('COMMIT');
    await started;
    expect(await isMigrated(dataSource)).toBe(true);
    expect(new Set(log)).toEqual(
      new Set(['Waiting to migrate the database: another process migrates it (advisory lock 75917592).']),
    );
  });

  it('a start that waited too long fails with the reason', async () => {
    await other.query('SELECT pg_advisory_lock(75917592)');
    await expect(start()).rejects.toThrow(
      'it was not migrated within 0.6 s, because another process migrates it',
    );
  });
});
