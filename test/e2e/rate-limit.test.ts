import { onEachEngine } from '../support/databases.js';
import { aClient, Registry } from '../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  afterEach(() => registry.stop());

  const registerFrom = (forwardedFor?: string) =>
    registry.send('/v2/oauth/register', {
      body: {},
      headers: forwardedFor ? { 'x-forwarded-for': forwardedFor } : {},
    });

  it('counts registrations per address, and says when to come back', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '2/1m' });
    expect((await registerFrom()).status).toBe(201);
    expect((await registry.register({ client_name: 1 })).status).toBe(400);
    const refused = await registerFrom();
    expect({ status: refused.status, error: refused.body.error }).toEqual({
      status: 429,
      error: 'rate_limited',
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(await registry.rows('oauth_clients')).toBe(1);
  });

  it('counts what registered software changes of itself, too: each change is kept in the audit trail', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '2/1m' });
    const { body } = await registerFrom();
    const put = () =>
      registry.send(`/v2/oauth/register/${body.client_id as string}`, {
        method: 'PUT',
        key: 'wrong',
        body: { client_id: body.client_id },
      });
    expect([(await put()).status, (await put()).status]).toEqual([401, 429]);
  });

  it('does not count what customers create', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m' });
    for (let i = 0; i < 3; i++) expect((await registry.createClient(aClient())).status).toBe(201);
  });

  it('is not fooled by X-Forwarded-For, which anyone can send', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m' });
    expect((await registerFrom('198.51.100.1')).status).toBe(201);
    expect((await registerFrom('198.51.100.2')).status).toBe(429);
  });

  it.each(['1', '127.0.0.1', '127.0.0.0/8'])('believes the proxies of TRUST_PROXY=%s', async (trusted) => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m', TRUST_PROXY: trusted });
    expect((await registerFrom('198.51.100.1')).status).toBe(201);
    expect((await registerFrom('198.51.100.2')).status).toBe(201);
    expect((await registerFrom('198.51.100.2')).status).toBe(429);
    // The caller may write whatever it wants in front; what the proxy appended counts
    expect((await registerFrom('203.0.113.9, 198.51.100.2')).status).toBe(429);
  });

  it('counts requests that never get as far as registering', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '2/1m' });
    expect((await registry.register({}, 'not-a-key')).status).toBe(401);
    expect((await registry.register('{')).status).toBe(400);
    expect((await registerFrom()).status).toBe(429);
    expect((await registry.register({}, 'not-a-key')).status).toBe(429);
  });

  it('takes no port for a part of the address, and everything that is none for one caller', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m', TRUST_PROXY: '1' });
    const statuses = [];
    for (const address of [
      '192.0.2.1:1',
      '192.0.2.1:2',
      '[2001:db8::1]:5',
      '[2001:db8::2]:6',
      'unknown',
      '_x',
    ]) {
      statuses.push((await registerFrom(address)).status);
    }
    expect(statuses).toEqual([201, 429, 201, 429, 201, 429]);
  });

  it('takes an IPv6 network of 64 bits for one caller', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m', TRUST_PROXY: '1' });
    expect((await registerFrom('2001:db8:1:2::1')).status).toBe(201);
    expect((await registerFrom('2001:db8:1:2:ffff::9')).status).toBe(429);
    expect((await registerFrom('2001:db8:1:3::1')).status).toBe(201);
  });
});
