import { randomUUID } from 'node:crypto';
import { onEachEngine } from '../../support/databases.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { lockClients } from '../../support/write-lock.js';
import { anonymousClients, PUBLIC } from '../../support/anonymous-clients.js';

onEachEngine((engine) => {
  let registry: Registry;
  const { start: startFirst, startAnother, stopAll, register, mutate, clientOf } = anonymousClients(engine);
  const start = async (env: Record<string, string> = {}) => void (registry = await startFirst(env));

  describe('REGISTRATION_REUSE', () => {
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
    ])(
      'a caller that disconnects does not fail others that wait for the same client: %s',
      async (_, gone) => {
        const isArrived = () => new Promise((done) => setTimeout(done, 300));
        const unlock = await lockClients(registry);
        // While this one is written, the next wait for their turn
        const before = registry.register({ ...named, client_name: randomUUID() });
        await isArrived();
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
          await isArrived();
        }
        for (const i of gone) callers[i]!.hangUp.abort();
        await isArrived();
        await unlock();
        expect((await before).status).toBe(201);
        expect(await Promise.all(callers.map(({ answer }) => answer))).toEqual(
          callers.map((_, i) => (gone.includes(i) ? 'gone' : 201)),
        );
      },
    );

    it('registers nothing if all callers have disconnected', async () => {
      const unlock = await lockClients(registry);
      const before = registry.register({ ...named, client_name: randomUUID() });
      await new Promise((done) => setTimeout(done, 300));
      const hangUp = new AbortController();
      const { signal } = hangUp;
      const [body, headers] = [JSON.stringify(named), { 'content-type': 'application/json' }];
      const answers = [1, 2].map(() =>
        fetch(`${registry.url}/v2/oauth/register`, { method: 'POST', body, headers, signal }),
      );
      await new Promise((done) => setTimeout(done, 300));
      hangUp.abort();
      expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual([
        'rejected',
        'rejected',
      ]);
      await new Promise((done) => setTimeout(done, 300));
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

  describe('REGISTRATION_RESERVED_NAMES', () => {
    afterEach(stopAll);
    const RESERVED = { REGISTRATION_RESERVED_NAMES: 'Example Desktop, Acme, *Globex*' };

    it('accepts the name of the server that a client connects to, and the error says what to do', async () => {
      await start(RESERVED);
      for (const client_name of ['Claude Code (acme)', 'Executor for Acme']) {
        expect((await registry.register({ ...PUBLIC, client_name })).status).toBe(201);
      }
      const faultOf = async (client_name: string) =>
        (await registry.register({ ...PUBLIC, client_name })).body.invalid_fields as unknown;
      for (const name of ['Acme', 'Acme Inc', 'The Acme App', 'Official Acme', 'Тhе Асmе Арр']) {
        expect(await faultOf(name)).toEqual({
          client_name: [
            'must not begin with the reserved name "Acme" in any language; begin with the name of your software, ' +
              'such as "Example for Acme", or ask the operator of this server to create the client',
          ],
        });
      }
      expect(await faultOf('Tools for Globex')).toEqual({
        client_name: [
          'must not contain the reserved name "Globex" in any language; use another name, ' +
            'or ask the operator of this server to create the client',
        ],
      });
    });

    it('rejects names that imitate a reserved one, in every language, and names the field', async () => {
      await start(RESERVED);
      for (const names of [
        { client_name: 'Example Desktop' },
        { client_name: 'ЕхаmрIе-Dеsktор (official)' },
        { client_name: 'Editor', 'client_name#fr': 'ＡＣＭＥ' },
      ]) {
        const { status, body } = await registry.register({ ...PUBLIC, ...names });
        expect([status, body.error, Object.keys(body.invalid_fields as object)]).toEqual([
          400,
          'invalid_client_metadata',
          ['client_name'],
        ]);
      }
      expect(
        (await registry.register({ client_name: 'Acme' }, (await registry.createKey()).apiKey)).status,
      ).toBe(400);
      expect((await registry.register({ client_name: 'Editor' })).status).toBe(201);
      expect(await registry.rows('oauth_clients')).toBe(1);
    });

    it('applies to updates, except for a name that the client has already', async () => {
      await start();
      const acme = (await registry.register({ ...PUBLIC, client_name: 'Acme Tool' })).body;
      const editor = (await registry.register({ ...PUBLIC, client_name: 'Editor' })).body;
      const stricter = await startAnother(RESERVED);
      const put = ({ client_id, registration_access_token: key }: Answer['body'], client_name: string) =>
        stricter.send(`/v2/oauth/register/${client_id as string}`, {
          method: 'PUT',
          key: key as string,
          body: { ...PUBLIC, client_id, client_name },
        });
      const refused = await put(editor, 'Acme Tool');
      expect([refused.status, Object.keys(refused.body.invalid_fields as object)]).toEqual([
        400,
        ['client_name'],
      ]);
      const { status, body } = await put(acme, 'Acme Tool');
      expect(status).toBe(200);
      expect((await put(body, 'Acme Tools')).status).toBe(400);
    });

    it('does not treat another text of a client as a name that it has already', async () => {
      await start(RESERVED);
      const sent = { ...PUBLIC, client_name: 'Editor', 'tos_uri#fr': 'https://globex.example/' };
      const { body } = await registry.register(sent);
      const { client_id, registration_access_token: key } = body;
      const { status } = await registry.send(`/v2/oauth/register/${client_id as string}`, {
        method: 'PUT',
        key: key as string,
        body: { ...sent, client_id, client_name: 'https://globex.example/' },
      });
      expect(status).toBe(400);
    });
  });

  describe('REGISTRATION_REDIRECT_HOSTS', () => {
    afterEach(stopAll);
    it('rejects other redirect hosts in registrations and updates', async () => {
      await start({ REGISTRATION_REDIRECT_HOSTS: 'localhost *.example.com !evil.example.com cursor:' });
      const statusOf = async (uri: string) => {
        const { status, body } = await registry.register({ ...PUBLIC, redirect_uris: [uri] });
        return status === 400 ? body.error : status;
      };
      const results: Record<string, unknown> = {};
      for (const uri of [
        'http://localhost:9/cb',
        'https://a.example.com/cb',
        'cursor://cb/x',
        'https://evil.example.com/cb',
        'https://EVIL.example.com:8443/cb',
        'https://other.example/cb',
        'vscode://cb/x',
      ])
        results[uri] = await statusOf(uri);
      expect(results).toEqual({
        'http://localhost:9/cb': 201,
        'https://a.example.com/cb': 201,
        'cursor://cb/x': 201,
        'https://evil.example.com/cb': 'invalid_redirect_uri',
        'https://EVIL.example.com:8443/cb': 'invalid_redirect_uri',
        'https://other.example/cb': 'invalid_redirect_uri',
        'vscode://cb/x': 'invalid_redirect_uri',
      });
      const { body } = await registry.register(PUBLIC);
      const changed = await registry.send(`/v2/oauth/register/${body.client_id as string}`, {
        method: 'PUT',
        key: body.registration_access_token as string,
        body: { ...PUBLIC, client_id: body.client_id, redirect_uris: ['https://evil.example.com/cb'] },
      });
      expect([changed.status, changed.body.error]).toEqual([400, 'invalid_redirect_uri']);
    });
  });

  describe('REGISTRATION_MODE', () => {
    it.each([
      ['open', 201, 201],
      ['token', 401, 201],
      ['closed', 403, 403],
    ])('%s: anonymous %d, with a key %d', async (mode, anonymous, member) => {
      const guarded = await Registry.start(engine, { REGISTRATION_MODE: mode });
      const { apiKey } = await guarded.createKey();
      const statuses = [(await guarded.register({})).status, (await guarded.register({}, apiKey)).status];
      // A caller that may not register learns no invalid fields
      const bad = (await guarded.register({ made_up: 1 })).status;
      const rows = await guarded.rows('oauth_clients');
      await guarded.stop();
      expect(statuses).toEqual([anonymous, member]);
      expect(bad).toBe(anonymous === 201 ? 400 : anonymous);
      expect(rows).toBe(statuses.filter((status) => status === 201).length);
    });
  });

  describe('REGISTRATION_ALLOWED_SCOPES, REGISTRATION_DEFAULT_SCOPES and REGISTRATION_ALLOWED_GRANT_TYPES', () => {
    let narrow: Registry;
    beforeAll(async () => {
      narrow = await Registry.start(engine, {
        REGISTRATION_ALLOWED_SCOPES: 'read write',
        REGISTRATION_DEFAULT_SCOPES: 'read admin',
        REGISTRATION_ALLOWED_GRANT_TYPES: 'client_credentials',
      });
    });
    afterAll(() => narrow.stop());

    it.each([
      ['some of it', 'read admin', 'read'],
      ['nothing in particular: the default, as far as it is allowed', undefined, 'read'],
    ])('grant what was requested and is allowed: %s', async (_, scope, granted) => {
      const { status, body } = await narrow.register({
        scope,
        grant_types: ['client_credentials', 'authorization_code'],
        redirect_uris: PUBLIC.redirect_uris,
      });
      expect({ status, scope: body.scope, grants: body.grant_types }).toEqual({
        status: 201,
        scope: granted,
        grants: ['client_credentials'],
      });
    });

    it.each([
      ['no scope', { scope: 'admin', grant_types: ['client_credentials'] }, 'scope'],
      ['no grant', { grant_types: ['refresh_token'] }, 'grant_types'],
      [
        'only a grant that takes a secret',
        { token_endpoint_auth_method: 'none' },
        'token_endpoint_auth_method',
      ],
    ])('reject a registration that is left with %s, and name what is allowed', async (_, body, field) => {
      const answer = await narrow.register(body);
      expect({ status: answer.status, fields: Object.keys(answer.body.invalid_fields) }).toEqual({
        status: 400,
        fields: [field],
      });
    });

    it('D1: grant all that is allowed by default', async () => {
      const { status, body } = await narrow.register({});
      expect({ status, grants: body.grant_types, scope: body.scope }).toEqual({
        status: 201,
        grants: ['client_credentials'],
        scope: 'read',
      });
    });

    it('do not apply to REST', async () => {
      const { status } = await narrow.createClient({
        name: 'mine',
        client_type: 'public',
        allowed_scopes: ['admin'],
        allowed_grant_types: ['refresh_token'],
      });
      expect(status).toBe(201);
    });
  });

  it('options that are off cost no statement', async () => {
    await start();
    const statements = await statementsOf(registry.dataSource, () => register(PUBLIC));
    await stopAll();
    expect(statements.filter((sql) => /SELECT COUNT|UPDATE|DELETE/.test(sql))).toEqual([]);
  });
});
