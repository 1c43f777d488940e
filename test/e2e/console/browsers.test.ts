import { aClient, type Answer, Registry } from '../../support/registry.js';

const ORIGIN = 'https://inspector.example';
const PREFLIGHT = {
  origin: ORIGIN,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,baggage,content-type,sentry-trace,traceparent',
};
const EXPOSED = 'RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id';

// On one engine: headers have nothing to do with a database
describe('A browser', () => {
  let registry: Registry;
  const start = async (env: Record<string, string> = {}) => {
    registry = await Registry.start('sqlite', env);
  };
  afterEach(() => registry.stop());

  const preflight = (path: string, headers: Record<string, string> = PREFLIGHT) =>
    registry.send(path, { method: 'OPTIONS', headers });
  const corsOf = ({ headers }: Answer) =>
    Object.fromEntries(
      [...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'),
    );

  describe('Pages of other origins', () => {
    it.each(['/v2/oauth/register', '/v2/oauth/register/some-id'])(
      'may register and manage registrations: %s',
      async (path) => {
        await start({ RATE_LIMIT_REGISTER: '1/1m', REGISTRATION_MODE: 'token' });
        for (let i = 0; i < 3; i++) {
          const answer = await preflight(path);
          expect({ status: answer.status, ...corsOf(answer) }).toEqual({
            status: 204,
            'access-control-allow-origin': '*',
            'access-control-allow-methods': 'GET, POST, PUT, DELETE',
            'access-control-allow-headers': PREFLIGHT['access-control-request-headers'],
            'access-control-expose-headers': EXPOSED,
            'access-control-max-age': '7200',
            vary: 'Access-Control-Request-Headers',
          });
        }
      },
    );

    it('read replies of every status', async () => {
      await start({ RATE_LIMIT_REGISTER: '3/1m' });
      const send = (body: unknown, headers: Record<string, string> = {}) =>
        registry.send('/v2/oauth/register', { body, headers: { origin: ORIGIN, ...headers } });
      const answers = [
        await send({}),
        await send('{'),
        await send('{}', { 'content-type': 'text/plain' }),
        await send({}, { 'content-encoding': 'gzip' }),
        await send({}),
        await registry.send('/v2/oauth/register/some-id', { method: 'GET', headers: { origin: ORIGIN } }),
        await registry.send('/v2/oauth/register', { method: 'DELETE', headers: { origin: ORIGIN } }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([201, 400, 415, 415, 429, 401, 405]);
      for (const answer of answers) {
        expect(corsOf(answer)).toEqual({
          'access-control-allow-origin': '*',
          'access-control-expose-headers': EXPOSED,
        });
      }
    });

    it('are accepted if the operator lists them', async () => {
      await start({ REGISTRATION_CORS_ORIGINS: `${ORIGIN} http://localhost:6274` });
      const allowed = await preflight('/v2/oauth/register');
      expect(corsOf(allowed)).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        vary: 'Origin, Access-Control-Request-Headers',
      });
      const other = await preflight('/v2/oauth/register', { ...PREFLIGHT, origin: 'https://evil.example' });
      expect(corsOf(other)).not.toHaveProperty('access-control-allow-origin');
      expect(corsOf(other)).toMatchObject({ vary: 'Origin, Access-Control-Request-Headers' });
    });

    it.each(['tauri://localhost', 'vscode-webview://0a1b2c3d'])(
      'may be those of an app, compared as text: %s',
      async (origin) => {
        await start({ REGISTRATION_CORS_ORIGINS: `${ORIGIN} ${origin}` });
        expect(corsOf(await preflight('/v2/oauth/register', { ...PREFLIGHT, origin }))).toMatchObject({
          'access-control-allow-origin': origin,
        });
        const registered = await registry.send('/v2/oauth/register', { body: {}, headers: { origin } });
        expect(corsOf(registered)).toMatchObject({ 'access-control-allow-origin': origin });
        for (const other of [`${origin}x`, origin.toUpperCase(), 'null']) {
          expect(
            corsOf(await preflight('/v2/oauth/register', { ...PREFLIGHT, origin: other })),
          ).not.toHaveProperty('access-control-allow-origin');
        }
      },
    );

    it('ask for no more headers than a request may hold', async () => {
      await start();
      const ask = (headers: string) =>
        preflight('/v2/oauth/register', { ...PREFLIGHT, 'access-control-request-headers': headers });
      const many = Array.from({ length: 100 }, (_, i) => `x-header-${i}`).join(',');
      expect(corsOf(await ask(many))['access-control-allow-headers']).toBe(many);
      expect((await ask('x'.repeat(17_000))).status).toBe(431);
    });

    it('are rejected if the operator denies them', async () => {
      await start({ REGISTRATION_CORS_ORIGINS: 'off' });
      const answer = await preflight('/v2/oauth/register');
      expect({ status: answer.status, ...corsOf(answer) }).toEqual({ status: 405 });
      expect(
        corsOf(await registry.send('/v2/oauth/register', { body: {}, headers: { origin: ORIGIN } })),
      ).toEqual({});
    });

    it('get the error of the path when they ask for an unknown path', async () => {
      await start();
      const answer = await registry.send('/nope', { method: 'OPTIONS', headers: { 'content-type': '/' } });
      expect([answer.status, answer.body]).toEqual([
        415,
        {
          error: 'unsupported_media_type',
          error_description: 'The request body must have the Content-Type application/json.',
        },
      ]);
    });

    it('are rejected by all other interfaces', async () => {
      await start();
      for (const [path, status] of [
        ['/v2/oauth/clients', 405],
        ['/health/live', 405],
        ['/openapi.json', 405],
        ['/nothing', 404],
      ] as const) {
        const answer = await preflight(path);
        expect([path, answer.status, corsOf(answer)]).toEqual([path, status, {}]);
      }
      expect(corsOf(await preflight('/graphql'))).toEqual({});
      const created = await registry.send('/v2/oauth/clients', {
        body: aClient(),
        key: registry.adminKey,
        headers: { origin: ORIGIN },
      });
      expect([created.status, corsOf(created)]).toEqual([201, {}]);
    });
  });

  describe('Pages that are served', () => {
    const get = (path: string) => registry.send(path, { method: 'GET', headers: { accept: 'text/html' } });

    it('load only their own resources, refuse frames, and send no referrer', async () => {
      await start();
      for (const path of [
        '/docs',
        '/docs/',
        '/docs/swagger-ui-bundle.js',
        '/graphql',
        '/graphql/explorer/main.js',
      ]) {
        const { status, headers } = await get(path);
        expect([path, status]).toEqual([path, 200]);
        const policy = headers.get('content-security-policy') ?? '';
        expect(policy.split(';')).toEqual(
          expect.arrayContaining([
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
          ]),
        );
        expect(policy).not.toContain('unsafe-eval');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('referrer-policy')).toBe('no-referrer');
        expect(headers.get('strict-transport-security')).toBeNull();
      }
    });

    it('hold no script that their policy forbids', async () => {
      await start();
      for (const path of ['/docs', '/graphql']) {
        const { text } = await get(path);
        const scripts = [...text.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)];
        expect(scripts.length).toBeGreaterThan(1);
        const base = new URL(/<base href="([^"]+)"/.exec(text)?.[1] ?? path, registry.url);
        for (const [, attributes = '', content] of scripts) {
          expect(content!.trim()).toBe('');
          const source = new URL(/src=["']([^"']+)["']/.exec(attributes)![1]!, base);
          expect(source.origin).toBe(new URL(registry.url).origin);
          const script = await get(source.pathname);
          expect([source.pathname, script.status]).toEqual([source.pathname, 200]);
          expect(script.headers.get('content-type')).toMatch(/javascript/);
        }
        expect(text).not.toMatch(/\son\w+=|javascript:/i);
      }
    });
  });

  it('JSON is JSON for every browser', async () => {
    await start();
    for (const answer of [
      await registry.register({}),
      await registry.register('{'),
      await registry.createClient(aClient()),
      await registry.send('/nothing', { method: 'GET' }),
      await registry.graphql('{ __typename }'),
    ]) {
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-security-policy')).toBeNull();
    }
  });
});
