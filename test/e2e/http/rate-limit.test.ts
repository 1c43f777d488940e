import { randomUUID } from 'node:crypto';
import { authorizationOf, basic } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  afterEach(() => registry.stop());

  const registerFrom = (forwardedFor?: string) =>
    registry.send('/v2/oauth/register', {
      body: {},
      headers: forwardedFor ? { 'x-forwarded-for': forwardedFor } : {},
    });

  it('counts registrations per address, and says when to retry', async () => {
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

  it('counts changes by registered software, which the audit log keeps', async () => {
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

  it('counts registrations that end themselves, too: each is a transaction', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '2/1m' });
    const { body } = await registerFrom();
    const end = () =>
      registry.send(`/v2/oauth/register/${body.client_id as string}`, { method: 'DELETE', key: 'wrong' });
    expect([(await end()).status, (await end()).status]).toEqual([401, 429]);
  });

  it('counts reads of registrations per address', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTRATION_READ: '3/1m' });
    const { body } = await registry.register({});
    const path = new URL(body.registration_client_uri as string).pathname;
    const read = (method: string, key: string) => registry.send(path, { method, key });
    const answers = [
      await read('GET', body.registration_access_token as string),
      await read('HEAD', body.registration_access_token as string),
      await read('GET', 'wrong'),
      await read('GET', body.registration_access_token as string),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 429]);
    expect(answers[0]!.headers.get('ratelimit')).toMatch(/^"registration-read";r=2;t=\d+$/);
    expect(answers[3]!.body.error_description).toMatch(
      /^Too many reads of registrations from this address\. /,
    );
    expect((await registry.register({})).status).toBe(201);
  });

  it('the default limit of reads of registrations is above normal use', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTRATION_READ: '' });
    const { headers } = await registry.send(`/v2/oauth/register/${randomUUID()}`, {
      method: 'GET',
      key: 'x',
    });
    expect(headers.get('ratelimit-policy')).toBe('"registration-read";q=600;w=60');
  });

  it('does not count clients created through REST', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m' });
    for (let i = 0; i < 3; i++) expect((await registry.createClient(aClient())).status).toBe(201);
  });

  describe('requests to /v2/oauth/clients', () => {
    const list = (key: string) => registry.send('/v2/oauth/clients', { method: 'GET', key });

    it('are limited per organization, across its keys and paths', async () => {
      registry = await Registry.start(engine, { RATE_LIMIT_ORG: '3/1m' });
      const [one, other] = [
        await registry.createKey({ orgId: 'acme' }),
        await registry.createKey({ orgId: 'acme' }),
      ];
      const neighbour = await registry.createKey();
      const path = '/v2/oauth/clients/01a20080-c163-717e-a4ad-7633ebbe7df6/secrets';
      const answers = [
        await list(one.apiKey),
        await registry.createClient({}, other.apiKey),
        await registry.send(path, { method: 'GET', key: one.apiKey }),
        await registry.createClient(aClient(), other.apiKey),
        await list(neighbour.apiKey),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 422, 404, 429, 200]);
      const refused = answers[3]!;
      const seconds = refused.headers.get('retry-after');
      expect(refused.body).toEqual({
        error: 'rate_limited',
        error_description: `Too many requests of this organization. Retry in ${seconds} s.`,
      });
      expect(refused.headers.get('ratelimit-policy')).toBe('"organization";q=3;w=60');
      expect(refused.headers.get('ratelimit')).toBe(`"organization";r=0;t=${seconds}`);
      expect(answers[0]!.headers.get('ratelimit')).toMatch(/^"organization";r=2;t=\d+$/);
      expect(await registry.rows('oauth_clients')).toBe(0);
    });

    it('of an authorization server do not count, since strangers cause them', async () => {
      registry = await Registry.start(engine, { RATE_LIMIT_ORG: '1/1m' });
      const service = await registry.createKey({ orgId: 'acme', role: 'service' });
      const member = await registry.createKey({ orgId: 'acme' });
      const path = '/v2/oauth/clients/01a20080-c163-717e-a4ad-7633ebbe7df6';
      const lookUp = () => registry.send(path, { method: 'GET', key: service.apiKey });
      for (let i = 0; i < 3; i++) {
        const answer = await lookUp();
        expect([answer.status, answer.headers.get('ratelimit')]).toEqual([404, null]);
      }
      expect([(await list(member.apiKey)).status, (await list(member.apiKey)).status]).toEqual([200, 429]);
      expect((await lookUp()).status).toBe(404);
    });

    it('do not count with invalid credentials, or from exempt addresses', async () => {
      registry = await Registry.start(engine, { RATE_LIMIT_ORG: '1/1m' });
      const { apiKey } = await registry.createKey();
      expect((await list('nonsense')).headers.get('ratelimit')).toBeNull();
      expect([(await list(apiKey)).status, (await list(apiKey)).status]).toEqual([200, 429]);
      await registry.stop();
      registry = await Registry.start(engine, { RATE_LIMIT_ORG: '1/1m', RATE_LIMIT_EXEMPT: '127.0.0.1' });
      const exempt = await registry.createKey();
      expect([(await list(exempt.apiKey)).status, (await list(exempt.apiKey)).status]).toEqual([200, 200]);
    });

    it('have a default limit above normal use', async () => {
      registry = await Registry.start(engine, { RATE_LIMIT_ORG: '' });
      const { headers } = await list((await registry.createKey()).apiKey);
      expect(headers.get('ratelimit-policy')).toBe('"organization";q=6000;w=60');
    });
  });

  it('ignores X-Forwarded-For without a trusted proxy', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m' });
    expect((await registerFrom('198.51.100.1')).status).toBe(201);
    expect((await registerFrom('198.51.100.2')).status).toBe(429);
  });

  it.each(['1', '127.0.0.1', '127.0.0.0/8'])('trusts the proxies of TRUST_PROXY=%s', async (trusted) => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m', TRUST_PROXY: trusted });
    expect((await registerFrom('198.51.100.1')).status).toBe(201);
    expect((await registerFrom('198.51.100.2')).status).toBe(201);
    expect((await registerFrom('198.51.100.2')).status).toBe(429);
    // The caller can send any value; only the address that the proxy appended counts
    expect((await registerFrom('203.0.113.9, 198.51.100.2')).status).toBe(429);
  });

  it('counts requests that are rejected before they register', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '2/1m' });
    expect((await registry.register({}, 'not-a-key')).status).toBe(401);
    expect((await registry.register('{')).status).toBe(400);
    expect((await registerFrom()).status).toBe(429);
    expect((await registry.register({}, 'not-a-key')).status).toBe(429);
  });

  it('ignores the port of an address, and counts invalid addresses as one caller', async () => {
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

  it.each([
    ['x'.repeat(5_000), '127.0.0.1'],
    [`fe80::1%${'x'.repeat(5_000)}`, 'fe80::1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['<script>', '127.0.0.1'],
  ])('an address that a proxy forwards is one: %#', async (forwarded, address) => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m', TRUST_PROXY: '1' });
    expect((await registerFrom(forwarded)).status).toBe(201);
    const [event] = await registry.dataSource.query<{ address: string }[]>(
      `SELECT address FROM audit_events WHERE action = 'client.created'`,
    );
    expect(event!.address).toBe(address);
    expect((await registerFrom(address)).status).toBe(429);
  });

  it('counts an IPv6 /64 as one caller', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m', TRUST_PROXY: '1' });
    expect((await registerFrom('2001:db8:1:2::1')).status).toBe(201);
    expect((await registerFrom('2001:db8:1:2:ffff::9')).status).toBe(429);
    expect((await registerFrom('2001:db8:1:3::1')).status).toBe(201);
  });

  it('counts an IPv6 /48 as sixteen callers', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '1/1m', TRUST_PROXY: '1' });
    const answers = [];
    for (let i = 0; i < 18; i++) answers.push(await registerFrom(`2001:db8:1:${i.toString(16)}::1`));
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(16).fill(201), 429, 429]);
    expect(answers[17]!.headers.get('ratelimit-policy')).toBe('"register";q=16;w=60');
    expect((await registerFrom('2001:db8:2:1::1')).status).toBe(201);
    // A request rejected for one subscriber does not count toward the site
    for (let i = 0; i < 20; i++) await registerFrom('2001:db8:2:1::1');
    expect((await registerFrom('2001:db8:2:2::1')).status).toBe(201);
  });

  it('returns the remaining quota in every reply (draft-ietf-httpapi-ratelimit-headers-11)', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_REGISTER: '2/1h', RATE_LIMIT_GRAPHQL: '5/10s' });
    const told = ({ headers }: Answer) => [headers.get('ratelimit-policy'), headers.get('ratelimit')];
    const T_HOUR = expect.stringMatching(/^"register";r=\d;t=(3600|359\d)$/);
    expect(told(await registerFrom())).toEqual(['"register";q=2;w=3600', T_HOUR]);
    const bad = await registry.register('{');
    expect([bad.status, ...told(bad)]).toEqual([400, '"register";q=2;w=3600', T_HOUR]);
    const refused = await registerFrom();
    expect([refused.status, ...told(refused)]).toEqual([429, '"register";q=2;w=3600', T_HOUR]);
    expect(refused.headers.get('ratelimit')).toContain(`r=0;t=${refused.headers.get('retry-after')}`);
    expect(told(await registry.graphql('{ __typename }'))).toEqual([
      '"graphql";q=5;w=10',
      expect.stringMatching(/^"graphql";r=4;t=(10|9)$/),
    ]);
    expect(told(await registry.createClient(aClient()))).toEqual([null, null]);
  });

  it('exempts and raises addresses that many users share', async () => {
    registry = await Registry.start(engine, {
      RATE_LIMIT_REGISTER: '1/1m',
      RATE_LIMIT_EXEMPT: '198.51.100.0/24',
      RATE_LIMIT_RAISED: '198.51.0.0/16=9 203.0.113.7=3 2001:db8::/32=2',
      TRUST_PROXY: '1',
    });
    const allowed = async (address: string) => {
      for (let i = 0; i < 5; i++) if ((await registerFrom(address)).status === 429) return i;
      return Infinity;
    };
    expect(await allowed('198.51.100.9')).toBe(Infinity);
    expect(await allowed('203.0.113.7')).toBe(3);
    expect(await allowed('::ffff:203.0.113.7')).toBe(0);
    expect(await allowed('203.0.113.8')).toBe(1);
    expect(await allowed('2001:db8::1')).toBe(2);
    expect(await allowed('not-an-address')).toBe(1);
    expect((await registerFrom('198.51.100.9')).headers.get('ratelimit')).toBeNull();
  });

  it('counts GraphQL requests, and rejects them with a GraphQL error', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_GRAPHQL: '2/1m' });
    expect((await registry.graphql('{ __typename }')).status).toBe(200);
    expect((await registry.graphql('{ __typename }', {}, null)).status).toBe(401);
    const refused = await registry.graphql('{ __typename }');
    const retryAfter = refused.headers.get('retry-after');
    expect({ status: refused.status, body: refused.body }).toEqual({
      status: 429,
      body: {
        errors: [
          {
            message: `Too many requests from this address. Retry in ${retryAfter} s.`,
            extensions: { code: 'RATE_LIMITED' },
          },
        ],
      },
    });
    expect((await registry.createClient(aClient())).status).toBe(201);
  });

  it.each(['GET', 'HEAD', 'POST'])('counts GraphQL requests of strangers: %s', async (method) => {
    registry = await Registry.start(engine, { RATE_LIMIT_GRAPHQL: '2/1m' });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await registry.send('/graphql?query=a', { method })).status);
    expect(statuses).toEqual([401, 401, 429]);
  });

  describe('invalid credentials', () => {
    const LIMIT = { RATE_LIMIT_FAILED_AUTH: '3/1m' };
    const interfaces = (key: string | null) => [
      () => registry.createClient(aClient(), key!),
      () => registry.register({}, key),
      () => registry.graphql('{ __typename }', {}, key),
      () => registry.send(`/v2/oauth/register/${randomUUID()}`, { method: 'GET', key }),
    ];

    it('are counted on every interface; beyond the limit all credentials are rejected without a check', async () => {
      registry = await Registry.start(engine, LIMIT);
      const statuses = [];
      for (const send of interfaces('bad')) statuses.push((await send()).status);
      expect(statuses).toEqual([401, 401, 401, 429]);
      for (const send of interfaces(registry.adminKey)) {
        const { status, headers } = await send();
        expect([status, headers.get('ratelimit-policy')]).toEqual([429, '"failed-auth";q=3;w=60']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect((await registry.graphql('{ __typename }')).body.errors[0].extensions.code).toBe('RATE_LIMITED');
      // Requests without credentials are not limited
      expect((await registry.register({})).status).toBe(201);
    });

    it.each([
      ['GET', '/v2/oauth/clients'],
      ['POST', '/v2/oauth/clients'],
      ['POST', '/v2/oauth/register'],
      ['PUT', `/v2/oauth/register/${randomUUID()}`],
      ['POST', '/graphql'],
    ])(
      'are counted on arrival, so that concurrent ones do not exceed the limit: %s %s',
      async (method, path) => {
        registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '5/1m' });
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, i) =>
            registry.send(path, { method, key: `bad-${i}`, ...(method !== 'GET' && { body: {} }) }),
          ),
        );
        const judged = answers.filter(({ status }) => status === 401).length;
        const refused = answers.filter(({ status }) => status === 429).length;
        expect({ judged, refused }).toEqual({ judged: 5, refused: 95 });
      },
    );

    it('of a sign-in are counted on arrival, too', async () => {
      registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '5/1m' });
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          registry.send('/admin/session', { body: { api_key: `bad-${i}` } }),
        ),
      );
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    });

    it('do not reject concurrent valid credentials that are new', async () => {
      registry = await Registry.start(engine, LIMIT);
      const keys = await Promise.all(Array.from({ length: 10 }, () => registry.createKey()));
      const answers = await Promise.all(
        [...keys, ...keys, ...keys].map(({ apiKey }) => registry.createClient(aClient(), apiKey)),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    });

    it('do not include requests without credentials', async () => {
      registry = await Registry.start(engine, LIMIT);
      for (let i = 0; i < 5; i++) {
        expect((await registry.send('/v2/oauth/clients', { method: 'GET' })).status).toBe(401);
      }
      expect((await registry.createClient(aClient())).status).toBe(201);
    });

    it('do not lock out recently valid credentials of the same address', async () => {
      registry = await Registry.start(engine, LIMIT);
      const { apiKey } = await registry.createKey();
      const { value: token } = await registry.createInitialAccessToken();
      const { body } = await registry.register({}, token);
      const readSelf = () =>
        registry.send(new URL(body.registration_client_uri as string).pathname, {
          method: 'GET',
          key: body.registration_access_token,
        });
      expect((await registry.createClient(aClient(), apiKey)).status).toBe(201);
      expect((await readSelf()).status).toBe(200);
      for (let i = 0; i < 5; i++) await registry.createClient(aClient(), `bad-${i}`);
      expect((await registry.createClient(aClient(), apiKey)).status).toBe(201);
      expect((await registry.register({}, token)).status).toBe(201);
      expect((await readSelf()).status).toBe(200);
      expect((await registry.createClient(aClient())).status).toBe(429);
    });

    it('do not lock out recently valid credentials after any number of those that anonymous clients make', async () => {
      registry = await Registry.start(engine, LIMIT, { maxRememberedCredentials: 5 });
      const { token, register: registerPublic } = authorizationOf(() => registry);
      const isJudged = async (send: () => Promise<Answer>) => (await send()).status !== 429;
      const { apiKey } = await registry.createKey();
      const { value: initial } = await registry.createInitialAccessToken();
      const { body: owned } = await registry.register({}, initial);
      const { body: created } = await registry.createClient(aClient(), apiKey);
      const read = (client: Answer['body']) =>
        registry.send(new URL(client.registration_client_uri as string).pathname, {
          method: 'GET',
          key: client.registration_access_token,
        });
      const authenticate = (id: string, secret: string) =>
        token({ grant_type: 'client_credentials' }, basic(id, secret));
      const senders = [
        () => registry.createClient(aClient(), apiKey),
        () => read(owned),
        () => authenticate(created.data.client_id as string, created.data.client_secret as string),
      ];
      for (const send of senders) expect(await isJudged(send)).toBe(true);
      for (let i = 0; i < 6; i++) {
        const { body } = await registry.register({});
        expect((await read(body)).status).toBe(200);
        const { id, secret } = await registerPublic({ token_endpoint_auth_method: 'client_secret_basic' });
        await authenticate(id, secret!);
      }
      for (let i = 0; i < 5; i++) await registry.createClient(aClient(), `bad-${i}`);
      for (const send of senders) expect(await isJudged(send)).toBe(true);
      expect(await isJudged(() => registry.createClient(aClient(), 'bad'))).toBe(false);
    });

    it('do not lock out recently valid credentials after any number of those of another organization', async () => {
      registry = await Registry.start(engine, LIMIT, { maxRememberedCredentials: 5 });
      const create = async (key: string) => (await registry.createClient(aClient(), key)).status;
      const { apiKey } = await registry.createKey();
      expect(await create(apiKey)).toBe(201);
      for (let i = 0; i < 6; i++) {
        const { apiKey: other } = await registry.createKey({ orgId: 'other' });
        expect(await create(other)).toBe(201);
      }
      for (let i = 0; i < 5; i++) await create(`bad-${i}`);
      expect(await create(apiKey)).toBe(201);
      expect(await create('bad')).toBe(429);
    });

    it('do not include valid ones that are sent to the wrong interface', async () => {
      registry = await Registry.start(engine, LIMIT);
      const { apiKey } = await registry.createKey();
      const { body } = await registry.register({});
      const path = new URL(body.registration_client_uri as string).pathname;
      const token = body.registration_access_token as string;
      const send = (key: string) => registry.send(path, { method: 'GET', key });
      expect([(await registry.createClient(aClient(), apiKey)).status, (await send(token)).status]).toEqual([
        201, 200,
      ]);
      for (let i = 0; i < 5; i++) {
        expect((await send(apiKey)).status).toBe(401);
        expect((await registry.createClient(aClient(), token)).status).toBe(401);
      }
      expect((await registry.createClient(aClient())).status).toBe(201);
      // Both are still exempt from a limit that others exceed
      for (let i = 0; i < 5; i++) await registry.createClient(aClient(), `bad-${i}`);
      expect((await registry.createClient(aClient(), apiKey)).status).toBe(201);
      expect((await send(token)).status).toBe(200);
      expect((await registry.createClient(aClient())).status).toBe(201);
      expect((await registry.createClient(aClient(), 'new')).status).toBe(429);
    });

    it('are not remembered as valid without a check, and not after a failed one', async () => {
      registry = await Registry.start(engine, LIMIT);
      const { apiKey, id } = await registry.createKey();
      expect((await registry.createClient(aClient(), apiKey)).status).toBe(201);
      const admin = () => registry.graphql(`mutation { revokeApiKey(id: "${id}") { apiKey { id } } }`);
      expect((await admin()).body.errors).toBeUndefined();
      // A path that is open, one that does not exist, and a preflight say nothing of credentials
      for (const path of ['/health/live', '/v2/nothing']) {
        await registry.send(path, { method: 'GET', key: 'bad' });
      }
      expect((await registry.send('/v2/oauth/register', { method: 'OPTIONS', key: 'bad' })).status).toBe(204);
      expect((await registry.createClient(aClient(), 'bad')).status).toBe(401);
      expect((await registry.createClient(aClient(), apiKey)).status).toBe(401);
      expect((await registry.createClient(aClient(), 'worse')).status).toBe(401);
      expect((await registry.createClient(aClient(), 'bad')).status).toBe(429);
      expect((await registry.createClient(aClient(), apiKey)).status).toBe(429);
    });
  });
});
