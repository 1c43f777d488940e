import { setTimeout as wait } from 'node:timers/promises';
import { authorizationOf, type TestClient } from '../../support/authorization.js';
import {
  connectTo,
  createDatabase,
  type Engine,
  onEachEngine,
  type TestDatabase,
} from '../../support/databases.js';
import { freePort } from '../../support/network/free-port.js';
import { directory, KEY, startProgramsPerTest } from '../../support/programs.js';
import { Program } from '../../support/process.js';
import { type Answer, sendTo, type Sending } from '../../support/registry.js';

const USERS = 8;
/** Of each user between two refreshes. */
const PAUSE_MS = 20;
/** Each run of the tests adds as many, at other moments. */
const KILLS = 3;
/** How long after the first acknowledged grant the process is killed at the latest. */
const LOAD_MS = 400;
/** Of all instances. `ROLLING_RESTARTS=10` takes some minutes. */
const ROLLING_RESTARTS = Number(process.env.ROLLING_RESTARTS ?? 2);
const INSTANCES: Record<Engine, number> = { sqlite: 1, postgres: 3 };

startProgramsPerTest();

/** An instance of the service that can be ended and started again at its address. */
class Instance {
  /** Whether the load balancer sends requests to it. */
  isUsed = true;
  private program!: Program;

  private constructor(
    private readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  static async start(env: Record<string, string>): Promise<Instance> {
    const instance = new Instance(await freePort(), env);
    await instance.start();
    return instance;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.program = new Program('main.js', { cwd: directory, env: { ...this.env, PORT: String(this.port) } });
    await this.program.says(/Listening on (http:\/\/\S+)/);
    this.isUsed = true;
  }

  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> {
    this.program.signal(signal);
    return this.program.ended;
  }
}

const isRefused = (error: unknown) =>
  ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';

/** What a client was told. */
interface Held {
  client: TestClient;
  accessToken: string;
  refreshToken: string;
}

function heldBy(client: TestClient, { status, body, text }: Answer): Held {
  if (status !== 200) throw new Error(`${status} ${text}`);
  return { client, accessToken: body.access_token as string, refreshToken: body.refresh_token as string };
}

onEachEngine((engine) => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let instances: Instance[];
  beforeEach(async () => {
    database = await createDatabase(engine);
    instances = [];
    env = {
      DATABASE_URL: database.url,
      BOOTSTRAP_API_KEY: KEY,
      PUBLIC_URL: 'http://localhost:9999',
      SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters',
      RATE_LIMIT_REGISTER: 'off',
      RATE_LIMIT_ORG: 'off',
      RATE_LIMIT_TOKEN: 'off',
      LOG_LEVEL: 'silent',
    };
  });
  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.end('SIGKILL')));
    await database.drop();
  });
  let turn = 0;
  /**
   * As a load balancer does: on a new connection, to the instances that are used in turn, and to the next one if a connection is refused.
   * Kept connections are subject of signals.test.ts.
   */
  async function send(path: string, sending?: Sending): Promise<Answer> {
    for (;;) {
      const instance = instances[turn++ % instances.length]!;
      try {
        if (instance.isUsed) {
          return await sendTo(instance.url, path, {
            ...sending,
            headers: { connection: 'close', ...sending?.headers },
          });
        }
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
      await wait(10);
    }
  }
  const { register, aCode, refresh, introspect } = authorizationOf(() => ({
    url: instances[0]!.url,
    adminKey: KEY,
    send,
  }));

  /** Refreshes until it is over. @throws Error if that fails */
  async function keepRefreshing(held: Held, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      Object.assign(held, heldBy(held.client, await refresh(held.client, held.refreshToken)));
      // Leaves some of the processors to instances that start
      await wait(PAUSE_MS);
    }
  }

  async function aHolder(): Promise<Held> {
    const client = await register();
    return heldBy(client, await (await aCode(client, KEY)).exchange());
  }

  it(`loses no grant and no token that was acknowledged before the process was killed under load, ${KILLS} times`, async () => {
    instances = [await Instance.start(env)];
    const granted: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const holders: Held[] = [];
      let isOver = false;
      let acknowledge = () => {};
      const first = new Promise<void>((done) => (acknowledge = done));
      const user = async (): Promise<void> => {
        while (!isOver) {
          const client = await register();
          const { exchange } = await aCode(client, KEY);
          granted.push(client.id);
          const held = heldBy(client, await exchange());
          holders.push(held);
          acknowledge();
          await keepRefreshing(held, () => isOver || Math.random() < 0.3);
        }
      };
      // A request that is sent when the process is killed fails
      const users = Array.from({ length: USERS }, () => user().catch(() => undefined));
      await first;
      await wait(Math.random() * LOAD_MS);
      isOver = true;
      await instances[0]!.end('SIGKILL');
      await instances[0]!.start();
      await Promise.all(users);
      for (const held of holders) {
        expect((await introspect(held.accessToken)).body.active).toBe(true);
        // Also where the reply to its use was lost
        expect((await refresh(held.client, held.refreshToken)).status).toBe(200);
      }
    }
    const dataSource = await connectTo(database.url);
    const rows = await dataSource.query<{ client_id: string }[]>('SELECT client_id FROM oauth_grants');
    await dataSource.destroy();
    const stored = new Set(rows.map((row) => row.client_id));
    expect(granted.filter((id) => !stored.has(id))).toEqual([]);
  }, 120_000);

  it(`fails no refresh while ${INSTANCES[engine]} of it are restarted in turn, ${ROLLING_RESTARTS} times`, async () => {
    instances = await Promise.all(Array.from({ length: INSTANCES[engine] }, () => Instance.start(env)));
    const holders = await Promise.all(Array.from({ length: USERS }, aHolder));
    let isOver = false;
    const refreshing = holders.map((held) => keepRefreshing(held, () => isOver));
    const failed = Promise.all(refreshing);
    // Its failure is awaited in the end
    failed.catch(() => undefined);
    for (let restart = 0; restart < ROLLING_RESTARTS; restart++) {
      for (const instance of instances) {
        // The port is closed at some moment: a connection that arrives in it is reset
        instance.isUsed = false;
        expect(await instance.end('SIGTERM')).toBe(0);
        await instance.start();
      }
    }
    isOver = true;
    await failed;
    for (const { accessToken } of holders) expect((await introspect(accessToken)).body.active).toBe(true);
  }, 240_000);
});
