import { randomUUID } from 'node:crypto';
import { SharedCounts } from '../../../src/http/rate-limits/shared-counts.js';
import { onEachEngine } from '../../support/databases.js';
import { Link, NO_REDIS, startRedis } from '../../support/backing-services/redis.js';
import { aClient, Registry } from '../../support/registry.js';
import { until } from '../../support/until.js';

/**
 * Far more than a count may take, and far less than anyone waits for. A busy machine delays a few requests for longer, and a service
 * that waits for Redis delays each: so the fastest is held to it.
 */
const SLOW_MS = 500;
const withRedis = NO_REDIS === null ? it : it.skip;
const noted = (name: string) => (NO_REDIS === null ? name : `${name} (${NO_REDIS})`);

let redis: { url: string; stop: () => void } | null = null;
let link: Link;
beforeAll(async () => {
  if (NO_REDIS === null) redis = await startRedis();
});
beforeEach(async () => {
  link = await Link.open(redis?.url ?? null);
});
afterEach(() => link.cut());
afterAll(() => redis?.stop());

/** An address of this test only: tests may share the Redis. */
const anAddress = () =>
  `2001:db8:${[0, 1, 2].map(() => Math.floor(Math.random() * 0xffff).toString(16)).join(':')}::1`;

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const begin = performance.now();
  return [await work, performance.now() - begin];
}

/** Instances count alone while Redis takes over 100 ms, as it may on a busy machine: then it is tried again, with new instances. */
async function repeated(check: () => Promise<void>): Promise<void> {
  for (let left = 3; ; left--) {
    try {
      return await check();
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

onEachEngine((engine) => {
  const registries: Registry[] = [];
  const start = async (limit: string, url = link.url) => {
    const registry = await Registry.start(engine, {
      RATE_LIMIT_REGISTER: limit,
      RATE_LIMIT_FAILED_AUTH: '2/1m',
      REDIS_URL: url,
      TRUST_PROXY: '1',
    });
    registries.push(registry);
    return registry;
  };
  afterEach(async () => {
    await Promise.all(registries.splice(0).map((registry) => registry.stop()));
  });
  const register = (registry: Registry, address: string, key: string | null = null) =>
    registry.send('/v2/oauth/register', { body: {}, key, headers: { 'x-forwarded-for': address } });

  withRedis(noted('counts what an organization asks of all instances as one'), () =>
    repeated(async () => {
      const env = { RATE_LIMIT_ORG: '3/1m', REDIS_URL: link.url };
      const [one, other] = [await Registry.start(engine, env), await Registry.start(engine, env)];
      registries.push(one, other);
      // Of no other run: the Redis may be shared
      const orgId = randomUUID();
      const keys = [(await one.createKey({ orgId })).apiKey, (await other.createKey({ orgId })).apiKey];
      const statuses = [];
      for (let i = 0; i < 4; i++) {
        const registry = i % 2 ? other : one;
        statuses.push(
          (await registry.send('/v2/oauth/clients', { method: 'GET', key: keys[i % 2]! })).status,
        );
      }
      expect(statuses).toEqual([200, 200, 200, 429]);
    }),
  );

  withRedis(noted('counts what an organization adds to the audit trail at all instances as one'), () =>
    repeated(async () => {
      const env = { RATE_LIMIT_AUDIT_BYTES: '8000/1h', REDIS_URL: link.url };
      const [one, other] = [await Registry.start(engine, env), await Registry.start(engine, env)];
      registries.push(one, other);
      /** How many clients are created at these instances in turn until both reject. */
      const created = async (instances: Registry[]) => {
        const orgId = randomUUID();
        const keys = await Promise.all(
          instances.map(async (registry) => (await registry.createKey({ orgId })).apiKey),
        );
        let count = 0;
        for (let i = 0; i < 40; i++) {
          const { status } = await instances[i % instances.length]!.createClient(
            aClient(),
            keys[i % keys.length],
          );
          if (status === 201) count++;
        }
        return count;
      };
      const atOne = await created([one]);
      expect(atOne).toBeGreaterThan(3);
      const atBoth = await created([one, other]);
      // The last one of each instance, which it could not know of
      expect(atBoth).toBeLessThanOrEqual(atOne + 1);
    }),
  );

  withRedis(noted('counts what all instances get as one'), () =>
    repeated(async () => {
      const [one, other] = [await start('3/1m'), await start('3/1m')];
      const address = anAddress();
      const answers = [];
      for (const registry of [one, other, one, other, one]) answers.push(await register(registry, address));
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429, 429]);
      expect(answers.map(({ headers }) => headers.get('ratelimit')?.split(';')[1])).toEqual([
        'r=2',
        'r=1',
        'r=0',
        'r=0',
        'r=0',
      ]);
    }),
  );

  withRedis(noted('counts bad credentials of all instances as one'), () =>
    repeated(async () => {
      const [one, other] = [await start('off'), await start('off')];
      const address = anAddress();
      expect((await register(one, address, 'bad')).status).toBe(401);
      expect((await register(other, address, 'bad')).status).toBe(401);
      // An instance learns of it with the next invalid credentials that it sees, so that valid ones cost no round trip
      expect([
        (await register(one, address, 'bad')).status,
        (await register(one, address, 'bad')).status,
      ]).toEqual([401, 429]);
      expect((await register(other, address, 'bad')).status).toBe(429);
    }),
  );

  withRedis.each(['cut', 'silence'] as const)(
    noted('goes on with what it knows when the connection is lost (%s), and shares again'),
    async (accident) => {
      const [one, other] = [await start('3/1m'), await start('3/1m')];
      const address = anAddress();
      expect((await register(one, address)).status).toBe(201);
      await link[accident]();
      const statuses = [];
      const times = [];
      for (const registry of [one, one, one, other, other, other, other]) {
        const [{ status }, ms] = await timed(register(registry, address));
        times.push(ms);
        statuses.push(status);
      }
      expect(Math.min(...times)).toBeLessThan(SLOW_MS);
      // One counts on from 1, other from nothing: it had not heard of the address
      expect(statuses).toEqual([201, 201, 429, 201, 201, 201, 429]);
      await link.mend();
      await until(async () => {
        const probe = anAddress();
        await register(one, probe);
        return (await register(other, probe)).headers.get('ratelimit')!.includes('r=1');
      });
    },
  );

  it.each(['connection refused', 'no reply'])('starts without Redis: %s', async (accident) => {
    if (accident === 'no reply') link.silence();
    const registry = await start('2/1m', accident === 'no reply' ? link.url : 'redis://127.0.0.1:1');
    const address = anAddress();
    const statuses = [];
    const times = [];
    for (let i = 0; i < 3; i++) {
      const [{ status }, ms] = await timed(register(registry, address));
      times.push(ms);
      statuses.push(status);
    }
    expect(Math.min(...times)).toBeLessThan(SLOW_MS);
    expect(statuses).toEqual([201, 201, 429]);
  });
});

describe('The log', () => {
  let counts: SharedCounts | undefined;
  let lines: string[];
  beforeEach(() => {
    lines = [];
  });
  afterEach(() => counts?.close());
  const open = async (url: string) => {
    const log = {
      info: (line: string) => void lines.push(`info ${line}`),
      warn: (line: string) => void lines.push(`warn ${line}`),
    };
    counts = await SharedCounts.open(url, log);
    return counts;
  };

  withRedis(noted('tells once that limits are no longer shared, and once that they are again'), async () => {
    const shared = await open(link.url);
    const key = randomUUID();
    // A slow machine may lose Redis for a moment before the test does
    const isShared = async () => (await shared.add(key, 60)) !== null;
    await until(isShared);
    lines.length = 0;
    link.silence();
    const all = await Promise.all(Array.from({ length: 50 }, () => shared.add(key, 60)));
    expect(all).toEqual(Array.from({ length: 50 }, () => null));
    // Later requests do not wait
    const later = [];
    for (let i = 0; i < 5; i++) later.push((await timed(shared.add(key, 60)))[1]);
    expect(Math.min(...later)).toBeLessThan(20);
    // Longer than an attempt to connect and the pause after it
    await new Promise((done) => setTimeout(done, 2_500));
    expect(lines).toEqual([
      'warn Redis is unavailable (Operation timed out): each instance applies the rate limits separately. See REDIS_URL.',
    ]);
    await link.mend();
    await until(isShared);
    expect(lines.slice(1)).toEqual([
      'info Redis is available again: rate limits are shared between instances.',
    ]);
  });

  withRedis(
    noted('does not take a busy process for a slow Redis: a burst must not end the sharing'),
    async () => {
      const shared = await open(redis!.url);
      await until(async () => (await shared.add(randomUUID(), 60)) !== null);
      lines.length = 0;
      const counting = shared.add(randomUUID(), 60);
      for (const until = performance.now() + 300; performance.now() < until;);
      expect(await counting).toMatchObject({ used: 1 });
      expect(lines).toEqual([]);
    },
  );

  it('logs a missing Redis once, without the password', async () => {
    const shared = await open('redis://user:hunter2@127.0.0.1:1');
    expect(await shared.add('x', 60)).toBeNull();
    await new Promise((done) => setTimeout(done, 1_500));
    expect(lines).toEqual([
      'warn Redis is unavailable (connect ECONNREFUSED 127.0.0.1:1): each instance applies the rate limits separately. See REDIS_URL.',
    ]);
  });

  withRedis(noted('says what Redis says to a wrong password, and not the password'), async () => {
    await open(
      redis!.url
        .replace('redis://', 'redis://unknown:hunter2@')
        .replace(/unknown:hunter2@.*@/, 'unknown:hunter2@'),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/WRONGPASS/);
    expect(lines[0]).not.toContain('hunter2');
  });
});
