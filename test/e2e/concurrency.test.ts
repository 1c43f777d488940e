import Database from 'better-sqlite3';
import { Transactions } from '../../src/database/transactions.js';
import { onEachEngine } from '../support/databases.js';
import { aClient, Registry } from '../support/registry.js';

const CALLERS = 50;
/** `SOAK_SECONDS=60 npm test -- test/e2e/concurrency.test.ts` is the long form. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 2);

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  it(
    `${CALLERS} callers at once get nothing but 201, and every id that they got is in the database`,
    async () => {
      const { apiKey } = await registry.createKey();
      const end = Date.now() + SECONDS * 1000;
      const statuses = new Map<number, number>();
      const ids = new Set<string>();
      const callOn = async (caller: number) => {
        for (let i = 0; Date.now() < end; i++) {
          const isRegistration = (caller + i) % 2 === 0;
          const { status, body } = isRegistration
            ? await registry.register({ client_name: 'n' })
            : await registry.createClient(aClient(), apiKey);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          ids.add((isRegistration ? body.client_id : body.data.client_id) as string);
        }
      };
      await Promise.all(Array.from({ length: CALLERS }, (_, caller) => callOn(caller)));

      expect([...statuses.keys()]).toEqual([201]);
      expect(ids.size).toBe(statuses.get(201));
      const stored = await registry.dataSource.query<{ id: string }[]>('SELECT id FROM oauth_clients');
      expect(new Set(stored.map(({ id }) => id))).toEqual(ids);
      expect(await registry.rows('oauth_client_secrets')).toBe(ids.size);
    },
    (SECONDS + 30) * 1000,
  );

  if (engine === 'sqlite') {
    it('a disk that was full takes nothing with it that is acknowledged afterwards', async () => {
      const path = registry.dataSource.options.database as string;
      const [{ page_count: pages }] =
        await registry.dataSource.query<[{ page_count: number }]>('PRAGMA page_count');
      await registry.dataSource.query(`PRAGMA max_page_count = ${pages}`);
      let full = await registry.register({});
      for (let i = 0; full.status === 201 && i < 500; i++) full = await registry.register({});
      expect({ status: full.status, error: full.body.error }).toEqual({
        status: 503,
        error: 'temporarily_unavailable',
      });
      await registry.dataSource.query('PRAGMA max_page_count = 1000000');

      // Another process writes for longer than this one waits
      const other = new Database(path);
      other.exec('BEGIN IMMEDIATE');
      expect((await registry.register({})).status).toBe(503);
      other.exec('ROLLBACK');

      const { status, body } = await registry.register({});
      expect(status).toBe(201);
      const seen = other.prepare('SELECT id FROM oauth_clients WHERE id = ?').get(body.client_id);
      other.close();
      expect(seen).toEqual({ id: body.client_id });
    });
  }

  it('a transaction that fails takes nothing with it that another one was told of', async () => {
    const transactions = registry.app.get(Transactions, { strict: false });
    const insert = (id: string) =>
      `INSERT INTO api_keys (id, name, hash, hint, org_id, user_id, role, created_at)
       VALUES ('${id}', 'n', '${id}', 'hint', 'o', 'u', 'member', 0)`;
    let letGo = () => {};
    const isHeldUp = new Promise<void>((resolve) => (letGo = resolve));

    const failing = transactions.run(async (manager) => {
      await manager.query(insert('rolled-back'));
      await isHeldUp;
      throw new Error('on purpose');
    });
    const good = transactions.run((manager) => manager.query(insert('kept')));
    letGo();

    await expect(failing).rejects.toThrow('on purpose');
    await good;
    const rows = await registry.dataSource.query<{ id: string }[]>(
      `SELECT id FROM api_keys WHERE id IN ('rolled-back', 'kept')`,
    );
    expect(rows).toEqual([{ id: 'kept' }]);
  });
});
