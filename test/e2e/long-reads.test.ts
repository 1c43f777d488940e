import { batches, type BatchMessage } from '../../src/diagnostics/channels.js';
import { databaseUse } from '../../src/database/database-use.js';
import { LongReads } from '../../src/database/long-reads.js';
import { Transactions } from '../../src/database/transactions.js';
import { onEachEngine } from '../support/databases.js';
import { aClient, Registry } from '../support/registry.js';

/** Takes either database some tenths of a second. */
const COUNT = `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000000)
  SELECT COUNT(*) FROM numbers WHERE n <> :not`;
const COUNTED = 2_999_999;

onEachEngine((engine) => {
  let registry: Registry;
  let longReads: LongReads;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    longReads = registry.app.get(LongReads);
  });
  afterAll(() => registry.stop());

  const count = async () => Number((await longReads.runner('count')(COUNT, { not: 7 }))[0]![0]);

  it('while one goes through millions of rows, clients are created, registered, read and listed', async () => {
    let isOver = false;
    const counting = count().finally(() => (isOver = true));
    const statuses = new Set<number>();
    for (let i = 0; i < 5; i++) {
      const { status, body } = await registry.createClient(aClient());
      statuses.add(status);
      statuses.add((await registry.register({})).status);
      const path = `/v2/oauth/clients/${body.data.client_id}`;
      statuses.add((await registry.send(path, { method: 'GET', key: registry.adminKey })).status);
      statuses.add(
        (await registry.graphql('{ oauthClients(first: 5) { totalCount nodes { name } } }')).status,
      );
    }
    expect(isOver).toBe(false);
    expect(await counting).toBe(COUNTED);
    expect(statuses).toEqual(new Set([200, 201]));
  });

  /** How many long reads it takes. */
  const longReadsOf = async (query: string): Promise<number> => {
    let reads = 0;
    const note = (message: unknown) => {
      if ((message as BatchMessage).name === 'long read') reads++;
    };
    batches.subscribe(note);
    const { body } = await registry.graphql(query);
    batches.unsubscribe(note);
    expect(body.errors).toBeUndefined();
    return reads;
  };

  it.each([
    ['a part of a name', '{ oauthClients(filter: { nameContains: "a" }) { nodes { name } } }', 1],
    [
      'a page and the number of all that match',
      '{ oauthClients(filter: { status: ACTIVE }) { totalCount nodes { name } } }',
      2,
    ],
    ['counts of every kind', '{ oauthClientStats { total } }', 2],
    ['the audit trail', '{ auditEvents(filter: { door: REST }) { nodes { id } } }', 1],
  ])('%s is read where it keeps nobody else waiting', async (_what, query, reads) => {
    expect(await longReadsOf(query)).toBe(reads);
  });

  it('all clients, and their number, are read at once', async () => {
    expect(await longReadsOf('{ oauthClients { totalCount nodes { name } } }')).toBe(0);
  });

  it('reads see what was acknowledged before them', async () => {
    for (let i = 0; i < 20; i++) {
      const name = `seen ${i} `.padEnd(10, '.');
      await registry.createClient(aClient({ name }));
      const query = 'query ($name: String) { oauthClients(filter: { nameContains: $name }) { totalCount } }';
      const { body } = await registry.graphql(query, { name });
      expect(body.data.oauthClients.totalCount).toBe(1);
    }
  });

  if (engine === 'sqlite') {
    it('tells by its code what the driver did not like, and what a thread that was ended could not finish; the next are read', async () => {
      await expect(longReads.runner('bad')('SELECT nonsense', {})).rejects.toMatchObject({
        code: 'SQLITE_ERROR',
        message: 'no such column: nonsense',
      });
      const unfinished = expect(count()).rejects.toMatchObject({ code: 'ECONNRESET' });
      await new Promise((begun) => setTimeout(begun, 50));
      await longReads.onApplicationShutdown();
      await unfinished;
      expect(await count()).toBe(COUNTED);
    });
  } else {
    it('leave half of the connections to everybody else', async () => {
      const transactions = registry.app.get(Transactions);
      const { max } = databaseUse(registry.dataSource, transactions);
      const sleep = longReads.runner('sleep');
      const sleeping = Array.from({ length: max }, () => sleep('SELECT 1, pg_sleep(0.3)', {}));
      await new Promise((begun) => setTimeout(begun, 100));
      expect(databaseUse(registry.dataSource, transactions)).toMatchObject({ used: max / 2, waiting: 0 });
      expect((await Promise.all(sleeping)).map(([row]) => row![0])).toEqual(Array(max).fill(1));
    });
  }
});
