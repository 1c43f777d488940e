import { METHODS as READ_BY_NODE } from 'node:http';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';
import { INTERNALS } from '../../support/replies/leaks.js';
import { exchange, HOST, JSON_TYPE, raw, sendRaw } from '../../support/network/raw-http.js';
import { requestsTo, toJson } from '../../support/requests.js';

/** Every route, with the methods that it has. */
const ROUTES: [path: string, methods: string[]][] = [
  ['/v2/oauth/clients', ['POST', 'GET', 'HEAD']],
  ['/v2/oauth/clients/some-id', ['GET', 'HEAD', 'PUT', 'DELETE']],
  ['/v2/oauth_clients', ['POST', 'GET', 'HEAD']],
  ['/v2/oauth/register', ['POST', 'OPTIONS']],
  ['/graphql', ['GET', 'POST']],
  ['/health/live', ['GET', 'HEAD']],
  ['/health/ready', ['GET', 'HEAD']],
  ['/openapi.json', ['GET', 'HEAD']],
  ['/docs', ['GET', 'HEAD']],
  ['/', ['GET', 'HEAD']],
];
/** CONNECT asks for a tunnel, the parser takes SOURCE for another protocol's, and QUERY without a Content-Type is a 400. */
const METHODS_OF_NODE = READ_BY_NODE.filter((method) => !['CONNECT', 'SOURCE', 'QUERY'].includes(method));
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const WRONG_METHODS = ROUTES.flatMap(([path, methods]) =>
  METHODS.filter((method) => !methods.includes(method)).map((method): [string, string, string[]] => [
    method,
    path,
    methods,
  ]),
)
  // Whether the explorer's page and CORS preflights answer these is not settled by the contract
  .filter(([method, path]) => !(path === '/graphql' && ['HEAD', 'OPTIONS'].includes(method)));

const UNKNOWN_PATHS = [
  '/v2',
  '/v2/oauth',
  '/v1/oauth/clients',
  '/V2/OAUTH/CLIENTS',
  '/v2//oauth/clients',
  '/v2/oauth/clients%20',
  '/v2/oauth/clients%00',
  '/v2/oauth/clients;x=y',
  '/v2/oauth/clients.json',
  '/v2/oauth/clients/a/b/c',
  '/v2/oauth/register/a/b/c',
  '/graphqlx',
  '/graphql/nothing',
  '/graphql/explorer/nothing.js',
  '/docs/nothing',
  '/health',
  '/health/',
  '/health/dead',
  '/.env',
  '/constructor',
  '/__proto__',
  '/*',
  `/${'a'.repeat(10_000)}`,
  `/v2/oauth/clients/${'a/'.repeat(4_000)}`,
];
const MALFORMED_PATHS = [
  '/graphql/explorer/../../package.json',
  '/graphql/explorer/%2e%2e/%2e%2e/package.json',
  '/graphql/explorer/..%2f..%2fpackage.json',
  '/docs/../package.json',
  '/docs/..%2fpackage.json',
  '/../../etc/passwd',

  '/%zz',
  '/%',
  '/%f',
  '/%c0%ae',
  '/%ff',
  '/v2/oauth/clients/%zz',
  '/graphql/explorer/%zz',
  '/docs/%zz',
];

/** What is not HTTP; the server says so and disconnects by itself. */
const MALFORMED_HTTP: [string, string][] = [
  ['a word', raw('GARBAGE', '', '')],
  ['bytes of a TLS handshake', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
  ['an HTTP version that does not exist', raw('GET /health/live HTTP/9.9', HOST, '', '')],
  ['the preface of HTTP/2', raw('PRI * HTTP/2.0', '', 'SM', '', '')],
  ['a method that does not exist', raw('FROB /health/live HTTP/1.1', HOST, '', '')],
  ['a method in lower case', raw('get /health/live HTTP/1.1', HOST, '', '')],
  ['a path without a slash', raw('GET health/live HTTP/1.1', HOST, '', '')],
  ['a space in the path', raw('GET /health/live x HTTP/1.1', HOST, '', '')],
  ['no Host', raw('GET /health/live HTTP/1.1', 'Connection: close', '', '')],
  ['a header without a colon', raw('GET /health/live HTTP/1.1', HOST, 'Broken', '', '')],
  ['a space before the colon', raw('GET /health/live HTTP/1.1', HOST, 'X-Broken : 1', '', '')],
  ['an empty header name', raw('GET /health/live HTTP/1.1', HOST, ': 1', '', '')],
  ['NUL in a header', raw('GET /health/live HTTP/1.1', HOST, 'X-Broken: a\0b', '', '')],
  ['a bare carriage return in a header', raw('GET /health/live HTTP/1.1', HOST, 'X-Broken: a\rb', '', '')],
  [
    'two Content-Length',
    raw(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      'Content-Length: 2',
      'Content-Length: 3',
      '',
      '{}',
    ),
  ],
  [
    'a negative Content-Length',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, 'Content-Length: -2', '', '{}'),
  ],
  [
    'a Content-Length that is a word',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, 'Content-Length: two', '', '{}'),
  ],
  [
    'a Content-Length out of range',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, `Content-Length: ${'9'.repeat(30)}`, '', '{}'),
  ],
  [
    'Content-Length and Transfer-Encoding',
    raw(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      'Content-Length: 2',
      'Transfer-Encoding: chunked',
      '',
      '2',
      '{}',
      '0',
      '',
      '',
    ),
  ],
  [
    'a Transfer-Encoding that does not end in chunked',
    raw(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      'Transfer-Encoding: chunked, gzip',
      '',
      '2',
      '{}',
      '0',
      '',
      '',
    ),
  ],
  [
    'a chunk size that is not a number',
    raw(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      'Transfer-Encoding: chunked',
      '',
      'zz',
      '{}',
      '0',
      '',
      '',
    ),
  ],
  [
    'a header of 20,000 characters',
    raw('GET /health/live HTTP/1.1', HOST, `X-Long: ${'a'.repeat(20_000)}`, '', ''),
  ],
  ['a path of 100,000 characters', raw(`GET /${'a'.repeat(100_000)} HTTP/1.1`, HOST, '', '')],
];

/** Requests whose sender disconnects in the middle. */
const CUT_HTTP: [string, string][] = [
  ['nothing', ''],
  ['half a request line', 'POST /v2/oauth/regi'],
  ['half the headers', raw('POST /v2/oauth/register HTTP/1.1', HOST, 'Content-T')],
  [
    'a body that is shorter than declared',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, 'Content-Length: 20', '', '{}'),
  ],
  [
    'a chunked body without its end',
    raw('POST /v2/oauth/register HTTP/1.1', HOST, JSON_TYPE, 'Transfer-Encoding: chunked', '', '2', '{}', ''),
  ],
];

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { stored, credentials, expectRefused } = requestsTo(() => registry);

  describe('answers 405 with Allow to an unsupported method', () => {
    it.each(WRONG_METHODS)('%s %s', async (method, path, methods) => {
      const before = await stored();
      // With the body that the right method would have taken
      const sending =
        path.startsWith('/v2') && !['GET', 'HEAD', 'TRACE', 'OPTIONS'].includes(method)
          ? { body: toJson(aClient()), headers: { 'content-type': 'application/json' } }
          : {};
      const answer = await sendRaw(registry, path, { method, ...sending });
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 405,
        body:
          method === 'HEAD'
            ? undefined
            : { error: 'method_not_allowed', error_description: expect.any(String) },
      });
      const allow = answer.headers.get('allow')?.split(/, */) ?? [];
      expect(allow).toEqual(expect.arrayContaining(methods));
      expect(allow).not.toContain(method);
      expect(answer.text).not.toMatch(INTERNALS);
      expect(await stored()).toEqual(before);
    });
  });

  it.each([
    ['/v2/oauth/clients/authenticate', 'POST'],
    ['/v2/oauth/clients/some-id/secrets/other-id', 'DELETE'],
    ['/v2/oauth/register/%C3%A9', 'DELETE, GET, HEAD, OPTIONS, PUT'],
    ['/v2/oauth/authorize?a=b', 'GET'],
    ['/graphql/explorer/start.js', 'GET, HEAD'],
    ['/graphql/explorer/index.html', 'GET, HEAD'],
    ['/graphql/explorer/nothing.html', null],
    ['/v2/oauth/clients/some-id/nothing', null],
    ['/v2/oauth/clients//secrets', 'GET, HEAD, POST'],
  ])('knows for all methods that Node.js reads whether %s is a path', async (path, allow) => {
    for (const method of METHODS_OF_NODE.filter((each) => !allow?.split(', ').includes(each))) {
      const answer = await sendRaw(registry, path, { method });
      const sorted = answer.headers.get('allow')?.split(', ').sort().join(', ') ?? null;
      expect([method, answer.status, sorted]).toEqual([method, allow === null ? 404 : 405, allow]);
    }
  });

  describe('answers 404 with an error body to an unknown path', () => {
    it.each(UNKNOWN_PATHS.map((path) => [path.length > 60 ? `${path.slice(0, 60)}…` : path, path]))(
      '%s',
      async (_, path) => {
        for (const method of ['GET', 'POST']) {
          const body = method === 'POST' ? toJson(aClient()) : undefined;
          const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
          await expectRefused(
            () =>
              sendRaw(registry, path, { method, body, headers: { ...headers, ...credentials('clients') } }),
            { status: 404, error: 'not_found' },
          );
        }
      },
    );

    it.each(MALFORMED_PATHS)('%s is malformed or leaves the root: 404 or 400', async (path) => {
      const answer = await sendRaw(registry, path, { method: 'GET' });
      expect([
        { status: 400, body: { error: 'invalid_request', error_description: expect.any(String) } },
        { status: 404, body: { error: 'not_found', error_description: expect.any(String) } },
      ]).toContainEqual({ status: answer.status, body: answer.body });
      expect(answer.text).not.toMatch(INTERNALS);
    });

    it.each([
      '?%zz',
      '?x=%ff',
      '?__proto__[polluted]=1',
      '?constructor[prototype][polluted]=1',
      `?${'a=b&'.repeat(2_000)}`,
    ])('ignores the query string: %s', async (query) => {
      expect(await sendRaw(registry, `/health/live${query}`, { method: 'GET' })).toMatchObject({
        status: 200,
        body: { status: 'ok' },
      });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  });

  describe('rejects malformed HTTP and closes the connection', () => {
    const check = (received: string) => {
      const end = received.indexOf('\r\n\r\n');
      expect(received.slice(0, end)).toMatch(/^HTTP\/1\.1 (?:4\d\d|50[15]) /);
      // Node itself rejects some of it without a word: with an empty body, in chunks or not
      const body = received.slice(end).trim().replace(/^0$/, '');
      if (body === '') return;
      expect(JSON.parse(body)).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
      expect(body).not.toMatch(INTERNALS);
    };

    it.each(MALFORMED_HTTP)('%s', async (_, bytes) => {
      const before = await stored();
      check(await exchange(registry.url, bytes));
      expect(await stored()).toEqual(before);
      expect(await registry.send('/health/live', { method: 'GET' })).toMatchObject({ status: 200 });
    });

    it.each(CUT_HTTP)('cut off: %s', async (_, bytes) => {
      const before = await stored();
      const received = await exchange(registry.url, bytes, { thenHangUp: true });
      if (received !== '') check(received);
      expect(await stored()).toEqual(before);
      expect(await registry.send('/health/live', { method: 'GET' })).toMatchObject({ status: 200 });
    });

    it('answers a request without Host with an error body', async () => {
      const received = await exchange(
        registry.url,
        raw('GET /health/live HTTP/1.1', 'Connection: close', '', ''),
      );
      expect(received).toMatch(
        /^HTTP\/1\.1 400 [\s\S]*cache-control: no-store[\s\S]*\{"error":"invalid_request"/,
      );
    });

    it('answers HEAD without a body, even if the header is too large', async () => {
      const received = await exchange(
        registry.url,
        raw('HEAD /health/live HTTP/1.1', HOST, `X-Long: ${'a'.repeat(20_000)}`, '', ''),
      );
      expect(received).toMatch(/^HTTP\/1\.1 431 [^{]*\r\n\r\n$/);
    });

    it.each([
      ['an unknown expectation', 'HTTP/1.1', [HOST, 'Expect: a-miracle']],
      ['HTTP/1.0 without Host, as health checks speak it', 'HTTP/1.0', []],
    ])('takes %s', async (_, version, headers) => {
      const received = await exchange(
        registry.url,
        raw(`GET /health/live ${version}`, ...headers, 'Connection: close', '', ''),
      );
      expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"status":"ok"\}$/);
    });

    it('does not parse the rest of a rejected body as the next request', async () => {
      const before = await stored();
      const smuggled = raw(
        'POST /v2/oauth/register HTTP/1.1',
        HOST,
        JSON_TYPE,
        'Content-Length: 2',
        '',
        '{}',
      );
      const received = await exchange(
        registry.url,
        raw(
          'POST /v2/oauth/register HTTP/1.1',
          HOST,
          'Content-Type: text/plain',
          `Content-Length: ${smuggled.length}`,
          'Connection: close',
          '',
          smuggled,
        ),
      );
      expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 415']);
      expect(await stored()).toEqual(before);
    });
  });
});
