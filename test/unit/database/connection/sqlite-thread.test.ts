import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { loadSqlite } from '../../../../src/database/connection/sqlite.js';
import { SqliteThread } from '../../../../src/database/connection/sqlite-thread.js';

const Database = loadSqlite();

describe('a thread with a connection to SQLite', () => {
  let directory: string;
  let connection: BetterSqlite3.Database;
  let thread: SqliteThread | undefined;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sqlite-thread-'));
    connection = new Database(join(directory, 'database.sqlite'));
    connection.pragma('journal_mode = WAL');
    connection.exec('CREATE TABLE clients (org TEXT, name TEXT UNIQUE)');
  });
  afterEach(async () => {
    await thread?.end();
    connection.close();
    await rm(directory, { recursive: true });
  });

  // As batches of new rows are inserted
  const sql = 'INSERT OR ROLLBACK INTO clients (org, name) VALUES (?, ?)';
  const insert = (...names: string[]) => [{ sql, rows: names.map((name) => ['o', name]) }];

  it('stores no partial batch, returns the error code, and continues', async () => {
    thread = new SqliteThread(connection);
    await thread.write(insert('a'));
    await expect(thread.write(insert('b', 'a'))).rejects.toMatchObject({
      code: 'SQLITE_CONSTRAINT_UNIQUE',
      message: 'UNIQUE constraint failed: clients.name',
    });
    await thread.write(insert('c'));
    const names = {
      sql: 'SELECT name FROM clients WHERE name <> :not ORDER BY name',
      parameters: { not: 'a' },
    };
    expect(await thread.read(names)).toEqual([['c']]);
  });

  it('runs tasks in order with their own results, and fails the remaining ones when it ends', async () => {
    thread = new SqliteThread(connection);
    const double = (n: number) => thread!.read({ sql: 'SELECT 2 * :n', parameters: { n } });
    const bad = thread
      .read({ sql: 'SELECT nonsense', parameters: {} })
      .catch(({ code }: { code: string }) => code);
    expect(await Promise.all([double(1), double(2), bad, double(3)])).toEqual([
      [[2]],
      [[4]],
      'SQLITE_ERROR',
      [[6]],
    ]);
    // Long enough to be in progress when the thread is ended
    const sql = `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000) SELECT COUNT(*) FROM numbers`;
    const ended = Promise.allSettled([thread.read({ sql, parameters: {} }), double(2)]);
    await thread.end();
    const outcomes = (await ended).map((outcome) => outcome.status === 'rejected' && outcome.reason);
    expect(outcomes).toEqual(Array(2).fill(expect.objectContaining({ code: 'ECONNRESET' })));
    expect(await double(4)).toEqual([[8]]);
  });

  it.each([
    ['as soon as its connection is old', 0, 'by_subject'],
    ['not before', undefined, 'by_kind'],
  ])('reads new planner statistics %s', async (_when, maxAgeMs, index) => {
    connection.exec(`CREATE TABLE events (kind TEXT, subject TEXT);
      CREATE INDEX by_subject ON events (subject); CREATE INDEX by_kind ON events (kind)`);
    const insert = connection.prepare('INSERT INTO events (kind, subject) VALUES (?, ?)');
    for (let i = 0; i < 1_000; i++) insert.run('always the same', String(i));
    thread = new SqliteThread(connection, maxAgeMs);
    const indexUsed = async () => {
      const sql = 'EXPLAIN QUERY PLAN SELECT * FROM events WHERE kind = :kind AND subject = :subject';
      const [step] = await thread!.read({ sql, parameters: { kind: 'always the same', subject: '7' } });
      return /USING INDEX (\w+)/.exec(String(step![3]))?.[1];
    };
    expect(await indexUsed()).toBe('by_kind');
    connection.exec('ANALYZE');
    expect(await indexUsed()).toBe(index);
  });
});
