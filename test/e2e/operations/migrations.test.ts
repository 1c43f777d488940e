import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { readConfig } from '../../../src/config/variables.js';
import { dataSourceOptions } from '../../../src/database/connection/data-source-options.js';
import { isMigrated, migrate } from '../../../src/database/connection/migrate.js';
import { openDatabase } from '../../../src/database/connection/open-database.js';
import { PERSISTENCE } from '../../../src/persistence.js';
import { createDatabase, onEachEngine, type TestDatabase } from '../../support/databases.js';
import { Operator } from '../../support/graphql/operator.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { Registry } from '../../support/registry.js';

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

  it('a start waits while another process migrates, logs it repeatedly, and applies the remaining migrations', async () => {
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

  /** As by the releases up to 0.1.0, whose migrations make indexes in a transaction. */
  const LAST_OLD = 'TellUnusedClients1795568400000';
  const upgradeFromOld = async (work: () => Promise<unknown>) => {
    const all = dataSource.migrations.splice(0);
    const last = all.findIndex(({ name }) => name === LAST_OLD);
    dataSource.migrations.push(...all.slice(0, last + 1));
    await start();
    dataSource.migrations.splice(0, Infinity, ...all);
    await work();
  };
  const indexes = (client: { query(sql: string): Promise<unknown> }) =>
    client.query(
      `SELECT pg_get_indexdef(indexrelid) AS indexdef, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
       WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
    );

  it('an upgrade makes and drops indexes concurrently, and the same ones as a new database has', async () => {
    await upgradeFromOld(async () => {
      const statements = await statementsOf(dataSource, () => start());
      const ofIndexes = statements.filter((statement) =>
        /^(?:CREATE|DROP) (?:UNIQUE )?INDEX/.test(statement),
      );
      expect(ofIndexes.length).toBeGreaterThan(0);
      // Those of tables that are made by the same migration are empty
      const isBlocking = (statement: string) =>
        !statement.includes(' CONCURRENTLY ') &&
        !/ON "?(admin_sessions|client_assertions|oauth_tokens|oauth_grants|oauth_resources)/.test(statement);
      expect(ofIndexes.filter(isBlocking)).toEqual([]);
    });
    const upgraded = await indexes(dataSource);
    const database = await createDatabase('postgres');
    const { database: config } = readConfig({ DATABASE_URL: database.url });
    const fresh = await new DataSource(dataSourceOptions(config, PERSISTENCE)).initialize();
    await migrate(fresh, () => undefined);
    expect(await indexes(fresh)).toEqual(upgraded);
    await fresh.destroy();
    await database.drop();
  });

  it('concurrent upgrades run each migration once, and complete a failed one', async () => {
    await upgradeFromOld(async () => {
      // What CREATE INDEX CONCURRENTLY leaves where it fails
      await other.query('CREATE INDEX oauth_clients_verified ON oauth_clients (id)');
      await other.query(
        `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'oauth_clients_verified'::regclass`,
      );
      const { database: config } = readConfig({ DATABASE_URL: database.url });
      const another = await new DataSource(dataSourceOptions(config, PERSISTENCE)).initialize();
      const waiting = { ...WAIT, limitMs: 60_000 };
      await Promise.all([start(waiting), migrate(another, () => undefined, waiting)]);
      await another.destroy();
    });
    expect(await isMigrated(dataSource)).toBe(true);
    const { rows } = await other.query<{ name: string }>('SELECT name FROM migrations');
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    const made = (await indexes(dataSource)) as { indexdef: string; indisvalid: boolean }[];
    expect(made.filter(({ indisvalid }) => !indisvalid)).toEqual([]);
    expect(made.find(({ indexdef }) => indexdef.includes('oauth_clients_verified'))!.indexdef).toContain(
      'WHERE',
    );
  });

  it('a migration that waits for a table does not block later requests for long', async () => {
    await upgradeFromOld(async () => {
      await other.query('BEGIN; SELECT FROM oauth_clients FOR UPDATE');
      const started = start({ ...WAIT, limitMs: 60_000 });
      while (log.length === 0) await wait(10);
      expect(log[0]).toContain('a table is locked by other transactions');
      await other.query('COMMIT');
      await started;
    });
    expect(await isMigrated(dataSource)).toBe(true);
  });
});

onEachEngine((engine) => {
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeEach(async () => {
    database = await createDatabase(engine);
    const { database: config } = readConfig({ DATABASE_URL: database.url });
    dataSource = await new DataSource(dataSourceOptions(config, PERSISTENCE)).initialize();
  });
  afterEach(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.drop();
  });
  const start = () => migrate(dataSource, () => undefined, WAIT);

  /** Of the releases up to 0.1.0, and `console`, which came before the column was renamed. */
  const OLD_CHANNELS = ['rest', 'registration', 'graphql', 'console', 'cli', 'system'];
  /** More than the migration renames in one statement. */
  const JOB_EVENTS = 20_001;
  const idOf = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  /** Writes events as an older release does, all in one statement. */
  const writeAsBefore = (events: [n: number, channel: string][]) => {
    const rows = events.map(
      ([n, channel]) =>
        `('${idOf(n)}', 'system', NULL, '${channel}', 'client.purged', 'c', 't', NULL, NULL, '[]')`,
    );
    return dataSource.query(
      `INSERT INTO audit_events (id, actor_type, actor_id, door, action, client_id, target_id, address, request_id, changes)
       VALUES ${rows.join()}`,
    );
  };
  const countByChannel = async (column: string) => {
    const rows = await dataSource.query<{ name: string; n: string | number }[]>(
      `SELECT ${column} AS name, COUNT(*) AS n FROM audit_events GROUP BY 1`,
    );
    return Object.fromEntries(rows.map(({ name, n }) => [name, Number(n)]));
  };
  /** Where PostgreSQL keeps the rows: another file, once a table was rewritten. */
  const storage = () =>
    engine === 'sqlite' ? null : dataSource.query(`SELECT pg_relation_filenode('audit_events')`);

  it('events of before, and of older instances that still run, are found by their channel', async () => {
    const all = dataSource.migrations.splice(0);
    const first = all.findIndex(({ name }) => name === 'RenameDoorToChannel1796263200000');
    dataSource.migrations.push(...all.slice(0, first));
    await start();
    await writeAsBefore(OLD_CHANNELS.map((channel, n) => [n, channel]));
    for (let n = 1; n < JOB_EVENTS; n += 1_000) {
      await writeAsBefore(Array.from({ length: 1_000 }, (_, i) => [OLD_CHANNELS.length + n + i, 'system']));
    }
    const before = await countByChannel('door');
    expect(before).toEqual({ rest: 1, registration: 1, graphql: 1, console: 1, cli: 1, system: JOB_EVENTS });
    const file = await storage();

    dataSource.migrations.push(...all.slice(first));
    const statements = await statementsOf(dataSource, start);
    expect(statements.filter((sql) => sql.startsWith('UPDATE audit_events')).length).toBe(3);
    const { system: jobs, ...others } = before;
    expect(await countByChannel('channel')).toEqual({ ...others, job: jobs });
    expect(await storage()).toEqual(file);

    // An instance of 0.1.0 that is not replaced yet, or again after a rollback
    await writeAsBefore([
      [90_001, 'rest'],
      [90_002, 'system'],
    ]);
    const after = { ...others, rest: 2, job: jobs! + 1 };
    expect(await countByChannel('channel')).toEqual(after);
    expect(await dataSource.query('SELECT id FROM audit_events WHERE door IS NOT NULL')).toEqual([]);

    const registry = await Registry.start(engine, {}, {}, () => database.url);
    const operator = new Operator(registry);
    const found = async (channel: 'REST' | 'REGISTRATION' | 'CONSOLE' | 'JOB') =>
      (await operator.events({ channel, clientId: 'c' })).map((event) => [event.id, event.channel]);
    expect(await found('REST')).toEqual([idOf(90_001), idOf(0)].map((id) => [id, 'REST']));
    expect(await found('REGISTRATION')).toEqual([[idOf(1), 'REGISTRATION']]);
    expect(await found('CONSOLE')).toEqual([[idOf(3), 'CONSOLE']]);
    expect((await found('JOB'))[0]).toEqual([idOf(90_002), 'JOB']);
    await registry.stop();

    for (let undone = first; undone < all.length; undone++) {
      await dataSource.undoLastMigration({ transaction: engine === 'postgres' ? 'all' : 'none' });
    }
    // The bootstrap key of the service above is one more
    expect(await countByChannel('door')).toEqual({ ...others, rest: 2, system: after.job + 1 });
    await start();
    expect(await isMigrated(dataSource)).toBe(true);
  });
});

it('a database that is not UTF-8 is rejected with one line', async () => {
  const database = await createDatabase('postgres', `ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
  const { database: config } = readConfig({ DATABASE_URL: database.url });
  const message = await openDatabase(config, PERSISTENCE).then(
    () => 'opened',
    (error: Error) => error.message,
  );
  await database.drop();
  expect(message).toMatch(
    /^Cannot open the database \S+: its encoding is LATIN1; create one with ENCODING 'UTF8'.*$/,
  );
});
