import { BUILT_FILES, buildConsole } from '../../support/console/built-console.js';
import { exchange as rawExchange, HOST, JSON_TYPE, raw } from '../../support/network/raw-http.js';
import { Registry } from '../../support/registry.js';

const CLOSE = 'Connection: close';

// On one engine: none of this gets as far as the database
describe('A request that two readers would read differently', () => {
  let built: Awaited<ReturnType<typeof buildConsole>>;
  let registry: Registry;
  beforeAll(async () => {
    built = await buildConsole();
    registry = await Registry.start('sqlite', {}, {}, undefined, built.directory);
  });
  afterAll(async () => {
    await registry.stop();
    await built.remove();
  });

  const exchange = (...lines: string[]) => rawExchange(registry.url, raw(...lines));
  const statusOf = (received: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1]);
  const errorOf = (received: string) => /\{"error":"(\w+)"/.exec(received)?.[1];
  const get = (...headers: string[]) => exchange('GET /health/live HTTP/1.1', ...headers, CLOSE, '', '');
  const post = (...headers: string[]) =>
    exchange('POST /v2/oauth/register HTTP/1.1', HOST, ...headers, 'Content-Length: 2', CLOSE, '', '{}');

  it.each<[string, string[]]>([
    ['two hosts', [HOST, 'Host: other.example']],
    ['the same host twice', [HOST, HOST]],
    ['the same host twice, in other letters', [HOST, 'hOST: registry.example']],
    ['an empty host', ['Host: ']],
    ['a host with a path', ['Host: registry.example/x']],
    ['a host with a user', ['Host: user@registry.example']],
    ['a list of hosts', ['Host: registry.example, other.example']],
    ['a host with a space', ['Host: registry example']],
    ['a host with a word for a port', ['Host: registry.example:http']],
    ['a host with a port that is too large', ['Host: registry.example:65536']],
    ['an open bracket', ['Host: [::1']],
    ['an invalid address in brackets', ['Host: [x]']],
    ['a backslash', ['Host: registry.example\\x']],
    ['repeated credentials', [HOST, 'Authorization: Bearer a', 'Authorization: Bearer b']],
    ['the same credentials repeated', [HOST, 'Authorization: Bearer a', 'authorization: Bearer a']],
    ['repeated types', [HOST, JSON_TYPE, 'Content-Type: text/plain']],
  ])('is rejected with 400: %s', async (_, headers) => {
    const received = await get(...headers);
    expect([statusOf(received), errorOf(received)]).toEqual([400, 'invalid_request']);
  });

  it.each([
    'registry.example',
    'registry.example:3000',
    'REGISTRY.example:',
    'localhost:1',
    'my_service:8080',
    '127.0.0.1:65535',
    '[::1]:3000',
    '[::ffff:127.0.0.1]',
  ])('is accepted if the host is %s', async (host) => {
    expect(statusOf(await get(`Host: ${host}`))).toBe(200);
  });

  it.each([
    ['gzip, chunked', 501],
    ['identity, chunked', 501],
    ['x-custom, chunked', 501],
    ['chunked', 201],
    ['CHUNKED', 201],
  ])('Transfer-Encoding: %s is %d', async (coding, status) => {
    const received = await exchange(
      'POST /v2/oauth/register HTTP/1.1',
      HOST,
      JSON_TYPE,
      `Transfer-Encoding: ${coding}`,
      CLOSE,
      '',
      '2',
      '{}',
      '0',
      '',
      '',
    );
    expect([statusOf(received), errorOf(received)]).toEqual([
      status,
      status === 501 ? 'not_implemented' : undefined,
    ]);
  });

  it.each(['1.0', '0.9', '2.0'])(
    'with chunks in HTTP/%s ends the connection, though it asks to keep it',
    async (version) => {
      const received = await exchange(
        `POST /v2/oauth/register HTTP/${version}`,
        HOST,
        JSON_TYPE,
        'Connection: keep-alive',
        'Transfer-Encoding: chunked',
        '',
        '2',
        '{}',
        '0',
        '',
        '',
      );
      expect([statusOf(received), errorOf(received)]).toEqual([400, 'invalid_request']);
    },
  );

  it('with Upgrade gets a normal reply and closes the connection, since later bytes may be lost', async () => {
    const get = ['GET /health/live HTTP/1.1', HOST, 'Connection: upgrade', 'Upgrade: x', '', ''];
    expect(await exchange(...get)).toMatch(/^HTTP\/1\.1 200 [^]*connection: close/i);
  });

  it.each([
    ['iso-8859-1', 415],
    ['UTF-16', 415],
    ['"latin1"', 415],
    ['utf-7', 415],
    ['utf-8; charset=utf-16', 415],
    ['', 415],
    ['utf-8', 201],
    ['UTF-8', 201],
    ['"utf-8"', 201],
  ])('with a body in charset=%s is %d', async (charset, status) => {
    const received = await post(`${JSON_TYPE}; charset=${charset}`);
    expect([statusOf(received), errorOf(received)]).toEqual([
      status,
      status === 415 ? 'unsupported_media_type' : undefined,
    ]);
  });

  it.each<[string, () => Promise<string>]>([
    [
      'a registration',
      () =>
        exchange(
          'POST /v2/oauth/register?__proto__=1 HTTP/1.1',
          HOST,
          JSON_TYPE,
          'Content-Length: 2',
          CLOSE,
          '',
          '{}',
        ),
    ],
    [
      'a list',
      () =>
        exchange(
          'GET /v2/oauth/clients?__proto__=1 HTTP/1.1',
          HOST,
          `Authorization: Bearer ${registry.adminKey}`,
          CLOSE,
          '',
          '',
        ),
    ],
    [
      'a list, escaped',
      () =>
        exchange(
          'GET /v2/oauth/clients?%5F_proto__=1 HTTP/1.1',
          HOST,
          `Authorization: Bearer ${registry.adminKey}`,
          CLOSE,
          '',
          '',
        ),
    ],
  ])(
    'names a parameter of %s that every object has, and is rejected like any unknown one',
    async (_, send) => {
      const received = await send();
      expect(statusOf(received)).toBe(400);
      expect(received).toContain('"invalid_fields":{"__proto__":[');
    },
  );

  describe('for a file', () => {
    const script = Object.keys(BUILT_FILES).find((name) => name.endsWith('.js'))!;
    it.each<[string, string, string[], number, string]>([
      ['above the console', '/admin/../x.js', [], 404, 'not_found'],
      ['above the console, escaped', '/admin/%2e%2e/x.js', [], 404, 'not_found'],
      ['below nothing', '/admin/a/../x.js', [], 404, 'not_found'],
      ['with a NUL', '/admin/%00.js', [], 404, 'not_found'],
      ['with a NUL, in the assets', '/admin/assets/%00.js', [], 404, 'not_found'],
      ['with two slashes', '/admin//x.js', [], 404, 'not_found'],
      ['with a backslash', '/admin/..%5cx.js', [], 404, 'not_found'],
      ['that begins with a dot', '/admin/.env.js', [], 404, 'not_found'],
      ['that is another one', `/admin/${script}`, ['If-Match: "x"'], 412, 'precondition_failed'],
      [
        'that has changed',
        `/admin/${script}`,
        ['If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT'],
        412,
        'precondition_failed',
      ],
      ['beyond its end', `/admin/${script}`, ['Range: bytes=99999999-'], 416, 'range_not_satisfiable'],
      ['of the explorer, above it', '/graphql/explorer/../../x.js', [], 404, 'not_found'],
      ['of the explorer, with a NUL', '/graphql/explorer/%00.js', [], 404, 'not_found'],
      [
        'of the explorer, another one',
        '/graphql/explorer/main.js',
        ['If-Match: "x"'],
        412,
        'precondition_failed',
      ],
      ['of the documentation, above it', '/docs/../x.js', [], 404, 'not_found'],
      [
        'of the documentation, another one',
        '/docs/swagger-ui.css',
        ['If-Match: "x"'],
        412,
        'precondition_failed',
      ],
      [
        'of the documentation, beyond its end',
        '/docs/swagger-ui.css',
        ['Range: bytes=99999999-'],
        416,
        'range_not_satisfiable',
      ],
      ['of the documentation, with a NUL', '/docs/%00.js', [], 404, 'not_found'],
    ])('%s gets the reason', async (_, path, headers, status, code) => {
      const received = await exchange(`GET ${path} HTTP/1.1`, HOST, ...headers, CLOSE, '', '');
      expect([statusOf(received), errorOf(received)]).toEqual([status, code]);
    });

    it.each([`/admin/${script}`, '/docs/swagger-ui.css', '/graphql/explorer/main.js'])(
      'after its end gets its length: %s',
      async (path) => {
        const whole = await fetch(`${registry.url}${path}`, { headers: { 'accept-encoding': 'identity' } });
        const { byteLength } = await whole.arrayBuffer();
        const headers = { range: 'bytes=99999999-', 'accept-encoding': 'identity' };
        const { status, headers: told } = await fetch(`${registry.url}${path}`, { headers });
        expect([status, told.get('content-range')]).toEqual([416, `bytes */${byteLength}`]);
      },
    );
  });
});
