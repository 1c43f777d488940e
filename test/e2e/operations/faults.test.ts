import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { WriteQueue } from '../../../src/database/writes/write-queue.js';
import { asPostgresAdmin, connectTo, createDatabase, type Engine } from '../../support/databases.js';
import { Load } from '../../support/load.js';
import { Program } from '../../support/process.js';
import { Proxy } from '../../support/network/proxy.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';
import { storedIn } from '../../support/stored.js';
import { until } from '../../support/until.js';

/** PostgreSQL's own; shorter than in production, as are the timeouts that follow from it. */
const TIMEOUTS = 'statement_timeout=1000&connect_timeout=1';
/** Liveness replies at once during every fault. */
const LIVE_WITHIN_MS = 1_000;
const RECOVERED_WITHIN_MS = 5_000;

/** Metadata that need a page of SQLite for themselves, so that none finds room in a full database by luck. */
const LARGE = {
  redirect_uris: Array.from({ length: 50 }, (_, i) => `https://a.example/${i}/${'x'.repeat(150)}`),
};

/** Something that goes wrong with the database, and how it is made to. */
interface Fault {
  name: string;
  /** What readers get meanwhile. */
  reads: 200 | 503;
  /** Every reply arrives in this time. */
  withinMs: number;
  begin: (surroundings: Surroundings) => unknown;
  end: (surroundings: Surroundings) => unknown;
}

/** What a fault can be made with. */
interface Surroundings {
  registry: Registry;
  /** PostgreSQL: in front of the database. */
  proxy: Proxy;
  /** PostgreSQL: the name of the database. */
  name: string;
  /** What the beginning of a fault leaves to its end. */
  other: pg.Client | ChildProcess | undefined;
}

/** Requests while connections are lost, of each of so many callers. */
const LOSSY_CALLERS = 8;
const LOSSY_CALLS = 8;

const endConnections = (name: string) =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`;
const throwOut = ({ name }: Surroundings) => asPostgresAdmin(endConnections(name));

const POSTGRES_FAULTS: Fault[] = [
  {
    name: 'is gone, so that connections are cut and refused',
    reads: 503,
    withinMs: 2_000,
    begin: ({ proxy }) => proxy.refuse(),
    end: ({ proxy }) => proxy.accept(),
  },
  {
    name: 'is gone without a word, so that nothing is answered any more',
    reads: 503,
    withinMs: 10_000,
    begin: ({ proxy }) => proxy.stall(),
    end: ({ proxy }) => proxy.unstall(),
  },
  {
    name: 'is slow',
    reads: 503,
    withinMs: 10_000,
    begin: ({ proxy }) => proxy.delay(2_000),
    end: ({ proxy }) => proxy.delay(0),
  },
  {
    name: 'is read-only',
    reads: 200,
    withinMs: 2_000,
    begin: async (surroundings) => {
      await asPostgresAdmin(`ALTER DATABASE ${surroundings.name} SET default_transaction_read_only = on`);
      await throwOut(surroundings);
    },
    end: async (surroundings) => {
      await asPostgresAdmin(`ALTER DATABASE ${surroundings.name} RESET default_transaction_read_only`);
      await throwOut(surroundings);
    },
  },
  {
    name: 'is out of connections',
    reads: 503,
    withinMs: 2_000,
    begin: async (surroundings) => {
      await asPostgresAdmin(`ALTER DATABASE ${surroundings.name} CONNECTION LIMIT 0`);
      await throwOut(surroundings);
    },
    end: ({ name }) => asPostgresAdmin(`ALTER DATABASE ${name} CONNECTION LIMIT -1`),
  },
  {
    name: 'is locked by another process for longer than the statement timeout',
    reads: 503,
    withinMs: 5_000,
    begin: async (surroundings) => {
      const other = new pg.Client(`${process.env.TEST_POSTGRES_URL}/${surroundings.name}`);
      other.on('error', () => undefined);
      await other.connect();
      await other.query('BEGIN; LOCK TABLE oauth_clients, migrations IN ACCESS EXCLUSIVE MODE');
      surroundings.other = other;
    },
    end: ({ other }) => (other as pg.Client).end(),
  },
];

/** Holds the one lock that writers of SQLite need, in another process. */
const LOCKER = `
  import Database from 'better-sqlite3';
  const database = new Database(process.argv[1], { timeout: 5000 });
  database.exec('BEGIN IMMEDIATE');
  console.log('locked');
  process.stdin.resume();
`;

const pathOf = ({ registry }: Surroundings) => registry.dataSource.options.database as string;
const transactionsOf = ({ registry }: Surroundings) => registry.app.get(WriteQueue, { strict: false });
/** On both connections: that of everyone, and that of the thread that writes. */
async function pragma(surroundings: Surroundings, text: string): Promise<void> {
  await transactionsOf(surroundings).runStatements([{ sql: `PRAGMA ${text}`, rows: [[]] }]);
  await surroundings.registry.dataSource.query(`PRAGMA ${text}`);
}

const SQLITE_FAULTS: Fault[] = [
  {
    name: 'is full',
    reads: 200,
    withinMs: 2_000,
    begin: async (surroundings) => {
      const [{ page_count: pages }] = await surroundings.registry.dataSource.query('PRAGMA page_count');
      await pragma(surroundings, `max_page_count = ${pages}`);
      // What was there for one that happened to need a page more may do for the next
      let refusals = 0;
      await until(async () => {
        const { status } = await surroundings.registry.register(LARGE);
        refusals = status === 503 ? refusals + 1 : 0;
        return refusals === 5;
      }, 10_000);
    },
    end: (surroundings) => pragma(surroundings, 'max_page_count = 1000000'),
  },
  {
    name: 'is read-only',
    reads: 200,
    withinMs: 2_000,
    begin: (surroundings) => pragma(surroundings, 'query_only = on'),
    end: async (surroundings) => {
      await surroundings.registry.dataSource.query('PRAGMA query_only = off');
      // Its connection would not begin a transaction; the next caller gets another one
      await transactionsOf(surroundings).onApplicationShutdown();
    },
  },
  {
    name: 'is locked by another process for longer than anybody waits',
    reads: 200,
    withinMs: 12_000,
    begin: async (surroundings) => {
      const other = spawn(process.execPath, ['--input-type=module', '-e', LOCKER, pathOf(surroundings)]);
      await once(other.stdout, 'data');
      surroundings.other = other;
    },
    end: async ({ other }) => {
      (other as ChildProcess).kill();
      await once(other as ChildProcess, 'close');
    },
  },
  {
    name: 'is gone: its file was moved away',
    reads: 200,
    withinMs: 2_000,
    begin: (surroundings) => rename(pathOf(surroundings), `${pathOf(surroundings)}.away`),
    end: (surroundings) => rename(`${pathOf(surroundings)}.away`, pathOf(surroundings)),
  },
];

describe.each<[Engine, Fault[]]>([
  ['postgres', POSTGRES_FAULTS],
  ['sqlite', SQLITE_FAULTS],
])('on %s', (engine, faults) => {
  let registry: Registry;
  let surroundings: Surroundings;
  let role: string | undefined;
  let load: Load | undefined;
  beforeEach(async () => {
    if (engine === 'sqlite') {
      registry = await Registry.start(engine);
      surroundings = { registry, proxy: undefined as never, name: '', other: undefined };
      return;
    }
    const { hostname, port } = new URL(process.env.TEST_POSTGRES_URL!);
    const proxy = await Proxy.start({ host: hostname, port: Number(port) });
    // No superuser, since limits of connections do not hold for one
    role = `role_${randomUUID().replaceAll('-', '')}`;
    await asPostgresAdmin(`CREATE ROLE ${role} LOGIN PASSWORD 'role'`);
    let name = '';
    registry = await Registry.start(engine, {}, {}, async (url) => {
      name = new URL(url).pathname.slice(1);
      await asPostgresAdmin(`ALTER DATABASE ${name} OWNER TO ${role}`);
      return `postgres://${role}:role@127.0.0.1:${proxy.port}/${name}?${TIMEOUTS}`;
    });
    surroundings = { registry, proxy, name, other: undefined };
  });
  afterEach(async () => {
    await load?.stop();
    await registry.stop();
    await surroundings.proxy?.stop();
    if (role !== undefined) await asPostgresAdmin(`DROP ROLE ${role}`);
  });

  const calls = {
    register: () => registry.register(LARGE),
    create: () => registry.createClient(aClient(LARGE)),
    get: (id: string) => registry.send(`/v2/oauth/clients/${id}`, { method: 'GET', key: registry.adminKey }),
    graphql: () => registry.graphql('{ oauthClients(first: 1) { nodes { clientId } } }'),
  };
  const callAll = async (id: string) => ({
    register: statusOf(await calls.register()),
    create: statusOf(await calls.create()),
    get: statusOf(await calls.get(id)),
    graphql: statusOf(await calls.graphql()),
  });
  const health = (path: 'ready' | 'live') => registry.send(`/health/${path}`, { method: 'GET' });
  const isReady = async () => (await health('ready')).status === 200;
  const WELL = { register: 201, create: 201, get: 200, graphql: 200 };

  it.each(faults)(
    'callers are told to try again while the database $name; then all is well, and as they were told',
    async ({ reads, withinMs, begin, end }) => {
      const { body } = await calls.create();
      const id = body.data.client_id as string;
      load = new Load(registry.url, registry.adminKey);
      await wait(300);

      await begin(surroundings);
      const untilNotReady = until(async () => !(await isReady()), withinMs);
      const answers = await Promise.all(
        Object.entries(calls).map(async ([name, call]) => {
          const start = performance.now();
          const answer = await call(id);
          return { name, answer, ms: performance.now() - start };
        }),
      );
      expect(Object.fromEntries(answers.map(({ name, answer }) => [name, statusOf(answer)]))).toEqual({
        register: 503,
        create: 503,
        get: reads,
        graphql: reads,
      });
      for (const { answer, ms } of answers) {
        expect(ms).toBeLessThan(withinMs);
        if (answer.status === 503) expectRefusal(answer);
      }
      await untilNotReady;
      const start = performance.now();
      expect((await health('live')).status).toBe(200);
      expect(performance.now() - start).toBeLessThan(LIVE_WITHIN_MS);

      await end(surroundings);
      await until(async () => (await isReady()) && isWell(await callAll(id)), RECOVERED_WITHIN_MS);
      expect(await callAll(id)).toEqual(WELL);
      const acknowledged = await load.stop();
      // Those that waited until the end of the fault may all have succeeded
      expect(load.statuses).toContain(201);
      expect([...load.statuses].filter((status) => ![201, 503].includes(status))).toEqual([]);
      await expectWhole(registry.dataSource, acknowledged);
    },
  );

  const isWell = (statuses: object) => JSON.stringify(statuses) === JSON.stringify(WELL);

  it('a write is dropped when its caller disconnects while the database is locked', async () => {
    const { begin, end } = faults.find(({ name }) => name.includes('locked'))!;
    await begin(surroundings);
    const hangUp = new AbortController();
    const callers: Promise<unknown>[] = [];
    for (let i = 0; i < 10; i++) {
      const request = { method: 'POST', signal: hangUp.signal };
      callers.push(fetch(`${registry.url}/v2/oauth/register`, request).catch(() => undefined));
      // The batch of the first is in progress when the others come, and for less than a second when they go
      if (i === 0) await wait(100);
    }
    await wait(100);
    hangUp.abort();
    await Promise.all(callers);
    await wait(100);
    await end(surroundings);
    await until(async () => (await calls.register()).status === 201, RECOVERED_WITHIN_MS);
    // The one that was acknowledged, and at most the two batches in progress when the others disconnected
    expect(await registry.rows('oauth_clients')).toBeLessThanOrEqual(3);
  });

  if (engine === 'sqlite') {
    it('repeated crashes of the write thread lose no acknowledged write and leave no partial one', async () => {
      load = new Load(registry.url, registry.adminKey);
      const { acknowledged } = load;
      for (let death = 0; death < 10 || !load.statuses.has(503); death++) {
        const before = acknowledged.length;
        await until(() => Promise.resolve(acknowledged.length > before + 10), RECOVERED_WITHIN_MS);
        await transactionsOf(surroundings).onApplicationShutdown();
      }
      await load.stop();
      expect(load.statuses).toEqual(new Set([201, 503]));
      await expectWhole(registry.dataSource, acknowledged);
    });
  }

  if (engine === 'postgres') {
    it('a lost connection gives a 503 with Retry-After at every step of a request', async () => {
      const { value: token } = await registry.createInitialAccessToken({ maxRegistrations: 100_000 });
      const key = registry.adminKey;
      const { body: managed } = await registry.register({ client_name: 'managed' });
      const { body: created } = await calls.create();
      const id = created.data.client_id as string;
      const path = `/v2/oauth/clients/${id}`;
      const secrets = `${path}/secrets`;
      const operations: Record<string, () => Promise<Answer>> = {
        ...calls,
        get: () => calls.get(id),
        registerWithToken: () => registry.register({}, token),
        managed: () =>
          registry.send(`/v2/oauth/register/${managed.client_id}`, {
            method: 'GET',
            key: managed.registration_access_token,
          }),
        change: () => registry.send(path, { method: 'PUT', key, body: { name: `n ${Math.random()}` } }),
        issueSecret: () => registry.send(secrets, { key, body: { expire_others_in: 0 } }),
        secrets: () => registry.send(secrets, { method: 'GET', key }),
        list: () => registry.send('/v2/oauth/clients', { method: 'GET', key }),
        deleteNew: async () => {
          const { status, body, ...rest } = await calls.create();
          if (status !== 201) return { status, body, ...rest };
          return registry.send(`/v2/oauth/clients/${body.data.client_id}`, { method: 'DELETE', key });
        },
        search: () => registry.graphql('{ oauthClients(filter: { nameContains: "x" }) { totalCount } }'),
        audit: () => registry.graphql('{ auditEvents(first: 5) { nodes { action } } }'),
        verify: () =>
          registry.graphql(
            `mutation { setOAuthClientVerified(clientId: "${id}", verified: ${Math.random() < 0.5}) { client { version } } }`,
          ),
        bulk: () =>
          registry.graphql(
            `mutation { disableOAuthClients(dryRun: false, filter: { nameContains: "none" }) { count } }`,
          ),
        signIn: () =>
          registry.send('/admin/session', { headers: { origin: registry.url }, body: { api_key: key } }),
        ready: () => health('ready'),
      };
      const without = await Promise.all(
        Object.entries(operations).map(async ([name, call]) => [name, statusOf(await call())] as const),
      );
      expect(without.filter(([, status]) => status >= 300)).toEqual([]);

      let isOver = false;
      const losing = (async () => {
        // One connection for all of them: to open one takes PostgreSQL longer
        const admin = new pg.Client(`${process.env.TEST_POSTGRES_URL}/postgres`);
        await admin.connect();
        while (!isOver) {
          await admin.query(endConnections(surroundings.name));
          await wait(5 + Math.random() * 30);
        }
        await admin.end();
      })();
      const told = new Map<string, number>();
      const unexpected: unknown[] = [];
      await Promise.all(
        Object.entries(operations).flatMap(([name, call]) =>
          Array.from({ length: LOSSY_CALLERS }, async () => {
            for (let i = 0; i < LOSSY_CALLS; i++) {
              const answer = await call();
              if (answer.status < 300 && answer.body?.errors === undefined) continue;
              if (answer.status === 503 && (name === 'ready' || answer.headers.get('retry-after') === '5')) {
                told.set(name, (told.get(name) ?? 0) + 1);
              } else unexpected.push([name, answer.status, answer.text.slice(0, 200)]);
            }
          }),
        ),
      );
      isOver = true;
      await losing;
      expect(unexpected).toEqual([]);
      // Each kind of transaction was among those that lost theirs
      expect([...told.keys()]).toEqual(
        expect.arrayContaining(['change', 'registerWithToken', 'create', 'get']),
      );
    });

    it('a failover in the middle of transactions loses nothing that was acknowledged, and leaves nothing by halves', async () => {
      load = new Load(registry.url, registry.adminKey);
      const { acknowledged } = load;
      for (let failover = 0; failover < 5; failover++) {
        await wait(100 + Math.random() * 200);
        if (failover % 2 === 0) await throwOut(surroundings);
        await surroundings.proxy.refuse();
        await wait(100);
        await surroundings.proxy.accept();
      }
      const before = acknowledged.length;
      await until(() => Promise.resolve(acknowledged.length > before + 10), RECOVERED_WITHIN_MS);
      await load.stop();
      expect(load.statuses).toEqual(new Set([201, 503]));
      await expectWhole(registry.dataSource, acknowledged);
    });
  }
});

it('two services that write to one file of SQLite lose nothing, and count as one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'registry-two-'));
  const database = await createDatabase('sqlite');
  const key = 'a-bootstrap-key-of-more-than-32-characters';
  const env = { PORT: '0', DATABASE_URL: database.url, BOOTSTRAP_API_KEY: key, RATE_LIMIT_REGISTER: 'off' };
  const programs = [0, 1].map(
    () => new Program('main.js', { cwd: directory, env: { ...env, LOG_LEVEL: 'silent' } }),
  );
  try {
    const urls = await Promise.all(programs.map((program) => program.says(/Listening on (http:\/\/\S+)/)));
    const loads = urls.map((url) => new Load(url, key));
    await wait(2_000);
    const acknowledged = (await Promise.all(loads.map((load) => load.stop()))).flat();
    expect(loads.map(({ statuses }) => [...statuses])).toEqual([[201], [201]]);
    for (const load of loads) expect(load.acknowledged.length).toBeGreaterThan(0);
    await Promise.all(programs.map((program) => program.stop()));
    const dataSource = await connectTo(database.url);
    await expectWhole(dataSource, acknowledged);
    await dataSource.destroy();
  } finally {
    for (const program of programs) program.signal('SIGKILL');
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
});

const statusOf = ({ status }: Answer) => status;

function expectRefusal({ headers, body }: Answer): void {
  expect(headers.get('retry-after')).toBe('5');
  const code = (body.error ?? body.errors[0].extensions.code) as string;
  expect(code.toLowerCase()).toBe('temporarily_unavailable');
}

/** Every client that was acknowledged is there, and each that is there has the secret and the event that it was born with. */
async function expectWhole(dataSource: DataSource, acknowledged: string[]): Promise<void> {
  const { clients, ofSecrets, ofEvents, counted, owned } = await storedIn(dataSource);
  const isThere = new Set(clients);
  expect(acknowledged.filter((id) => !isThere.has(id))).toEqual([]);
  expect(ofSecrets).toEqual(clients);
  expect(ofEvents).toEqual(clients);
  expect(counted).toBe(owned);
}
