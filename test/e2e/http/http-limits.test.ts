import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { jest } from '@jest/globals';
import { HTTP_LIMITS, type HttpLimits } from '../../../src/http/limits/http-limits.js';
import { aClient, Registry } from '../../support/registry.js';
import { lockClients } from '../../support/write-lock.js';

/** The same limits, quicker. */
const QUICK: Partial<HttpLimits> = {
  headersTimeoutMs: 300,
  requestTimeoutMs: 700,
  checkIntervalMs: 50,
  keepAliveTimeoutMs: 300,
};
const GET = 'GET /health/live HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST /v2/oauth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';
/** Node itself adds up to a second to what it says, so that the caller closes first. */
const KEEP_ALIVE_BUFFER_MS = 1_000;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A connection, what came on it so far, and how long it took until it was closed. */
class Connection {
  received = '';
  readonly closed: Promise<number>;
  private readonly socket: Socket;

  constructor(url: string) {
    const begin = performance.now();
    this.socket = connect(Number(new URL(url).port), '127.0.0.1');
    this.socket.on('data', (data) => (this.received += data.toString('latin1')));
    this.socket.on('error', () => undefined);
    this.closed = new Promise((done) => this.socket.once('close', () => done(performance.now() - begin)));
  }

  static async open(url: string): Promise<Connection> {
    const connection = new Connection(url);
    await new Promise((done) => connection.socket.once('connect', done));
    return connection;
  }

  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  get statuses(): string[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status!);
  }

  send(text: string): void {
    this.socket.write(text);
  }

  async answered(count = 1): Promise<void> {
    for (let tries = 0; this.statuses.length < count && this.isOpen && tries < 200; tries++) await pause(10);
  }

  /** Whether what comes is read. */
  read(isRead: boolean): void {
    if (isRead) this.socket.resume();
    else this.socket.pause();
  }

  end(): void {
    this.socket.destroy();
  }
}

it('Every limit is what it was meant to be', () => {
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
    maxHeldRequests: 16,
    maxHeldRequestsTogether: 2_000,
    maxArriving: 1_000,
    maxUnsentBytes: 32 * 1024 * 1024,
  });
});

// On one engine: none of this gets as far as a database
describe('HTTP', () => {
  let registry: Registry;
  let connections: Connection[];
  const start = async (limits: Partial<HttpLimits> = {}, env: Record<string, string> = {}) => {
    registry = await Registry.start('sqlite', env, limits);
  };
  const open = async () => {
    const connection = await Connection.open(registry.url);
    connections.push(connection);
    return connection;
  };
  beforeEach(() => {
    connections = [];
  });
  afterEach(async () => {
    for (const connection of connections) connection.end();
    await registry.stop();
  });
  const isWell = async () =>
    expect((await registry.send('/health/live', { method: 'GET' })).status).toBe(200);

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
    expect(ms).toBeLessThan(limitMs + 600);
    await isWell();
  });

  it.each([
    ['a header field of more than 16 KiB', `${GET}X-Long: ${'a'.repeat(16_384)}\r\n\r\n`, '431'],
    ['many small ones of more than 16 KiB', `${GET}${'X-A: 0123456789\r\n'.repeat(2_000)}\r\n`, '431'],
    ['a path of more than 16 KiB', `GET /${'a'.repeat(16_384)} HTTP/1.1\r\nHost: x\r\n\r\n`, '431'],
    ['more than 100 header fields', `${GET}${'X:y\r\n'.repeat(100)}\r\n`, '400'],
    ['20 times as many', `${GET}${'X:y\r\n'.repeat(1_990)}\r\n`, '400'],
    [
      'a body of more than 64 KiB',
      `${POST}Connection: close\r\nContent-Length: 65537\r\n\r\n${' '.repeat(65_537)}`,
      '413',
    ],
  ])('refuses %s', async (_, request, status) => {
    await start(QUICK);
    const connection = await open();
    connection.send(request);
    await connection.answered();
    expect(connection.statuses).toEqual([status]);
    expect(connection.received).toContain('"error":');
    await isWell();
  });

  it('refuses a request without a Host everywhere alike', async () => {
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
        { error: 'invalid_request', error_description: 'The request must have a Host header.' },
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

  it('does not lose the address that a proxy adds behind what a caller made up', async () => {
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

  it('closes a kept connection that nobody uses', async () => {
    await start(QUICK);
    const connection = await open();
    connection.send(`${GET}\r\n`);
    await connection.answered();
    expect(connection.statuses).toEqual(['200']);
    const ms = await connection.closed;
    expect(ms).toBeGreaterThan(QUICK.keepAliveTimeoutMs! - 50);
    expect(ms).toBeLessThan(QUICK.keepAliveTimeoutMs! + KEEP_ALIVE_BUFFER_MS + 600);
  });

  it('answers requests that come at once in their order, and counts each', async () => {
    await start({}, { RATE_LIMIT_REGISTER: '3/1m' });
    const connection = await open();
    connection.send(`${POST}Content-Length: 2\r\n\r\n{}`.repeat(5) + `${GET}\r\n`);
    await connection.answered(6);
    expect(connection.statuses).toEqual(['201', '201', '201', '429', '429', '200']);
  });

  describe('a flood of connections', () => {
    const MAX = 20;
    it('keeps nobody out: the one that has been idle for longest goes', async () => {
      await start({ maxConnections: MAX });
      const good = await open();
      good.send(`${GET}\r\n`);
      await good.answered();
      const idle = [];
      for (let i = 0; i < 3 * MAX; i++) {
        idle.push(await open());
        // A caller who goes on asking is not the one that goes
        if (i % 10 === 0) {
          good.send(`${GET}\r\n`);
          await good.answered(2 + i / 10);
        }
      }
      await pause(50);
      expect(good.isOpen).toBe(true);
      expect(good.statuses).toEqual(Array.from({ length: 7 }, () => '200'));
      const isOpen = idle.map((connection) => connection.isOpen);
      expect(isOpen).toEqual(idle.map((_, i) => i >= 3 * MAX - (MAX - 1)));
      await isWell();
    });

    it('does not interrupt requests under way', async () => {
      await start({ maxConnections: MAX });
      const unlock = await lockClients(registry);
      const busy = await open();
      busy.send(`${POST}Content-Length: 2\r\n\r\n{}`);
      await pause(100);
      for (let i = 0; i < 2 * MAX; i++) await open();
      await unlock();
      await busy.answered();
      expect(busy.statuses).toEqual(['201']);
    });

    it('takes a request whose body does not arrive for idle, the one that has waited for longest first', async () => {
      await start({ maxConnections: MAX });
      const halfSent = [];
      for (let i = 0; i < MAX; i++) {
        const connection = await open();
        connection.send(`${POST}Content-Length: 20\r\n\r\n{`);
        halfSent.push(connection);
      }
      await pause(100);
      for (let i = 0; i < 3; i++) {
        const good = await open();
        good.send(`${POST}Content-Length: 2\r\n\r\n{}`);
        await good.answered();
        expect(good.statuses).toEqual(['201']);
      }
      await pause(50);
      expect(halfSent.map(({ isOpen }) => isOpen)).toEqual(halfSent.map((_, i) => i >= 3));
    });

    it('closes the one of the same address that has been idle for longest, where it has too many', async () => {
      await start({ maxConnectionsPerAddress: 5 });
      const connections = [];
      for (let i = 0; i < 8; i++) connections.push(await open());
      await pause(50);
      expect(connections.map(({ isOpen }) => isOpen)).toEqual(connections.map((_, i) => i >= 3));
      await isWell();
    });

    it.each(['1', '127.0.0.1'])('is none where it is that of a proxy (TRUST_PROXY=%s)', async (trusted) => {
      await start({ maxConnectionsPerAddress: 5 }, { TRUST_PROXY: trusted });
      const connections = [];
      for (let i = 0; i < 8; i++) connections.push(await open());
      await pause(50);
      expect(connections.every(({ isOpen }) => isOpen)).toBe(true);
    });

    it('leaves some for those who ask for health, where all others are at work', async () => {
      await start({ maxConnections: 3, reservedConnections: 2, maxRequests: 3 });
      const unlock = await lockClients(registry);
      const busy = [];
      for (let i = 0; i < 3; i++) {
        const connection = await open();
        connection.send(`${POST}Content-Length: 2\r\n\r\n{}`);
        busy.push(connection);
      }
      await pause(100);
      await isWell();
      await unlock();
      for (const connection of busy) await connection.answered();
      expect(busy.map(({ statuses }) => statuses)).toEqual([['201'], ['201'], ['201']]);
    });
  });

  it('breaks off the body that has been arriving for longest, where there are too many', async () => {
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
  ])('answers bad credentials before the body has arrived: %s %s', async (method, path) => {
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
    'closes a connection whose body comes in thousands of tiny chunks: %s',
    async (path) => {
      await start();
      let pushed = 0;
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

  it('bounds chunks behind connections that asked for a tunnel, and spoils no body of others', async () => {
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

  it('takes a body of 64 KiB in chunks as short as senders make them', async () => {
    await start();
    const connection = await open();
    const body = JSON.stringify({ redirect_uris: ['https://example.com/cb'] }).padEnd(65_536);
    const chunks = body.match(/.{512}|.+$/g)!.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    connection.send(`${POST}Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`);
    await connection.answered();
    expect(connection.statuses).toEqual(['201']);
  });

  it('answers before the body has arrived where registration is closed, or takes a token', async () => {
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

  describe('replies that nobody reads', () => {
    const CLIENTS = 24;
    let list: string;
    let made: () => number;
    const startWithClients = async (limits: Partial<HttpLimits> = {}, env: Record<string, string> = {}) => {
      await start(limits, env);
      const { apiKey } = await registry.createKey({ orgId: 'large' });
      const uris = Array.from({ length: 30 }, (_, i) => `https://example.com/${i}/${'x'.repeat(1_900)}`);
      for (let i = 0; i < CLIENTS; i++) {
        await registry.createClient(
          aClient({ allowed_grant_types: ['authorization_code'], redirect_uris: uris }),
          apiKey,
        );
      }
      const queries = jest.spyOn(registry.dataSource.logger, 'logQuery');
      made = () =>
        queries.mock.calls.filter(([sql]) => /redirect_uris.*FROM "?oauth_clients/s.test(sql)).length;
      list =
        `GET /v2/oauth/clients?page%5Bsize%5D=${CLIENTS} HTTP/1.1\r\nHost: x\r\n` +
        `Authorization: Bearer ${apiKey}\r\n`;
    };

    it('keep the next one on their connection from being made', async () => {
      await startWithClients();
      const connection = await open();
      connection.read(false);
      connection.send(`${list}\r\n`.repeat(15));
      let early: number;
      do {
        early = made();
        await pause(1_000);
      } while (early === 0 || made() > early);
      // What the system takes is no reply that waits here
      expect(early).toBeLessThan(10);
      connection.read(true);
      while (connection.isOpen && connection.statuses.length < 15) await pause(10);
      expect(connection.statuses).toEqual(Array.from({ length: 15 }, () => '200'));
      expect(made()).toBe(15);
    });

    it.each<[string, Partial<HttpLimits>]>([
      ['on one connection', { maxHeldRequests: 4 }],
      ['on all connections', { maxHeldRequestsTogether: 4 }],
    ])(
      'close a connection where more requests wait than may %s, and parse no more of it',
      async (_, limits) => {
        await start(limits);
        let parsed = 0;
        registry.app.getHttpServer().on('request', () => parsed++);
        for (const header of ['', 'Expect: a-miracle\r\n', 'Expect: 100-continue\r\n']) {
          const connection = await open();
          parsed = 0;
          connection.send(`${GET}${header}\r\n`.repeat(1_000));
          await connection.closed;
          expect(parsed).toBe(6);
          expect(connection.statuses.length).toBeLessThan(6);
        }
        await isWell();
      },
    );

    it('leave no requests counted once their connections are closed', async () => {
      await start({ maxHeldRequestsTogether: 8 });
      for (let i = 0; i < 5; i++) {
        const connection = await open();
        connection.send(`${GET}\r\n`.repeat(8));
        connection.end();
        await connection.closed;
      }
      const connection = await open();
      connection.send(`${GET}\r\n`.repeat(8));
      await connection.answered(8);
      expect(connection.statuses).toHaveLength(8);
    });

    it('are broken off where they take up too much: of the caller who has most of them, the oldest', async () => {
      await startWithClients({ maxUnsentBytes: 8 * 2 ** 20 }, { TRUST_PROXY: '1' });
      const from = async (address: string, requests: number) => {
        const connection = await open();
        connection.read(false);
        connection.send(`${list}X-Forwarded-For: ${address}\r\n\r\n`.repeat(requests));
        await pause(300);
        return connection;
      };
      const slow = await from('192.0.2.1', 10);
      const flood = [];
      for (let i = 0; i < 8; i++) flood.push(await from('192.0.2.2', 10));
      await isWell();
      const isAnswered = [];
      for (const connection of [slow, ...flood]) {
        connection.read(true);
        while (connection.isOpen && connection.statuses.length < 10) await pause(10);
        isAnswered.push(connection.statuses.length === 10);
      }
      // Five of 1.4 MB each are within the bound
      expect(isAnswered).toEqual([true, ...flood.map((_, i) => i >= 4)]);
    });
  });
});
