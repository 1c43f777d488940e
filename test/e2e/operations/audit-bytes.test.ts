import { onEachEngine } from '../../support/databases.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';

const LIMIT = 20_000;
const CONFIDENTIAL = {
  redirect_uris: ['https://app.example/cb'],
  token_endpoint_auth_method: 'client_secret_basic',
};
/** As large as a client can be. */
const large = (mark: string) => ({
  redirect_uris: Array.from({ length: 30 }, (_, i) => `https://example.com/${mark}/${i}/${'x'.repeat(1900)}`),
});

onEachEngine((engine) => {
  let registry: Registry;
  /** Without that limit. */
  let unlimited: Registry;
  beforeAll(async () => {
    unlimited = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: 'off' });
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: `${LIMIT}/1h` });
  });
  afterAll(() => Promise.all([registry.stop(), unlimited.stop()]));

  const storedBytes = async (of: Registry) => {
    const [row] = await of.dataSource.query<{ n: string | number | null }[]>(
      'SELECT SUM(LENGTH(changes)) AS n FROM audit_events',
    );
    return Number(row!.n ?? 0);
  };

  it('a change of 60 kB adds less than 3 kB to the audit log, and GraphQL shows added and removed entries', async () => {
    const { apiKey: key } = await unlimited.createKey();
    const body = aClient({ ...large('before'), allowed_grant_types: ['authorization_code'] });
    const created = await unlimited.createClient(body, key);
    const id = created.body.data.client_id as string;
    const before = await storedBytes(unlimited);
    const path = `/v2/oauth/clients/${id}`;
    const { status } = await unlimited.send(path, { method: 'PUT', key, body: large('after') });
    expect(status).toBe(200);
    expect((await storedBytes(unlimited)) - before).toBeLessThan(3_000);
    const { body: answer } = await unlimited.graphql(
      `{ oauthClient(clientId: "${id}") { history(first: 1) { nodes { action changes { field before after added removed } } } } }`,
    );
    const digest = {
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: expect.any(Number),
      hosts: ['example.com'],
    };
    expect(answer.data.oauthClient.history.nodes).toEqual([
      {
        action: 'CLIENT_UPDATED',
        changes: [
          {
            field: 'redirectUris',
            before: null,
            after: null,
            added: expect.arrayContaining([digest, { ...digest, entries: expect.any(Number) }]),
            removed: expect.arrayContaining([digest, { ...digest, entries: expect.any(Number) }]),
          },
        ],
      },
    ]);
  });

  it('75 changed names in other languages add less than 6 kB to the audit log', async () => {
    const names = (letter: string) =>
      Object.fromEntries(
        Array.from({ length: 75 }, (_, i) => [`client_name#x-${i}`, `${letter.repeat(250)} ${i}`]),
      );
    const { body } = await unlimited.register(names('漢'));
    const before = await storedBytes(unlimited);
    const { status } = await unlimited.send(`/v2/oauth/register/${body.client_id as string}`, {
      method: 'PUT',
      key: body.registration_access_token as string,
      body: { client_id: body.client_id, ...names('字') },
    });
    expect(status).toBe(200);
    expect((await storedBytes(unlimited)) - before).toBeLessThan(6_000);
  });

  it('a change beyond RATE_LIMIT_AUDIT_BYTES of an organization is 429, and nothing is written; others go on', async () => {
    const { apiKey: key } = await registry.createKey();
    const created = await registry.createClient(aClient(), key);
    const path = `/v2/oauth/clients/${created.body.data.client_id}`;
    const rename = (i: number) => registry.send(path, { method: 'PUT', key, body: { name: `name ${i}` } });
    const before = await storedBytes(registry);
    let answer = await rename(0);
    let changes = 1;
    for (; answer.status === 200 && changes < 200; changes++) answer = await rename(changes);
    expect({ status: answer.status, error: answer.body.error }).toEqual({
      status: 429,
      error: 'rate_limited',
    });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expect((await storedBytes(registry)) - before).toBeLessThan(LIMIT);
    const { body } = await registry.send(path, { method: 'GET', key });
    expect(body.data.name).toBe(`name ${changes - 2}`);
    const events = await registry.rows('audit_events');
    const statuses = [
      (await registry.createClient(aClient(), key)).status,
      (await registry.send(`${path}/secrets`, { key, body: {} })).status,
      (await registry.register({}, key)).status,
    ];
    expect(statuses).toEqual([429, 429, 429]);
    expect(await registry.rows('audit_events')).toBe(events);
    expect((await registry.createClient(aClient(), (await registry.createKey()).apiKey)).status).toBe(201);
  });

  it.each<[string, (body: object, key: string) => Promise<Answer>]>([
    [
      'created',
      (body, key) =>
        registry.createClient(aClient({ allowed_grant_types: ['authorization_code'], ...body }), key),
    ],
    ['registered with a key', (body, key) => registry.register(body, key)],
  ])('a client counts with all that is stored of it: %s', async (_, create) => {
    const { apiKey: key } = await registry.createKey();
    expect((await create({ redirect_uris: ['https://example.com/cb'] }, key)).status).toBe(201);
    expect((await create(large('first'), key)).status).toBe(201);
    const clients = await registry.rows('oauth_clients');
    expect((await create(large('second'), key)).status).toBe(429);
    expect(await registry.rows('oauth_clients')).toBe(clients);
    expect((await create(large('other'), (await registry.createKey()).apiKey)).status).toBe(201);
  });

  it('a change counts with all that is stored of the client', async () => {
    const { apiKey: key } = await registry.createKey();
    const created = await registry.createClient(
      aClient({ redirect_uris: ['https://example.com/cb'], allowed_grant_types: ['authorization_code'] }),
      key,
    );
    const path = `/v2/oauth/clients/${created.body.data.client_id}`;
    const put = (mark: string) => registry.send(path, { method: 'PUT', key, body: large(mark) });
    expect((await put('first')).status).toBe(200);
    expect((await put('second')).status).toBe(429);
  });

  it('bytes of anonymous registrations and their changes count for the address; those of administrators do not count', async () => {
    const registered = (await registry.register({ client_name: 'first' })).body as {
      client_id: string;
      registration_access_token: string;
    };
    let { registration_access_token: token } = registered;
    const path = `/v2/oauth/register/${registered.client_id}`;
    const rename = (i: number) =>
      registry.send(path, {
        method: 'PUT',
        key: token,
        body: { client_id: registered.client_id, client_name: `name ${i}` },
      });
    let answer = await rename(0);
    for (let i = 1; answer.status === 200 && i < 100; i++) {
      token = answer.body.registration_access_token as string;
      answer = await rename(i);
    }
    expect(answer.status).toBe(429);
    expect((await registry.register({})).status).toBe(429);
    const { body } = await registry.graphql(
      `mutation { deleteOAuthClient(clientId: "${registered.client_id}") { client { clientId } } }`,
    );
    expect(body.errors).toBeUndefined();
  });

  describe('Software that registered', () => {
    interface Registered {
      client_id: string;
      client_secret: string;
      registration_access_token: string;
    }
    /** Clients of an organization, which registered with one initial access token, and a key of a member. */
    async function anOrganization() {
      const { apiKey: key, orgId } = await registry.createKey();
      const { value } = await registry.createInitialAccessToken({ orgId });
      const register = async () => registry.register(CONFIDENTIAL, value);
      return { key, orgId, register, app: (await register()).body as unknown as Registered };
    }
    /** Changes its registration until it may not any more. */
    async function useUpLimitOf(app: Registered): Promise<void> {
      let { registration_access_token: token } = app;
      for (let i = 0; i < 100; i++) {
        const answer = await registry.send(`/v2/oauth/register/${app.client_id}`, {
          method: 'PUT',
          key: token,
          body: { ...CONFIDENTIAL, client_id: app.client_id, client_name: `name ${i}` },
        });
        if (answer.status === 429) return void (app.registration_access_token = token);
        expect(answer.status).toBe(200);
        token = answer.body.registration_access_token as string;
      }
      throw new Error('There is no limit.');
    }

    it('has a tenth of the limit of its organization, all with one initial access token; members go on', async () => {
      const { key, orgId, register, app } = await anOrganization();
      await useUpLimitOf(app);
      expect((await register()).status).toBe(429);
      expect((await registry.createClient(aClient(), key)).status).toBe(201);
      const { value } = await registry.createInitialAccessToken({ orgId });
      expect((await registry.register(CONFIDENTIAL, value)).status).toBe(201);
    });

    it('does not keep its access by using up limits: the members revoke its secret and delete it', async () => {
      const { key, app } = await anOrganization();
      await useUpLimitOf(app);
      const path = `/v2/oauth/clients/${app.client_id}`;
      const rename = (i: number) => registry.send(path, { method: 'PUT', key, body: { name: `name ${i}` } });
      for (let i = 0; (await rename(i)).status === 200; i++);
      const { body: list } = await registry.send(`${path}/secrets`, { method: 'GET', key });
      const [secret] = list.data as { id: string }[];
      const revoked = await registry.send(`${path}/secrets/${secret!.id}?force=true`, {
        method: 'DELETE',
        key,
      });
      expect(revoked.status).toBe(204);
      expect((await registry.send(path, { method: 'DELETE', key })).status).toBe(204);
    });

    it('revokes its own secret and deletes its client beyond the limit', async () => {
      const { app } = await anOrganization();
      await useUpLimitOf(app);
      const { registration_access_token: key } = app;
      const path = `/v2/oauth/register/${app.client_id}`;
      const { body: list } = await registry.send(`${path}/secrets`, { method: 'GET', key });
      const [secret] = list.data as { id: string }[];
      expect(
        (await registry.send(`${path}/secrets/${secret!.id}?force=true`, { method: 'DELETE', key })).status,
      ).toBe(204);
      expect((await registry.send(path, { method: 'DELETE', key })).status).toBe(204);
    });
  });
});
