import { request as httpRequest } from 'node:http';
import { Writable } from 'node:stream';
import { SYSTEM } from '../../../src/audit/audit-event.js';
import { AdminSessionsService } from '../../../src/auth/sessions/admin-sessions.service.js';
import { Retention } from '../../../src/jobs/retention.js';
import { ask, codeOf, cookieOf, signedIn, signIn, signOut, VIEWER } from '../../support/console/sessions.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const EIGHT_HOURS_MS = 8 * 3_600_000;

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  const anAdmin = (overrides: object = {}) => registry.createKey({ role: 'admin', ...overrides });
  const sessions = () => registry.dataSource.query<{ hash: string }[]>('SELECT * FROM admin_sessions');

  describe('signing in', () => {
    it('exchanges an admin key for a cookie that no script reads and no other site sends', async () => {
      const answer = await signIn(registry, registry.adminKey);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
      expect(answer.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^admin_session=[\w-]{43}; Max-Age=28800; Path=\/; HttpOnly; SameSite=Strict$/),
      ]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });

    it('restricts the cookie to https and to this host if the service is reached by https', async () => {
      const secure = await Registry.start(engine, { PUBLIC_URL: 'https://registry.example' });
      const answer = await signIn(secure, secure.adminKey, { origin: 'https://registry.example' });
      expect(answer.headers.getSetCookie()).toEqual([
        expect.stringMatching(
          /^__Host-admin_session=[\w-]{43}; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
        ),
      ]);
      const cookie = cookieOf(answer);
      expect((await ask(secure, cookie)).status).toBe(200);
      // Another host of the domain could have set this one
      expect((await ask(secure, cookie.replace('__Host-', ''))).status).toBe(401);
      const out = await signOut(secure, { cookie });
      expect(out.headers.getSetCookie()).toEqual([
        '__Host-admin_session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
      ]);
      await secure.stop();
    });

    it('the same 401 for a key that is unknown, malformed, expired or revoked; 403 for that of a member or a service', async () => {
      const expired = await anAdmin({ expiresAt: new Date(Date.now() + 60_000) });
      await registry.dataSource.query(`UPDATE api_keys SET expires_at = 1 WHERE id = '${expired.id}'`);
      const revoked = await anAdmin();
      await registry.dataSource.query(`UPDATE api_keys SET revoked_at = 1 WHERE id = '${revoked.id}'`);
      const before = await sessions();
      for (const key of [`ocr_${'A'.repeat(43)}00000000`, '', 'x\0', expired.apiKey, revoked.apiKey]) {
        const answer = await signIn(registry, key);
        expect([key, answer.status, answer.body]).toEqual([
          key,
          401,
          {
            error: 'invalid_token',
            error_description: 'The API key is malformed, unknown, expired or revoked.',
          },
        ]);
        expect(answer.headers.get('set-cookie')).toBeNull();
      }
      for (const role of ['member', 'service'] as const) {
        const answer = await signIn(registry, (await registry.createKey({ role })).apiKey);
        expect([answer.status, answer.body, answer.headers.get('set-cookie')]).toEqual([
          403,
          {
            error: 'insufficient_scope',
            error_description: `The console requires the viewer or admin role. This key has the ${role} role.`,
          },
          null,
        ]);
      }
      expect(await sessions()).toEqual(before);
    });

    it.each<[string, unknown, string, string[]]>([
      ['no key', {}, '422 validation_error', ['api_key']],
      ['a key that is not text', { api_key: 1 }, '422 validation_error', ['api_key']],
      ['more than a key', { api_key: 'k', remember: true }, '422 validation_error', ['remember']],
      ['no object', [], '400 invalid_request', []],
      ['no JSON', '{', '400 invalid_request', []],
    ])('rejects a body with %s', async (_, body, expected, fields) => {
      const answer = await registry.send('/admin/session', { body });
      expect(codeOf(answer)).toBe(expected);
      expect(Object.keys((answer.body.invalid_fields ?? {}) as object)).toEqual(fields);
    });

    it('rejects a form, which a page of any site could send (CSRF)', async () => {
      const answer = await registry.send('/admin/session', {
        body: `api_key=${registry.adminKey}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expect(codeOf(answer)).toBe('415 unsupported_media_type');
    });

    it('ends the session that the browser had', async () => {
      const first = await signedIn(registry);
      const second = cookieOf(await signIn(registry, registry.adminKey, { cookie: first }));
      expect([(await ask(registry, first)).status, (await ask(registry, second)).status]).toEqual([401, 200]);
    });

    it('that fails leaves the session that the browser had', async () => {
      const cookie = await signedIn(registry);
      expect((await signIn(registry, 'wrong', { cookie })).status).toBe(401);
      expect((await ask(registry, cookie)).status).toBe(200);
    });
  });

  describe('a session', () => {
    it('acts as its key, which the audit log names', async () => {
      const key = await anAdmin({ name: 'Ada', userId: 'ada' });
      const answer = await signIn(registry, key.apiKey);
      const cookie = cookieOf(answer);
      const { viewer } = (await ask(registry, cookie)).body.data;
      expect(viewer).toEqual({
        apiKeyId: key.id,
        name: 'Ada',
        orgId: key.orgId,
        userId: 'ada',
        role: 'ADMIN',
        sessionExpiresAt: expect.any(String),
      });
      const leftMs = new Date(viewer.sessionExpiresAt as string).getTime() - Date.now();
      expect(leftMs).toBeGreaterThan(EIGHT_HOURS_MS - 60_000);
      expect(leftMs).toBeLessThanOrEqual(EIGHT_HOURS_MS);

      const { body } = await ask(
        registry,
        cookie,
        {},
        `mutation { createOAuthClient(input: { orgId: "acme", name: "n", clientType: PUBLIC, allowedGrantTypes: [CLIENT_CREDENTIALS] }) {
          client { history { nodes { actor { type id } channel } } } } }`,
      );
      expect(body.data.createOAuthClient.client.history.nodes).toEqual([
        { actor: { type: 'API_KEY', id: key.id }, channel: 'GRAPHQL' },
      ]);
    });

    it('of a viewer reads, and changes nothing', async () => {
      const { id, apiKey } = await registry.createKey({ role: 'viewer' });
      const cookie = await signedIn(registry, apiKey);
      const { viewer } = (await ask(registry, cookie)).body.data;
      expect(viewer).toMatchObject({ apiKeyId: id, role: 'VIEWER' });
      const before = await registry.rows('api_keys');
      const create = `mutation { createApiKey(input: { name: "n", orgId: "o", userId: "u", role: ADMIN }) { value } }`;
      const answer = await ask(registry, cookie, {}, create);
      expect([codeOf(answer), answer.body.data]).toEqual(['200 FORBIDDEN', null]);
      expect(await registry.rows('api_keys')).toBe(before);
    });

    it('ends no later than its key', async () => {
      const expiresAt = new Date(Date.now() + 3_600_000);
      const { apiKey } = await anAdmin({ expiresAt });
      const { body } = await ask(registry, await signedIn(registry, apiKey));
      expect(body.data.viewer.sessionExpiresAt).toBe(expiresAt.toISOString());
    });

    it('does not authenticate at other interfaces', async () => {
      const cookie = await signedIn(registry);
      const { body } = await registry.createClient(aClient());
      const path = `/v2/oauth/clients/${body.data.client_id}`;
      const requests: [string, string, unknown?][] = [
        ['GET', '/v2/oauth/clients'],
        ['POST', '/v2/oauth/clients', aClient()],
        ['GET', '/v2/oauth_clients'],
        ['GET', path],
        ['PUT', path, { name: 'x' }],
        ['DELETE', path],
        ['POST', `${path}/secrets`, {}],
      ];
      for (const [method, to, sent] of requests) {
        const answer = await registry.send(to, { method, body: sent, headers: { cookie } });
        expect([method, to, codeOf(answer)]).toEqual([method, to, '401 unauthorized']);
      }
      // A public endpoint treats them as anonymous
      const registered = await registry.send('/v2/oauth/register', { body: {}, headers: { cookie } });
      const { client } = (
        await registry.graphql('query ($id: ID!) { client: oauthClient(clientId: $id) { orgId } }', {
          id: registered.body.client_id,
        })
      ).body.data;
      expect(client).toEqual({ orgId: null });
    });

    it('gives way to credentials that were sent on purpose', async () => {
      const cookie = await signedIn(registry);
      const { id, apiKey } = await anAdmin();
      const { body } = await ask(registry, cookie, { authorization: `Bearer ${apiKey}` });
      expect(body.data.viewer).toMatchObject({ apiKeyId: id, sessionExpiresAt: null });
      const member = (await registry.createKey()).apiKey;
      expect(codeOf(await ask(registry, cookie, { authorization: `Bearer ${member}` }))).toBe(
        '403 FORBIDDEN',
      );
      expect(codeOf(await ask(registry, cookie, { authorization: 'Bearer x' }))).toBe('401 UNAUTHENTICATED');
    });

    it.each([
      [
        'one that was never issued',
        `admin_session=${'A'.repeat(43)}`,
        'The session has expired. Sign in again.',
      ],
      [
        'no session',
        'admin_session=x',
        'Authentication is required. Send an API key or a JWT as "Authorization: Bearer TOKEN".',
      ],
      [
        'an empty one',
        'admin_session=',
        'Authentication is required. Send an API key or a JWT as "Authorization: Bearer TOKEN".',
      ],
      [
        'other cookies',
        'a=b; c',
        'Authentication is required. Send an API key or a JWT as "Authorization: Bearer TOKEN".',
      ],
    ])('401 for %s', async (_, cookie, message) => {
      const answer = await ask(registry, cookie);
      expect([codeOf(answer), answer.body.errors[0].message]).toEqual(['401 UNAUTHENTICATED', message]);
    });

    it('is found among other cookies', async () => {
      const cookie = await signedIn(registry);
      expect((await ask(registry, `theme=dark; ${cookie}; x=admin_session`)).status).toBe(200);
    });
  });

  describe('a page of another site', () => {
    const own = () => new URL(registry.url);
    const OTHERS: [string, () => Record<string, string>][] = [
      ['another site', () => ({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })],
      ['another site that hides its origin', () => ({ 'sec-fetch-site': 'cross-site' })],
      ['another host of the domain', () => ({ 'sec-fetch-site': 'same-site' })],
      ['no page, as an address typed into a browser', () => ({ 'sec-fetch-site': 'none' })],
      ['another origin, told by an old browser', () => ({ origin: 'https://evil.example' })],
      ['another port of this host', () => ({ origin: `http://${own().hostname}:1` })],
      ['an origin that is hidden', () => ({ origin: 'null' })],
      ['an invalid origin', () => ({ origin: 'x' })],
    ];

    it.each(OTHERS)('uses no session: %s', async (_, headers) => {
      const cookie = await signedIn(registry);
      expect(codeOf(await ask(registry, cookie, headers()))).toBe('401 UNAUTHENTICATED');
      expect(codeOf(await signOut(registry, { cookie, ...headers() }))).toBe('403 insufficient_scope');
      expect(codeOf(await signIn(registry, registry.adminKey, headers()))).toBe('403 insufficient_scope');
      expect((await ask(registry, cookie)).status).toBe(200);
    });

    it('uses no session by a request that a form or a link can send', async () => {
      const cookie = await signedIn(registry);
      const query = encodeURIComponent(VIEWER);
      const get = await registry.send(`/graphql?query=${query}`, {
        method: 'GET',
        headers: { cookie, 'apollo-require-preflight': '1' },
      });
      const form = await ask(registry, cookie, { 'content-type': 'text/plain' });
      const noType = await postWithoutType(
        `${registry.url}/graphql`,
        cookie,
        JSON.stringify({ query: VIEWER }),
      );
      expect([get.status, form.status, noType]).toEqual([401, 401, 401]);
    });

    it('is distinguished from the own one', async () => {
      const cookie = await signedIn(registry);
      const { origin } = own();
      for (const headers of [{ origin }, { 'sec-fetch-site': 'same-origin', origin }, {}]) {
        expect((await ask(registry, cookie, headers as Record<string, string>)).status).toBe(200);
      }
    });
  });

  describe('a session ends', () => {
    it('once it was signed out of, for a copy of the cookie as well; to sign out again does no harm', async () => {
      const cookie = await signedIn(registry);
      const answer = await signOut(registry, { cookie });
      expect({ status: answer.status, cookies: answer.headers.getSetCookie() }).toEqual({
        status: 204,
        cookies: ['admin_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict'],
      });
      expect(codeOf(await ask(registry, cookie))).toBe('401 UNAUTHENTICATED');
      expect((await signOut(registry, { cookie })).status).toBe(204);
      expect((await signOut(registry)).status).toBe(204);
    });

    it('at once when its key is revoked', async () => {
      const { id, apiKey } = await anAdmin();
      const cookie = await signedIn(registry, apiKey);
      expect((await ask(registry, cookie)).status).toBe(200);
      await registry.graphql('mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }', { id });
      expect(codeOf(await ask(registry, cookie))).toBe('401 UNAUTHENTICATED');
    });

    it('at once when its key is revoked by another instance or expires', async () => {
      for (const column of ['revoked_at', 'expires_at']) {
        const { id, apiKey } = await anAdmin();
        const cookie = await signedIn(registry, apiKey);
        expect((await ask(registry, cookie)).status).toBe(200);
        await registry.dataSource.query(`UPDATE api_keys SET ${column} = 1 WHERE id = '${id}'`);
        expect([column, codeOf(await ask(registry, cookie))]).toEqual([column, '401 UNAUTHENTICATED']);
      }
    });

    it('after eight hours, and is deleted', async () => {
      const { id, apiKey } = await anAdmin();
      const cookie = await signedIn(registry, apiKey);
      const ofKey = `WHERE api_key_id = '${id}'`;
      const select = `SELECT created_at, expires_at FROM admin_sessions ${ofKey}`;
      const [row] = await registry.dataSource.query<{ created_at: string; expires_at: string }[]>(select);
      expect(Number(row!.expires_at) - Number(row!.created_at)).toBe(EIGHT_HOURS_MS);
      await registry.app.get(Retention, { strict: false }).run();
      expect((await ask(registry, cookie)).status).toBe(200);
      await registry.dataSource.query(`UPDATE admin_sessions SET expires_at = ${Date.now() - 1} ${ofKey}`);
      expect(codeOf(await ask(registry, cookie))).toBe('401 UNAUTHENTICATED');
      await registry.app.get(Retention, { strict: false }).run();
      expect(await registry.dataSource.query(select)).toEqual([]);
    });
  });

  it('no cookie is in the database: only its hash', async () => {
    const cookie = await signedIn(registry);
    const token = cookie.split('=')[1]!;
    const rows = await sessions();
    expect(JSON.stringify(rows)).not.toContain(token);
    for (const { hash } of rows) expect(hash).toMatch(/^sha256:[\da-f]{64}$/);
  });

  describe('keys that fail to sign in', () => {
    let limited: Registry;
    beforeEach(async () => {
      limited = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '2/1m' });
    });
    afterEach(() => limited.stop());

    it('count as failed authentication, and are rejected without a check beyond the limit', async () => {
      expect((await signIn(limited, 'wrong')).status).toBe(401);
      expect((await limited.createClient(aClient(), 'wrong')).status).toBe(401);
      const refused = await signIn(limited, limited.adminKey);
      expect(codeOf(refused)).toBe('429 rate_limited');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.headers.get('set-cookie')).toBeNull();
      expect((await limited.createClient(aClient(), 'other')).status).toBe(429);
    });

    it('do not lock out a recently valid key, nor a session', async () => {
      const cookie = await signedIn(limited);
      for (let i = 0; i < 3; i++) await signIn(limited, `wrong-${i}`);
      expect((await signIn(limited, 'wrong-again')).status).toBe(429);
      expect((await signIn(limited, limited.adminKey)).status).toBe(204);
      expect((await limited.createClient(aClient())).status).toBe(201);
      expect((await ask(limited, cookie)).status).toBe(200);
    });

    it('are counted also after a valid header', async () => {
      const authorization = `Bearer ${limited.adminKey}`;
      expect((await limited.createClient(aClient())).status).toBe(201);
      for (let i = 0; i < 2; i++)
        expect((await signIn(limited, `w${i}`, { authorization })).status).toBe(401);
      expect((await signIn(limited, 'w3', { authorization })).status).toBe(429);
    });

    it('an expired session does not count as failed authentication', async () => {
      const cookie = `admin_session=${'A'.repeat(43)}`;
      for (let i = 0; i < 4; i++) expect((await ask(limited, cookie)).status).toBe(401);
      expect((await signIn(limited, limited.adminKey)).status).toBe(204);
    });
  });

  it('ADMIN_CONSOLE=off: rejects sign-in and existing sessions', async () => {
    const off = await Registry.start(engine, { ADMIN_CONSOLE: 'off' });
    const { token } = await off.app.get(AdminSessionsService, { strict: false }).start(off.adminKey, SYSTEM);
    const cookie = `admin_session=${token}`;
    expect(codeOf(await signIn(off, off.adminKey))).toBe('404 not_found');
    expect(codeOf(await signOut(off, { cookie }))).toBe('404 not_found');
    expect(codeOf(await ask(off, cookie))).toBe('401 UNAUTHENTICATED');
    await off.stop();
  });

  if (engine === 'postgres') {
    it('is valid on all instances of one database, and ends on all at once', async () => {
      const other = await Registry.start('postgres', {}, {}, () => registry.databaseUrl);
      const cookie = await signedIn(registry);
      expect((await ask(other, cookie)).status).toBe(200);
      await signOut(other, { cookie });
      expect((await ask(registry, cookie)).status).toBe(401);

      const { id, apiKey } = await anAdmin();
      const session = await signedIn(other, apiKey);
      expect((await ask(registry, session)).status).toBe(200);
      await registry.graphql('mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }', { id });
      expect((await ask(other, session)).status).toBe(401);
      await other.stop();
    });
  }
});

/** The status of a request that says nothing of its body; `fetch` always does. */
function postWithoutType(url: string, cookie: string, body: string): Promise<number> {
  return new Promise((done, fail) => {
    const request = httpRequest(url, { method: 'POST', headers: { cookie } }, (response) => {
      response.pipe(new Writable({ write: (_chunk, _encoding, next) => next() }));
      done(response.statusCode!);
    });
    request.on('error', fail).end(body);
  });
}
