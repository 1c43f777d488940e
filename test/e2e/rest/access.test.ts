import { generateKeyPair } from 'jose';
import { SYSTEM } from '../../../src/audit/audit-event.js';
import { createOpenApiDocument } from '../../../src/api/documentation/openapi.js';
import { ApiKeysService } from '../../../src/auth/api-keys/api-keys.service.js';
import type { Role } from '../../../src/auth/principal/principal.js';
import { buildConsole } from '../../support/console/built-console.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry, type Sending } from '../../support/registry.js';
import { summaryOf } from '../../support/replies/summary.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';

const UNAUTHORIZED = '401 unauthorized';
const INVALID = '401 invalid_token';
const FORBIDDEN = '403 insufficient_scope';

/** What a caller gets. */
type Expected = Record<'anonymous' | 'bad' | Role, string>;

/** The same for all roles, or for all but those that are named. */
const answers = (
  anonymous: string,
  bad: string,
  roles: string,
  others: Partial<Expected> = {},
): Expected => ({
  anonymous,
  bad,
  member: roles,
  viewer: roles,
  service: roles,
  admin: roles,
  ...others,
});
const open = (answer: string) => answers(answer, answer, answer);
/** What members and admins may do in their own organization. */
const inOwnOrganization = (answer: string) =>
  answers(UNAUTHORIZED, INVALID, answer, { viewer: FORBIDDEN, service: FORBIDDEN });
/** What authorization servers may do. */
const toServices = (answer: string) =>
  answers(UNAUTHORIZED, INVALID, FORBIDDEN, { service: answer, admin: answer });
const NOT_FOUND = '404 not_found';
const byItsOwnToken = answers(UNAUTHORIZED, INVALID, INVALID);

/** Each route with a valid request to it, and what everyone gets. */
const ROUTES: [route: string, request: Sending, expected: Expected][] = [
  ['POST /v2/oauth/clients', { body: aClient() }, inOwnOrganization('201')],
  ['POST /v2/oauth_clients', { body: aClient() }, inOwnOrganization('201')],
  ['GET /v2/oauth/clients', {}, inOwnOrganization('200')],
  ['GET /v2/oauth_clients', {}, inOwnOrganization('200')],
  ['POST /v2/oauth/clients/authenticate', { body: { client_id: 'x' } }, toServices('200')],
  ['POST /v2/oauth_clients/authenticate', { body: { client_id: 'x' } }, toServices('200')],
  // Of a client that none of the callers has
  ...['/v2/oauth/clients/:client_id', '/v2/oauth_clients/:client_id'].flatMap((path): typeof ROUTES => [
    [`GET ${path}`, {}, answers(UNAUTHORIZED, INVALID, NOT_FOUND, { viewer: FORBIDDEN })],
    [`PUT ${path}`, { body: {} }, inOwnOrganization(NOT_FOUND)],
    [`DELETE ${path}`, {}, inOwnOrganization(NOT_FOUND)],
    [`GET ${path}/secrets`, {}, inOwnOrganization(NOT_FOUND)],
    [`POST ${path}/secrets`, { body: {} }, inOwnOrganization(NOT_FOUND)],
    [`DELETE ${path}/secrets/:secret_id`, {}, inOwnOrganization(NOT_FOUND)],
  ]),
  [
    'POST /v2/oauth/register',
    { body: {} },
    answers('201', INVALID, '201', { viewer: FORBIDDEN, service: FORBIDDEN }),
  ],
  // Only the registration access token manages a registration
  ['GET /v2/oauth/register/:client_id', {}, byItsOwnToken],
  ['PUT /v2/oauth/register/:client_id', { body: {} }, byItsOwnToken],
  ['DELETE /v2/oauth/register/:client_id', {}, byItsOwnToken],
  ['GET /v2/oauth/register/:client_id/secrets', {}, byItsOwnToken],
  ['POST /v2/oauth/register/:client_id/secrets', { body: {} }, byItsOwnToken],
  ['DELETE /v2/oauth/register/:client_id/secrets/:secret_id', {}, byItsOwnToken],
  // They authenticate clients, whatever bearer token comes with the request
  ['POST /v2/oauth/token', { body: { client_id: 'x' } }, open('401 invalid_client')],
  ['POST /v2/oauth/par', { body: { client_id: 'x' } }, open('401 invalid_client')],
  ['POST /v2/oauth/revoke', { body: { client_id: 'x', token: 'x' } }, open('401 invalid_client')],
  [
    'POST /v2/oauth/introspect',
    { body: { token: 'x' } },
    answers(UNAUTHORIZED, INVALID, '200', { viewer: FORBIDDEN }),
  ],
  ['GET /v2/oauth/authorize', { headers: { accept: '*/*' } }, open('400 invalid_request')],
  // The user of the consent token, or of the grants
  ['GET /v2/oauth/consent/:consent_token', {}, inOwnOrganization(NOT_FOUND)],
  ['POST /v2/oauth/grants', { body: { consent_token: 'x', allowed: true } }, inOwnOrganization(NOT_FOUND)],
  ...['/v2/oauth/grants', '/v2/oauth_grants'].flatMap((path): typeof ROUTES => [
    [`GET ${path}`, {}, inOwnOrganization('200')],
    [`GET ${path}/:id`, {}, inOwnOrganization(NOT_FOUND)],
    [`DELETE ${path}/:id`, {}, inOwnOrganization(NOT_FOUND)],
  ]),
  ['GET /consent', {}, open('404')],
  ['POST /consent', { body: {} }, open('404')],
  ['GET /v2/oauth/login/callback', { headers: { accept: '*/*' } }, open('400 invalid_request')],
  ['GET /v2/oauth/jwks', {}, open('200')],
  ...['', '/v2'].flatMap((base): typeof ROUTES => [
    [`GET ${base}/.well-known/oauth-authorization-server`, {}, open('200')],
    [`GET ${base}/.well-known/oauth-protected-resource`, {}, open('200')],
  ]),
  // Each field has its own answers: test/e2e/graphql/roles.test.ts
  [
    'POST /graphql',
    { body: { query: '{ __typename }' } },
    answers(UNAUTHORIZED, INVALID, '200', { member: FORBIDDEN }),
  ],
  ['GET /graphql', {}, open('200')],
  ['GET /graphql/explorer/*', {}, open('200')],
  // What it takes is in the body, or in a cookie; of the console itself anyone may see the pages
  ['POST /admin/session', { body: { api_key: 'nobody' } }, open(INVALID)],
  ['DELETE /admin/session', {}, open('204')],
  ['GET /admin', {}, open('200')],
  ['GET /admin/*', {}, open('200')],
  ['GET /', {}, open('200')],
  ['GET /health/live', {}, open('200')],
  ['GET /health/ready', {}, open('200')],
  ['GET /openapi.json', {}, open('200')],
  ['GET /docs', {}, open('200')],
];

/** One that was made with a time to come, as all are. */
async function anExpiredKey(registry: Registry): Promise<string> {
  const { id, apiKey } = await registry.createKey({ expiresAt: new Date(Date.now() + 60_000) });
  await registry.dataSource.query(`UPDATE api_keys SET expires_at = ${Date.now() - 1} WHERE id = '${id}'`);
  return apiKey;
}

/** The files of the documentation and of the explorer. */
const PAGE_FILES = [
  '/docs-yaml',
  ...['', '*', 'start.js'].map((file) => `/docs/${file}`),
  '/graphql/explorer/start.js',
];

/** Each route, and another spelling of its path (RFC 3986 §6.2.2.2). */
const BY_SPELLING = ROUTES.flatMap(([route, ...rest]) => [
  [route, '', (path: string) => path, ...rest] as const,
  [route, ', a letter escaped', (path: string) => path.replace(/[a-z]/, escaped), ...rest] as const,
]);
const escaped = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`;

/** Of preflights. */
const ANY_PATH = '/*';

/** Every path that has a handler, of the tree that the router prints. */
function routesIn(tree: string): string[] {
  const path: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent, part, methods] = /^(.*)[├└]── (\S*)( \([A-Z, -]+\))?$/.exec(line) ?? [];
    if (part === undefined) return [];
    path.splice(indent!.length / 4, Infinity, part);
    // It leaves out the slash before a wildcard
    return methods ? [path.join('').replace(/\/?\*$/, '/*')] : [];
  });
}

onEachEngine((engine) => {
  let issuer: TokenIssuer;
  let built: Awaited<ReturnType<typeof buildConsole>>;
  let registry: Registry;
  let callers: Record<string, string | null>;

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    built = await buildConsole();
    registry = await Registry.start(
      engine,
      {
        ...issuer.env,
        AUTH_JWT_ADMIN: 'realm_access.roles=registry-admin',
        AUTH_JWT_SERVICE: 'scope=registry:service',
        AUTH_JWT_VIEWER: 'realm_access.roles=registry-viewer',
      },
      {},
      undefined,
      built.directory,
    );
    const keys = registry.app.get(ApiKeysService, { strict: false });
    const revoked = await registry.createKey();
    await keys.revoke(revoked.id, SYSTEM);
    const { apiKey: memberA } = await registry.createKey({ orgId: 'org-a' });
    const publicKeyAsSecret = new TextEncoder().encode(JSON.stringify(issuer.publicJwk));
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const foreignKey = (await generateKeyPair('ES256')).privateKey;
    const past = Math.floor(Date.now() / 1000) - 3600;
    callers = {
      anonymous: null,
      'member of org A': memberA,
      'member of org B': (await registry.createKey({ orgId: 'org-b' })).apiKey,
      admin: registry.adminKey,
      'another admin': (await registry.createKey({ role: 'admin' })).apiKey,
      viewer: (await registry.createKey({ role: 'viewer' })).apiKey,
      service: (await registry.createKey({ role: 'service' })).apiKey,
      'key with an expiry to come': (
        await registry.createKey({ expiresAt: new Date(Date.now() + 3_600_000) })
      ).apiKey,
      'revoked key': revoked.apiKey,
      'expired key': await anExpiredKey(registry),
      'unknown key': `ocr_${'A'.repeat(43)}00000000`,
      'key with a typing error': `${memberA.slice(0, -1)}${memberA.endsWith('0') ? '1' : '0'}`,
      'key in upper case': memberA.toUpperCase(),
      'JWT of a member': await issuer.sign(),
      'JWT of an admin': await issuer.sign({ realm_access: { roles: ['user', 'registry-admin'] } }),
      'JWT of a viewer': await issuer.sign({ realm_access: { roles: ['registry-viewer'] } }),
      'JWT of a service': await issuer.sign({ scope: 'openid registry:service' }),
      'JWT of an admin that is a service and a viewer, too': await issuer.sign({
        scope: 'registry:service',
        realm_access: { roles: ['registry-viewer', 'registry-admin'] },
      }),
      'JWT of a service that is a viewer, too': await issuer.sign({
        scope: 'registry:service',
        realm_access: { roles: ['registry-viewer'] },
      }),
      'JWT of a member that has a role of another name': await issuer.sign({
        role: 'admin',
        roles: ['registry-admin'],
      }),
      'JWT of a foreign key': await issuer.sign({}, foreignKey),
      'JWT of a foreign issuer': await issuer.sign({ iss: 'https://evil.example' }),
      'JWT for another audience': await issuer.sign({ aud: 'https://other.example' }),
      'JWT without audience': await issuer.sign({ aud: undefined }),
      'JWT that expired': await issuer.sign({ exp: past }),
      'JWT without expiry': await issuer.sign({ exp: undefined }),
      'JWT of the future': await issuer.sign({ nbf: Math.floor(Date.now() / 1000) + 3600 }),
      'JWT without organization': await issuer.sign({ org_id: undefined }),
      'JWT with an empty organization': await issuer.sign({ org_id: '' }),
      'JWT with an organization that cannot be stored': await issuer.sign({ org_id: 'a\0b' }),
      'JWT with an organization that looks like another': await issuer.sign({ org_id: ' acme' }),
      'JWT with an organization that has a no-break space': await issuer.sign({ org_id: 'acme\u00a0' }),
      'JWT with an organization in full-width letters': await issuer.sign({ org_id: 'ａcme' }),
      'JWT with a subject that has a control character': await issuer.sign({ sub: 'u\u0007' }),
      'JWT with a subject that is not composed': await issuer.sign({ sub: 'Zoe\u0308' }),
      'JWT with a subject too long to be stored': await issuer.sign({ sub: 'x'.repeat(300) }),
      'JWT with a subject that is not text': await issuer.sign({ sub: { a: 1 } }),
      'JWT without subject': await issuer.sign({ sub: undefined }),
      'ID token of an implicit flow': await issuer.sign({ at_hash: 'x' }),
      'ID token of a hybrid flow': await issuer.sign({ c_hash: 'x' }),
      'ID token with a nonce': await issuer.sign({ nonce: 'n-0S6_WzA2Mj' }),
      'ID token of Keycloak': await issuer.sign({ typ: 'ID' }),
      'access token of an old Keycloak': await issuer.sign({ typ: 'Bearer', nonce: 'n-0S6_WzA2Mj' }),
      'logout token': await issuer.sign({ events: {} }),
      'JWT signed with the public key as a shared secret': await issuer.sign({}, publicKeyAsSecret, {
        alg: 'HS256',
        kid: 'key-1',
      }),
      'JWT with alg none': `${encode({ alg: 'none' })}.${encode(issuer.goodClaims())}.`,
      'JWT with alg none and a signature': `${encode({ alg: 'none' })}.${encode(issuer.goodClaims())}.c2ln`,
      'JWT that was tampered with': (await issuer.sign()).replace(
        /\.[^.]+\./,
        `.${encode({ ...issuer.goodClaims(), role: 'admin' })}.`,
      ),
      'initial access token': (await registry.createInitialAccessToken()).value,
      'an empty token': '',
      'a token of spaces': '   ',
      'a token of 10,000 characters': 'x'.repeat(10_000),
    };
  });
  afterAll(async () => {
    await registry.stop();
    await built.remove();
    issuer.stop();
  });

  const GOOD: Record<string, Role> = {
    'member of org A': 'member',
    'member of org B': 'member',
    'key with an expiry to come': 'member',
    'JWT of a member': 'member',
    'JWT of a member that has a role of another name': 'member',
    'access token of an old Keycloak': 'member',
    admin: 'admin',
    'another admin': 'admin',
    'JWT of an admin': 'admin',
    'JWT of an admin that is a service and a viewer, too': 'admin',
    viewer: 'viewer',
    'JWT of a viewer': 'viewer',
    service: 'service',
    'JWT of a service': 'service',
    'JWT of a service that is a viewer, too': 'service',
  };

  describe.each(BY_SPELLING)('%s%s', (route, _, spell, request, answersOf) => {
    it('authorizes each credential on each route, and gives the reason otherwise', async () => {
      const [method, path] = route
        .replace('explorer/*', 'explorer/main.js')
        .replace('admin/*', 'admin/clients')
        .replace(/:\w+_id/g, '01a20080-c163-717e-a4ad-7633ebbe7df6')
        .split(' ') as [string, string];
      const actual: Record<string, string> = {};
      const expected: Record<string, string> = {};
      for (const [caller, key] of Object.entries(callers)) {
        const opensOnlyThis = caller === 'initial access token' && route === 'POST /v2/oauth/register';
        expected[caller] = opensOnlyThis
          ? '201'
          : caller === 'anonymous'
            ? answersOf.anonymous
            : answersOf[GOOD[caller] ?? 'bad'];
        actual[caller] = summaryOf(
          await registry.send(spell(path), {
            method,
            key,
            ...request,
            headers: { ...(method === 'GET' && { accept: 'text/html,*/*' }), ...request.headers },
          }),
        );
      }
      expect(actual).toEqual(expected);
    });
  });

  it('the table above has every route', () => {
    const fastify = registry.app.getHttpAdapter().getInstance() as { printRoutes(options: object): string };
    const routes = fastify.printRoutes({ commonPrefix: false });
    const paths = routesIn(routes);
    // The router prints nothing of a prefix that has no handler
    const known = ROUTES.map(([route]) => route.split(' ')[1]!.replace('/explorer/*', '/*'));
    expect(new Set(paths)).toEqual(new Set([...known, ...PAGE_FILES, ANY_PATH]));
  });

  it('the table has every operation of the OpenAPI document', () => {
    const { paths } = createOpenApiDocument(registry.app);
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    const known = ROUTES.map(([route]) => route);
    expect(operations.filter((operation) => !known.includes(operation))).toEqual([]);
    expect(operations).toContain('GET /v2/oauth/clients/:client_id');
  });

  describe('a service', () => {
    it('gets a client of any organization by its id, without a secret', async () => {
      const owned = await registry.createClient(aClient(), callers['member of org A']!);
      const anonymous = await registry.register({ redirect_uris: ['https://a.example/cb'] });
      for (const [id, orgId] of [
        [owned.body.data.client_id, 'org-a'],
        [anonymous.body.client_id, ''],
      ] as [string, string][]) {
        for (const caller of ['service', 'JWT of a service']) {
          const key = callers[caller];
          const { status, body } = await registry.send(`/v2/oauth/clients/${id}`, { method: 'GET', key });
          expect({ status, ...body.data }).toMatchObject({ status: 200, client_id: id, client_secret: null });
          expect(body.data.org_id).toBe(orgId);
        }
      }
    });

    it('changes none, not even of its own organization', async () => {
      const { orgId, apiKey: member } = await registry.createKey();
      const { apiKey: service } = await registry.createKey({ orgId, role: 'service' });
      const { body } = await registry.createClient(aClient(), member);
      const path = `/v2/oauth/clients/${body.data.client_id}`;
      for (const method of ['PUT', 'DELETE']) {
        const answer = await registry.send(path, {
          method,
          key: service,
          ...(method === 'PUT' && { body: {} }),
        });
        expect(summaryOf(answer)).toBe(FORBIDDEN);
      }
      const { status } = await registry.send(path, { method: 'GET', key: member });
      expect(status).toBe(200);
    });

    it('does not find a deleted client', async () => {
      const { body } = await registry.createClient(aClient());
      const path = `/v2/oauth/clients/${body.data.client_id}`;
      await registry.send(path, { method: 'DELETE', key: registry.adminKey });
      expect(summaryOf(await registry.send(path, { method: 'GET', key: callers.service }))).toBe(NOT_FOUND);
    });
  });

  it('an admin gets clients of its own organization only, as a member does', async () => {
    const { body } = await registry.createClient(aClient(), callers['member of org A']!);
    const path = `/v2/oauth/clients/${body.data.client_id}`;
    for (const caller of ['admin', 'member of org B']) {
      expect(summaryOf(await registry.send(path, { method: 'GET', key: callers[caller] }))).toBe(NOT_FOUND);
    }
  });

  it.each([
    ['viewer', 'POST', '/v2/oauth/clients', 'member or admin', 'REST'],
    ['viewer', 'GET', '/v2/oauth/clients/x', 'member, service, or admin', 'REST'],
    ['service', 'POST', '/v2/oauth/register', 'member or admin', 'REGISTRATION'],
  ] as const)(
    'the reply to a %s that sends %s %s names the required roles, and the audit log has the denial',
    async (...row) => {
      const [role, method, path, roles, channel] = row;
      const { id, apiKey: key } = await registry.createKey({ role });
      const { status, body } = await registry.send(path, {
        method,
        key,
        ...(method === 'POST' && { body: '{' }),
      });
      expect([status, body]).toEqual([
        403,
        { error: 'insufficient_scope', error_description: `This operation requires the ${roles} role.` },
      ]);
      const query = `{ auditEvents(filter: { actorId: "${id}" }) { nodes { action channel } } }`;
      const { auditEvents } = (await registry.graphql(query)).body.data;
      expect(auditEvents.nodes).toEqual([{ action: 'ACCESS_DENIED', channel }]);
    },
  );

  describe('401 and 403', () => {
    it.each([
      ['without credentials, no error is told', {}, null],
      ['with invalid ones, invalid_token', { authorization: 'Bearer nonsense' }, 'invalid_token'],
      ['with another scheme, invalid_token', { authorization: 'Basic dXNlcjpwYXNz' }, 'invalid_token'],
    ])('%s (RFC 6750 §3.1)', async (_, headers, error) => {
      const answer = await registry.send('/v2/oauth/clients', { body: aClient(), headers });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(registry.challenge(error));
      expect(Object.keys(answer.body as object)).toEqual(['error', 'error_description']);
    });

    it('A 401 names the metadata of this API if the authorization server is on (RFC 9728 §5.1)', async () => {
      const { headers } = await registry.send('/v2/oauth/clients', { method: 'GET' });
      const [, url] = /^Bearer resource_metadata="([^"]+)"$/.exec(headers.get('www-authenticate')!)!;
      const metadata = (await (await fetch(url!)).json()) as Record<string, unknown>;
      expect(metadata).toMatchObject({ resource: registry.url, authorization_servers: [registry.url] });
      const off = await Registry.start(engine, { AUTHORIZATION_SERVER: 'off' });
      try {
        const plain = await off.send('/v2/oauth/clients', { method: 'GET' });
        expect(plain.headers.get('www-authenticate')).toBe('Bearer');
      } finally {
        await off.stop();
      }
    });

    it('precedes the validation of the body, so that callers without credentials learn nothing', async () => {
      const answer = await registry.send('/v2/oauth/clients', { body: { made: 'up' }, key: 'nonsense' });
      expect(answer.body.error).toBe('invalid_token');
    });

    it('a rejected request stores nothing', async () => {
      const before = await registry.rows('oauth_clients');
      await registry.createClient(aClient(), callers['revoked key']!);
      await registry.register({}, callers['JWT with alg none']);
      expect(await registry.rows('oauth_clients')).toBe(before);
    });
  });

  it('a key that another instance revokes is rejected after a second', async () => {
    const { id, apiKey } = await registry.createKey();
    const ask = async () => (await registry.send('/v2/oauth/clients', { method: 'GET', key: apiKey })).status;
    expect(await ask()).toBe(200);
    await registry.dataSource.query(`UPDATE api_keys SET revoked_at = ${Date.now()} WHERE id = '${id}'`);
    await new Promise((done) => setTimeout(done, 1_100));
    expect(await ask()).toBe(401);
  });

  it('a key is revoked at once', async () => {
    const { id, apiKey } = await registry.createKey();
    expect((await registry.createClient(aClient(), apiKey)).status).toBe(201);
    await registry.app.get(ApiKeysService, { strict: false }).revoke(id, SYSTEM);
    expect((await registry.createClient(aClient(), apiKey)).status).toBe(401);
  });

  it('the scheme "bearer" may be written in any case', async () => {
    const answer = await registry.send('/v2/oauth/clients', {
      body: aClient(),
      headers: { authorization: `bEARER ${registry.adminKey}` },
    });
    expect(answer.status).toBe(201);
  });

  it.each([
    ['createApiKey', 'name: "n"', 'apiKey { orgId userId }'],
    [
      'createInitialAccessToken',
      'name: "n", maxRegistrations: 1, expiresAt: "2100-01-01T00:00:00Z"',
      'initialAccessToken { orgId userId }',
    ],
    [
      'createOAuthClient',
      'name: "n", clientType: CONFIDENTIAL, allowedScopes: ["a"], allowedGrantTypes: [CLIENT_CREDENTIALS]',
      'client { orgId userId }',
    ],
  ])(
    '%s trims and composes the names of owners, and rejects those that look like another',
    async (field, rest, selection) => {
      const create = async (orgId: string, userId: string) => {
        const input = `{ orgId: ${JSON.stringify(orgId)}, userId: ${JSON.stringify(userId)}, ${rest} }`;
        return (await registry.graphql(`mutation { ${field}(input: ${input}) { ${selection} } }`)).body;
      };
      const { data } = await create(' acme\u00a0', 'Zoe\u0308\u3000');
      expect(Object.values(data[field] as object)).toEqual([{ orgId: 'acme', userId: 'Zo\u00eb' }]);
      for (const [orgId, userId] of [
        ['ac\u2003me', 'acme\ufe0f'],
        ['ａcme', 'oﬃce'],
      ] as const) {
        const { errors } = await create(orgId, userId);
        expect(errors[0].extensions.code).toBe('BAD_USER_INPUT');
        expect(
          Object.keys(errors[0].extensions.invalid_fields ?? errors[0].extensions.invalidFields),
        ).toEqual(['orgId', 'userId']);
      }
    },
  );
});
