import type { IncomingMessage } from 'node:http';
import { type Socket } from 'node:net';
import { HTTP_LIMITS, type HttpLimits } from '../../../src/http/limits/limit-values.js';
import { type Registry } from '../../support/registry.js';
import { connectionsPerTest, GET, pause, POST } from '../../support/network/connections.js';

/** The same limits, quicker. */
const QUICK: Partial<HttpLimits> = {
  headersTimeoutMs: 300,
  requestTimeoutMs: 700,
  checkIntervalMs: 50,
  keepAliveTimeoutMs: 300,
};
const ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';
/** Node itself adds up to a second to what it says, so that the caller closes first. */
const KEEP_ALIVE_BUFFER_MS = 1_000;

it('every limit has its documented value', () => {
  expect(HTTP_LIMITS).toEqual({
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    checkIntervalMs: 1_000,
    deadlineMs: 20_000,
    keepAliveTimeoutMs: 75_000,
    maxHeaderBytes: 16_384,
    maxHeaderFields: 100,
    maxBodyBytes: 65_536,
    maxParameterLength: 100,
    maxConnections: 4_000,
    reservedConnections: 100,
    maxConnectionsPerAddress: 500,
    maxRequests: 250,
    reservedRequests: 50,
    maxKnownRequests: 25,
    reservedKnownRequests: 25,
    maxHeldRequests: 16,
    maxHeldRequestsTogether: 2_000,
    maxArriving: 1_000,
    maxUnsentBytes: 32 * 1024 * 1024,
    maxRememberedCredentials: 10_000,
  });
});

// On one engine: none of this gets as far as a database
describe('HTTP', () => {
  let registry: Registry;
  const { start: startRegistry, open, isWell } = connectionsPerTest();
  const start = async (limits: Partial<HttpLimits> = {}, env: Record<string, string> = {}) =>
    void (registry = await startRegistry(limits, env));

  it('The server has the limits', async () => {
    await start();
    const { server } = registry.app.getHttpAdapter().getInstance();
    expect(server).toMatchObject({
      headersTimeout: HTTP_LIMITS.headersTimeoutMs,
      requestTimeout: HTTP_LIMITS.requestTimeoutMs,
      keepAliveTimeout: HTTP_LIMITS.keepAliveTimeoutMs,
      maxHeadersCount: 101,
      timeout: 0,
    });
  });

  it.each([
    ['a header that comes slowly', [GET, 'X-A: b\r\n', 'X-C: d\r\n', 'X-E: f\r\n', 'X-G: h\r\n'], 300],
    ['a connection on which nothing comes', [], 300],
    [
      'a body that comes slowly',
      [`${POST}Content-Length: 100\r\n\r\n`, ...Array.from({ length: 20 }, () => ' ')],
      700,
    ],
    [
      'a body in chunks that does not end',
      [`${POST}Transfer-Encoding: chunked\r\n\r\n`, ...Array.from({ length: 20 }, () => '1\r\n \r\n')],
      700,
    ],
  ])('gives up on %s', async (_, parts, limitMs) => {
    await start(QUICK);
    const connection = await open();
    const sending = (async () => {
      for (const part of parts) {
        if (!connection.isOpen) return;
        connection.send(part);
        await pause(100);
      }
    })();
    const ms = await connection.closed;
    await sending;
    expect(connection.statuses).toEqual(['408']);
    expect(ms).toBeGreaterThan(limitMs - 50);
    expect(ms).toBeLessThan(limitMs + 3_000);
    await isWell();
  });

  it.each([
    ['a header field of more than 16 KiB', `${GET}X-Long: ${'a'.repeat(16_384)}\r\n\r\n`, '431'],
    ['many small ones of more than 16 KiB', `${GET}${`X-A: ${'0'.repeat(40)}\r\n`.repeat(400)}\r\n`, '431'],
    ['a path of more than 16 KiB', `GET /${'a'.repeat(16_384)} HTTP/1.1\r\nHost: x\r\n\r\n`, '431'],
    ['more than 100 header fields', `${GET}${'X:y\r\n'.repeat(100)}\r\n`, '400'],
    ['four times as many', `${GET}${'X:y\r\n'.repeat(400)}\r\n`, '400'],
    [
      'a body of more than 64 KiB',
      `${POST}Connection: close\r\nContent-Length: 65537\r\n\r\n${' '.repeat(65_537)}`,
      '413',
    ],
  ])('rejects %s', async (_, request, status) => {
    await start(QUICK);
    const connection = await open();
    connection.send(request);
    await connection.answered();
    expect(connection.statuses).toEqual([status]);
    expect(connection.received).toContain('"error":');
    await isWell();
  });

  it('rejects a request without Host on every path', async () => {
    await start({}, { REGISTRATION_CORS_ORIGINS: '*', GRAPHQL_EXPLORER: 'on' });
    for (const line of [
      'GET /v2/oauth/clients',
      'POST /v2/oauth/register',
      'OPTIONS /v2/oauth/register',
      'PATCH /v2/oauth/register',
      'GET /graphql',
      'GET /graphql/explorer/start.js',
      'GET /docs',
      'GET /openapi.json',
      'GET /admin',
      'GET /admin/clients',
      'GET /health/ready',
      'GET /nothing',
      'OPTIONS /nothing',
    ]) {
      const connection = await open();
      connection.send(`${line} HTTP/1.1\r\n\r\n`);
      await connection.answered();
      const [head, body] = connection.received.split('\r\n\r\n');
      expect([line, head]).toEqual([
        line,
        expect.stringMatching(/^HTTP\/1\.1 400 [^]*^cache-control: no-store\r$/im),
      ]);
      expect([line, JSON.parse(body!)]).toEqual([
        line,
        { error: 'invalid_request', error_description: 'The Host header is required.' },
      ]);
    }
    await isWell();
  });

  it.each([
    ['100 header fields', `${GET}${'X:y\r\n'.repeat(98)}Connection: close\r\n\r\n`],
    ['a header field of 15 KiB', `${GET}X-Long: ${'a'.repeat(15 * 1024)}\r\n\r\n`],
  ])('takes %s', async (_, request) => {
    await start();
    const connection = await open();
    connection.send(request);
    await connection.answered();
    expect(connection.statuses).toEqual(['200']);
  });

  it('uses the address that a proxy adds after forged ones', async () => {
    await start({}, { RATE_LIMIT_REGISTER: '1/1m', TRUST_PROXY: '1' });
    const send = async (address: string) => {
      const connection = await open();
      const filling = 'X:y\r\n'.repeat(90);
      connection.send(
        `${POST}X-Forwarded-For: ${Math.random()}\r\n${filling}X-Forwarded-For: ${address}\r\nContent-Length: 2\r\n\r\n{}`,
      );
      await connection.answered();
      return connection.statuses[0];
    };
    expect([await send('192.0.2.1'), await send('192.0.2.1'), await send('192.0.2.2')]).toEqual([
      '201',
      '429',
      '201',
    ]);
  });

  it('closes an idle kept-alive connection', async () => {
    await start(QUICK);
    const connection = await open();
    connection.send(`${GET}\r\n`);
    await connection.answered();
    expect(connection.statuses).toEqual(['200']);
    const ms = await connection.closed;
    expect(ms).toBeGreaterThan(QUICK.keepAliveTimeoutMs! - 50);
    expect(ms).toBeLessThan(QUICK.keepAliveTimeoutMs! + KEEP_ALIVE_BUFFER_MS + 3_000);
  });

  it('answers pipelined requests in order, and counts each', async () => {
    await start({}, { RATE_LIMIT_REGISTER: '3/1m' });
    const connection = await open();
    connection.send(`${POST}Content-Length: 2\r\n\r\n{}`.repeat(5) + `${GET}\r\n`);
    await connection.answered(6);
    expect(connection.statuses).toEqual(['201', '201', '201', '429', '429', '200']);
  });

  it('cuts off the oldest of too many arriving bodies', async () => {
    await start({ maxArriving: 3 });
    const halfSent = [];
    for (let i = 0; i < 5; i++) {
      const connection = await open();
      connection.send(`${POST}Content-Length: 2\r\n\r\n{`);
      halfSent.push(connection);
      await pause(20);
    }
    expect(halfSent.map(({ isOpen }) => isOpen)).toEqual([false, false, true, true, true]);
    halfSent[4]!.send('}');
    await halfSent[4]!.answered();
    expect(halfSent[4]!.statuses).toEqual(['201']);
  });

  it.each([
    ['POST', '/v2/oauth/clients'],
    ['POST', '/v2/oauth_clients'],
    ['PUT', `/v2/oauth/clients/${ID}`],
    ['DELETE', `/v2/oauth/clients/${ID}`],
    ['POST', `/v2/oauth/clients/${ID}/secrets`],
    ['POST', '/v2/oauth/register'],
    ['PUT', `/v2/oauth/register/${ID}`],
    ['DELETE', `/v2/oauth/register/${ID}`],
    ['POST', '/graphql'],
  ])('answers invalid credentials before the body has arrived: %s %s', async (method, path) => {
    await start();
    const connection = await open();
    connection.send(
      `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bad\r\nContent-Type: application/json\r\n` +
        'Content-Length: 20\r\n\r\n{',
    );
    await connection.answered();
    expect(connection.statuses).toEqual(['401']);
  });

  it.each(['/v2/oauth/register', '/admin/session', '/nothing'])(
    'closes a connection whose body arrives in thousands of tiny chunks: %s',
    async (path) => {
      await start();
      let pushed = 0;
      let destroyed = 0;
      registry.app.getHttpServer().on('connection', (socket: Socket) => {
        const destroy = socket.destroy.bind(socket);
        socket.destroy = (error) => {
          destroyed++;
          return destroy(error);
        };
      });
      registry.app.getHttpServer().on('request', (request: IncomingMessage) => {
        const push = request.push.bind(request);
        request.push = (chunk) => {
          pushed++;
          return push(chunk);
        };
      });
      const connection = await open();
      const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
      connection.send(head + '1\r\n \r\n'.repeat(20_000));
      await connection.closed;
      expect(pushed).toBeLessThan(110);
      expect(destroyed).toBeLessThan(10);
      await isWell();
    },
  );

  it.each([
    ['fields', `${GET}${'a:\r\n'.repeat(16_000)}\r\n`],
    ['fields of a header that does not end', `${GET}${'ab:\r\n'.repeat(8_000)}`],
    [
      'trailer fields',
      `POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${'ab:\r\n'.repeat(7_990)}`,
    ],
  ])('closes a connection with thousands of tiny %s, and keeps a few', async (_, request) => {
    await start();
    const kept: number[] = [];
    registry.app.getHttpServer().on('connection', (socket: Socket) => {
      const { parser } = socket as Socket & { parser: { _headers: string[] } };
      const destroy = socket.destroy.bind(socket);
      socket.destroy = (error) => {
        kept.push(parser._headers.length);
        return destroy(error);
      };
    });
    const connection = await open();
    connection.send(request);
    expect(await connection.closed).toBeLessThan(5_000);
    expect(Math.max(...kept)).toBeLessThan(300);
    await isWell();
  });

  it('bounds chunks after CONNECT requests, and leaves the bodies of others intact', async () => {
    await start({}, { RATE_LIMIT_REGISTER: 'off' });
    const tiny = `${POST}Transfer-Encoding: chunked\r\n\r\n${'1\r\n \r\n'.repeat(1_000)}`;
    for (let round = 0; round < 20; round++) {
      const tunnels = await Promise.all(Array.from({ length: 8 }, open));
      for (const tunnel of tunnels) tunnel.send('CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n');
      const flooding = await open();
      flooding.send(tiny);
      expect(await flooding.closed).toBeLessThan(5_000);
      await Promise.all(tunnels.map(({ closed }) => closed));
    }
    const body = JSON.stringify({ redirect_uris: ['https://example.com/cb'] });
    const others = await Promise.all(Array.from({ length: 40 }, open));
    for (const other of others) other.send(`${POST}Content-Length: ${body.length}\r\n\r\n${body}`);
    await Promise.all(others.map((other) => other.answered()));
    expect(others.map(({ statuses }) => statuses)).toEqual(others.map(() => ['201']));
  });

  it('accepts a body of 64 KiB in chunks of 512 bytes', async () => {
    await start();
    const connection = await open();
    const body = JSON.stringify({ redirect_uris: ['https://example.com/cb'] }).padEnd(65_536);
    const chunks = body.match(/.{512}|.+$/g)!.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    connection.send(`${POST}Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`);
    await connection.answered();
    expect(connection.statuses).toEqual(['201']);
  });

  it('replies before the body has arrived if registration is closed or requires a token', async () => {
    for (const [mode, status] of [
      ['closed', '403'],
      ['token', '401'],
    ] as const) {
      await start({}, { REGISTRATION_MODE: mode });
      const connection = await open();
      connection.send(`${POST}Content-Length: 20\r\n\r\n{`);
      await connection.answered();
      expect(connection.statuses).toEqual([status]);
      if (mode === 'closed') await registry.stop();
    }
  });
});
