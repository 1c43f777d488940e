import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { RegistrationsRepository } from '../../../src/clients/registration/registrations.repository.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, type Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { lockClients } from '../../support/write-lock.js';
import { until } from '../../support/until.js';
import { anonymousClients, PUBLIC } from '../../support/anonymous-clients.js';

onEachEngine((engine) => {
  let registry: Registry;
  const { start: startFirst, startAnother, stopAll, register, mutate, clientOf } = anonymousClients(engine);
  const start = async (env: Record<string, string> = {}) => void (registry = await startFirst(env));

  beforeAll(() => start({ REGISTRATION_REUSE: 'true' }));
  afterAll(stopAll);

  /** What no other case registers. */
  let named = { ...PUBLIC, client_name: '', scope: '' };
  beforeEach(() => {
    named = { ...PUBLIC, client_name: randomUUID(), scope: 'read' };
  });

  it('returns the same client for an equal registration, counts it, and issues no registration access token', async () => {
    const first = await registry.register(named);
    const second = await registry.register(Object.fromEntries(Object.entries(named).reverse()));
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(Object.keys(first.body as object)).toEqual([
      'client_id',
      'client_id_issued_at',
      'registration_client_uri',
      'client_name',
      'token_endpoint_auth_method',
      'grant_types',
      'redirect_uris',
      'response_types',
      'scope',
    ]);
    const id = first.body.client_id as string;
    expect(await clientOf(id)).toMatchObject({ registrationCount: 2, version: 1 });
    await expect(
      mutate(`reissueRegistrationAccessToken(clientId: "${id}") { registrationAccessToken }`),
    ).rejects.toThrow('BAD_USER_INPUT');
  });

  it('is read at its registration_client_uri by anyone, and changed by no one', async () => {
    const { body } = await registry.register(named);
    const id = body.client_id as string;
    const path = `/v2/oauth/register/${id}`;
    expect(body.registration_client_uri).toBe(`${registry.url}${path}`);
    for (const key of [null, 'x', registry.adminKey]) {
      const read = await registry.send(path, { method: 'GET', key });
      expect([read.status, read.body, read.headers.get('cache-control')]).toEqual([200, body, 'no-store']);
      const changes: [string, string, unknown?][] = [
        ['PUT', path, { ...named, client_id: id }],
        ['DELETE', path],
        ['POST', `${path}/secrets`],
        ['GET', `${path}/secrets`],
        ['DELETE', `${path}/secrets/${id}`],
      ];
      for (const [method, to, sent] of changes) {
        const { status, body: error } = await registry.send(to, { method, key, body: sent });
        expect([status, error]).toEqual([
          403,
          {
            error: 'insufficient_scope',
            error_description: expect.stringMatching(/shared .* not changed or deleted/),
          },
        ]);
      }
    }
    expect(await clientOf(id)).toMatchObject({ version: 1, registrationCount: 1 });
  });

  it('is read as long as it lives and is active, also after an operator changed it', async () => {
    const id = await register(named);
    const read = () => registry.send(`/v2/oauth/register/${id}`, { method: 'GET' });
    await mutate(
      `updateOAuthClient(clientId: "${id}", version: 1, input: { logoUri: "https://a.example/" }) { client { version } }`,
    );
    expect((await read()).body).toMatchObject({ client_id: id, logo_uri: 'https://a.example/' });
    await mutate(`disableOAuthClient(clientId: "${id}") { client { version } }`);
    expect((await read()).status).toBe(403);
    await mutate(`enableOAuthClient(clientId: "${id}") { client { version } }`);
    const issued = await mutate(
      `reissueRegistrationAccessToken(clientId: "${id}") { registrationAccessToken }`,
    );
    expect(issued).toBeDefined();
    // Whoever has that token manages it now
    expect((await read()).status).toBe(401);
    await mutate(`deleteOAuthClient(clientId: "${id}") { client { version } }`);
    expect((await read()).status).toBe(401);
  });

  it('does not reveal without a token whether another client exists', async () => {
    const own = { ...named, token_endpoint_auth_method: 'client_secret_basic' };
    const managed = await registry.register(own);
    const deleted = await registry.register(own);
    await registry.send(`/v2/oauth/register/${deleted.body.client_id as string}`, {
      method: 'DELETE',
      key: deleted.body.registration_access_token as string,
    });
    const byApi = await registry.createClient(aClient());
    const ids = [
      managed.body.client_id,
      deleted.body.client_id,
      byApi.body.data.client_id,
      randomUUID(),
      'nonsense',
    ] as string[];
    const told = new Set<string>();
    for (const id of ids) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const { status, text } = await registry.send(`/v2/oauth/register/${id}`, { method });
        told.add(`${status} ${text}`);
      }
    }
    expect([...told]).toEqual([expect.stringMatching(/^401 .*"unauthorized"/)]);
  });

  it('does not make credentials valid for other requests, nor is it read without limit', async () => {
    const bounded = await startAnother({
      REGISTRATION_REUSE: 'true',
      RATE_LIMIT_FAILED_AUTH: '2/1m',
      RATE_LIMIT_REGISTRATION_READ: '3/1m',
    });
    const path = `/v2/oauth/register/${await register(named, bounded)}`;
    const keys = ['guess-1', 'guess-2', 'guess-3'];
    const statusOf = async (to: string, key: string) =>
      (await bounded.send(to, { method: 'GET', key })).status;
    const read: number[] = [];
    for (const key of keys) read.push(await statusOf(path, key));
    expect(read).toEqual([200, 200, 200]);
    const tried: number[] = [];
    for (const key of keys) tried.push(await statusOf('/v2/oauth/clients', key));
    expect(tried).toEqual([401, 401, 429]);
    expect((await bounded.send(path, { method: 'GET' })).status).toBe(429);
  });

  it.each([
    ['another name', { client_name: 'editor' }],
    ['no name', { client_name: undefined }],
    ['another redirect URI', { redirect_uris: ['http://localhost:8081/cb'] }],
    ['another scope', { scope: 'read write' }],
    ['a translation', { 'client_name#ja': 'エディタ' }],
    ['another version', { software_version: '2' }],
  ])('not what differs: %s', async (_, difference) => {
    expect(await register({ ...named, ...difference })).not.toBe(await register(named));
  });

  it('excludes confidential and owned clients, and is off by default', async () => {
    const confidential = { ...named, token_endpoint_auth_method: 'client_secret_basic' };
    const { apiKey } = await registry.createKey();
    const { value } = await registry.createInitialAccessToken();
    for (const [body, key] of [
      [confidential, null],
      [named, apiKey],
      [named, value],
    ] as const) {
      const answers = [await registry.register(body, key), await registry.register(body, key)];
      expect(answers[0]!.body.client_id).not.toBe(answers[1]!.body.client_id);
      expect(answers[0]!.body.registration_access_token).toEqual(expect.any(String));
    }
    const plain = await startAnother();
    expect(await register(named, plain)).not.toBe(await register(named, plain));
  });

  it.each<[string, number[]]>([
    ['who came first', [0]],
    ['who came later', [1]],
    ['both', [0, 1]],
  ])('a caller that disconnects does not fail others that wait for the same client: %s', async (_, gone) => {
    const { haveArrived, haveGone } = watched(registry);
    const unlock = await lockClients(registry);
    // While this one is written, the next wait for their turn
    const before = registry.register({ ...named, client_name: randomUUID() });
    await haveArrived(1);
    const callers = [];
    for (let i = 0; i < 4; i++) {
      const hangUp = new AbortController();
      const body = JSON.stringify(named);
      const headers = { 'content-type': 'application/json' };
      const { signal } = hangUp;
      const answer = fetch(`${registry.url}/v2/oauth/register`, {
        method: 'POST',
        body,
        headers,
        signal,
      });
      callers.push({
        hangUp,
        answer: answer.then(
          ({ status }) => status,
          () => 'gone',
        ),
      });
      await haveArrived(2 + i);
    }
    for (const i of gone) callers[i]!.hangUp.abort();
    await haveGone(gone.length);
    await unlock();
    expect((await before).status).toBe(201);
    expect(await Promise.all(callers.map(({ answer }) => answer))).toEqual(
      callers.map((_, i) => (gone.includes(i) ? 'gone' : 201)),
    );
  });

  it('registers nothing if all callers have disconnected', async () => {
    const { haveArrived, haveGone } = watched(registry);
    const unlock = await lockClients(registry);
    const before = registry.register({ ...named, client_name: randomUUID() });
    await haveArrived(1);
    const hangUp = new AbortController();
    const { signal } = hangUp;
    const [body, headers] = [JSON.stringify(named), { 'content-type': 'application/json' }];
    const answers = [1, 2].map(() =>
      fetch(`${registry.url}/v2/oauth/register`, { method: 'POST', body, headers, signal }),
    );
    await haveArrived(3);
    hangUp.abort();
    expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await haveGone(2);
    await unlock();
    expect((await before).status).toBe(201);
    const known = await clientOf(await register(named));
    expect(known).toMatchObject({ registrationCount: 1 });
  });

  it('returns one client to simultaneous callers of all instances, and counts each', async () => {
    const other = engine === 'postgres' ? await startAnother({ REGISTRATION_REUSE: 'true' }) : registry;
    const neighbour = { redirect_uris: PUBLIC.redirect_uris, client_name: randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => [
        (i % 2 ? other : registry).register(named),
        (i % 2 ? other : registry).register(neighbour),
      ]).flat(),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const shared = new Set(answers.filter((_, i) => i % 2 === 0).map(({ body }) => body.client_id));
    expect(shared.size).toBe(1);
    expect(await clientOf([...shared][0] as string)).toMatchObject({ registrationCount: 40 });
    expect(new Set(answers.map(({ body }) => body.client_id)).size).toBe(41);
  });

  it.each([
    [
      'changed',
      'updateOAuthClient(clientId: "ID", version: 1, input: { logoUri: "https://a.example/" })',
      null,
    ],
    ['disabled', 'disableOAuthClient(clientId: "ID")', 'enableOAuthClient(clientId: "ID")'],
    ['deleted', 'deleteOAuthClient(clientId: "ID")', 'restoreOAuthClient(clientId: "ID")'],
  ])('does not return a client that an operator has %s', async (_, change, back) => {
    const id = await register(named);
    const operate = (field: string) => mutate(`${field.replace('ID', id)} { client { clientId } }`);
    await operate(change);
    const next = await register(named);
    expect(next).not.toBe(id);
    if (back) await operate(back);
    expect(await register(named)).toBe(next);
  });

  it('does not return a client that was disabled in bulk, or that has an owner now', async () => {
    const first = await register(named);
    const filter = `{ unused: true, nameContains: "${named.client_name}" }`;
    await mutate(`disableOAuthClients(filter: ${filter}, dryRun: false) { count }`);
    const second = await register(named);
    await mutate(`reissueRegistrationAccessToken(clientId: "${second}") { registrationAccessToken }`);
    const third = await register(named);
    expect(new Set([first, second, third]).size).toBe(3);
  });

  it('returns a verified client, whose metadata is what the operator verified', async () => {
    const id = await register(named);
    await mutate(`setOAuthClientVerified(clientId: "${id}", verified: true) { client { version } }`);
    expect(await register(named)).toBe(id);
    expect(await clientOf(id)).toMatchObject({ verified: true, registrationCount: 2 });
  });

  it('costs three statements for an existing client: to find, to lock and to count it', async () => {
    await register(named);
    const statements = await statementsOf(registry.dataSource, () => register(named));
    // Not what else runs meanwhile, as the clock of purges
    const own = statements.filter((sql) => /\boauth_clients\b/.test(sql));
    expect(own.map((sql) => sql.slice(0, 6))).toEqual(['SELECT', 'SELECT', 'UPDATE']);
    if (engine === 'sqlite') {
      const plan = await registry.dataSource.query(`EXPLAIN QUERY PLAN ${own[0]!.replace('?', "'x'")}`);
      expect(JSON.stringify(plan)).toContain('oauth_clients_metadata_hash');
    }
  });
});

/** What arrives from now on at a registry that reuses clients, and whose callers hang up. */
function watched({ app }: Registry) {
  // Each looks for its client first
  const looks = jest.spyOn(app.get(RegistrationsRepository, { strict: false }), 'recordRepeat');
  const sockets: Socket[] = [];
  const add = ({ socket }: IncomingMessage) => void sockets.push(socket);
  const http = app.getHttpServer().on('request', add);
  return {
    haveArrived: async (callers: number) => {
      await until(() => looks.mock.results.length === callers);
      await Promise.all(looks.mock.results.map(({ value }) => value as Promise<unknown>));
    },
    haveGone: async (callers: number) => {
      await until(() => sockets.filter(({ destroyed }) => destroyed).length === callers);
      http.off('request', add);
      looks.mockRestore();
    },
  };
}
