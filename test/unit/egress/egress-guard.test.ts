import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, Socket } from 'node:net';
import { constants } from 'node:os';
import { gzipSync } from 'node:zlib';
import { EgressGuard, type Resolve } from '../../../src/egress/egress-guard.js';

const LIMITS = { maxBytes: 1000, timeoutMs: 3000, accept: 'application/json', isAnonymous: true };
/** Global unicast, and assigned to no one. */
const GOOD = '2d00::1';

const servers: Server[] = [];
const listen = async (server: Server): Promise<number> => {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
const serve = async (listener: RequestListener) =>
  `http://127.0.0.1:${await listen(createServer(listener))}/`;
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    if ('closeAllConnections' in server) (server as ReturnType<typeof createServer>).closeAllConnections();
  }
});

const aGuard = (resolve?: Resolve, { production = false, httpsProxy = null as string | null } = {}) =>
  new EgressGuard({ production, httpsProxy }, resolve);
const messageOf = (reply: Promise<unknown>) =>
  reply.then(
    () => 'fetched',
    (error: Error) => `${error.constructor.name}: ${error.message}`,
  );
const fault = (url: string, guard = aGuard()) => messageOf(guard.fetch(url, LIMITS));

describe('A fetch', () => {
  it('returns status, headers and body, and sends no credentials', async () => {
    let sent: unknown;
    const url = await serve(({ method, headers }, response) => {
      sent = { method, ...headers };
      response.writeHead(404, { 'content-type': 'text/plain', 'cache-control': 'max-age=60' }).end('body');
    });
    const reply = await aGuard().fetch(url, LIMITS);
    expect([reply.status, reply.headers.get('cache-control'), await reply.text()]).toEqual([
      404,
      'max-age=60',
      'body',
    ]);
    expect(sent).toEqual({
      method: 'GET',
      host: new URL(url).host,
      connection: 'close',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'oauth-client-registry',
    });
  });

  it('takes localhost outside of production', async () => {
    const url = await serve((_, response) => response.writeHead(204).end());
    expect((await aGuard().fetch(url.replace('127.0.0.1', 'localhost'), LIMITS)).status).toBe(204);
  });

  it('follows no redirect', async () => {
    let visited = 0;
    const secret = await serve((_, response) => response.end(String(++visited)));
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await serve((_, response) => response.writeHead(status, { location: secret }).end());
      expect(await fault(url)).toMatch(`EgressError: The server answered with a redirect (${status})`);
    }
    expect(visited).toBe(0);
  });

  it('reads no more than the largest size', async () => {
    const chunk = Buffer.alloc(100_000, 'x');
    let isCut = false;
    const url = await serve((_, response) => {
      const writeOn = () => {
        while (response.write(chunk));
        response.once('drain', writeOn);
      };
      response.on('close', () => (isCut = true));
      writeOn();
    });
    expect(await fault(url)).toBe('EgressError: The reply is larger than 1000 bytes.');
    for (let times = 0; !isCut && times < 100; times++) await new Promise((next) => setTimeout(next, 20));
    expect(isCut).toBe(true);
    const fits = await serve((_, response) => response.end(chunk.subarray(0, 1000)));
    expect(await fault(fits)).toBe('fetched');
  });

  it.each(['gzip', 'br', 'x-unknown'])('takes no reply that is encoded: %s', async (encoding) => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(gzipSync('{}')),
    );
    expect(await fault(url)).toMatch('EgressError: The server encoded the reply');
  });

  it.each<[string, RequestListener]>([
    ['never answers', () => undefined],
    ['sends a byte at a time', (_, response) => void setInterval(() => response.write('x'), 50).unref()],
    [
      'sends informational replies only',
      (_, response) => void setInterval(() => response.writeProcessing(), 50).unref(),
    ],
  ])('ends in time if the server %s', async (_, listener) => {
    const url = await serve(listener);
    const start = performance.now();
    const reply = aGuard().fetch(url, { ...LIMITS, timeoutMs: 300 });
    expect(await messageOf(reply)).toMatch('could not be fetched: no complete reply within 300 ms.');
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('ends in time if DNS does not answer', async () => {
    const reply = aGuard(() => new Promise(() => undefined)).fetch('https://client.example/', {
      ...LIMITS,
      timeoutMs: 100,
    });
    expect(await messageOf(reply)).toMatch('no complete reply within 100 ms');
  });

  it('is rejected if the server switches protocols', async () => {
    let closed = 0;
    const reply = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
    const port = await listen(
      createTcpServer((socket) => {
        socket.on('close', () => closed++).once('data', () => socket.write(reply));
      }),
    );
    const url = `http://127.0.0.1:${port}`;
    expect(await fault(url)).toBe(`EgressError: ${url} switched protocols.`);
    for (let times = 0; closed === 0 && times < 100; times++)
      await new Promise((next) => setTimeout(next, 20));
    expect(closed).toBe(1);
  });

  it.each(['https://client.example', `https://[${GOOD}]`])(
    'is rejected if a connection fails at once, and the process goes on: %s',
    async (origin) => {
      const failed = withoutRoute();
      try {
        const guard = aGuard(() => Promise.resolve([GOOD]));
        expect(await fault(origin, guard)).toBe(`EgressError: ${origin} could not be fetched: ENETUNREACH.`);
      } finally {
        failed.mockRestore();
      }
    },
  );

  it('is rejected if the reply is not HTTP, is cut or the port is closed', async () => {
    const noHttp = await listen(createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')));
    const cut = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('x');
      setTimeout(() => response.destroy(), 20);
    });
    for (const url of [`http://127.0.0.1:${noHttp}/`, cut, 'http://127.0.0.1:1/']) {
      expect(await fault(url)).toMatch(
        /^EgressError: http:\/\/127\.0\.0\.1:\d+ could not be fetched: \w+\.$/,
      );
    }
  });

  const OVERLOADED = /^RegistryError: The server is overloaded\./;

  it.each([
    ['20 others of its site', (index: number) => `https://${index}.client.example/`, 20],
    ['20 others by addresses', (index: number) => `https://[2d00:${index}::1]/`, 20],
    ['50 others', (index: number) => `https://client-${index}.example/`, 50],
  ])('is rejected while %s are in progress; those of other callers are not', async (_, urlOf, most) => {
    const sockets: Socket[] = [];
    const proxy = await listen(createTcpServer((socket) => void sockets.push(socket)));
    const guard = aGuard(undefined, { production: true, httpsProxy: `http://127.0.0.1:${proxy}` });
    const others = Array.from({ length: most }, (_, index) => fault(urlOf(index), guard));
    expect(await fault(urlOf(most), guard)).toMatch(OVERLOADED);
    const known = messageOf(guard.fetch(urlOf(most), { ...LIMITS, isAnonymous: false }));
    while (sockets.length <= most) await new Promise((next) => setTimeout(next, 20));
    for (const socket of sockets) socket.destroy();
    await Promise.all(others);
    expect(await known).toMatch('could not be fetched');
    const next = fault(urlOf(most), guard);
    while (sockets.length === most + 1) await new Promise((next) => setTimeout(next, 20));
    sockets.at(-1)!.destroy();
    expect(await next).toMatch('could not be fetched');
  });

  it('is rejected while 20 others of its address are in progress, whatever their names', async () => {
    let names = 0;
    const guard = aGuard(() => Promise.resolve([++names === 41 ? '2d00:0:1::1' : `2d00::${names}`]));
    const connections = await connectionsDuring(async () => {
      const hosts = Array.from({ length: 41 }, (_, index) => `https://client-${index}.example/`);
      const limits = { ...LIMITS, timeoutMs: 300 };
      const replies = await Promise.all(hosts.map((host) => messageOf(guard.fetch(host, limits))));
      expect(replies.map((reply) => OVERLOADED.test(reply)).indexOf(true)).toBe(20);
      expect(replies.filter((reply) => OVERLOADED.test(reply))).toHaveLength(20);
    });
    expect(connections).toHaveLength(21);
  });
});

describe('A URL', () => {
  const NOT_GLOBAL = /^EgressError: \S+ has an address that is not a public one of the Internet\.$/;
  const never: Resolve = () => Promise.reject(new Error('resolved'));

  it.each([
    'http://client.example/',
    'http://10.0.0.1/',
    'ftp://client.example/',
    'file:///etc/passwd',
    'data:application/json,1',
  ])('must use https: %s', async (url) => {
    expect(await fault(url, aGuard(never))).toBe('EgressError: The URL must use https.');
  });

  it.each(['/keys', 'client.example', 'https://１０.0.0.1/'])('must be an absolute URI: %s', async (url) => {
    expect(await fault(url, aGuard(never))).toBe('EgressError: The URL is not an absolute URI.');
  });

  it.each(['https://user@client.example/', 'https://user:password@client.example/'])(
    'must not contain credentials: %s',
    async (url) => {
      expect(await fault(url, aGuard(never))).toBe('EgressError: The URL must not contain credentials.');
    },
  );

  const LITERALS = [
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://0xa9fea9fe/',
    'https://2852039166/',
    'https://0251.0376.0251.0376/',
    'https://169.254.43518/',
    'https://0/',
    'https://%EF%BC%91%EF%BC%90.0.0.1/',
    'https://[::]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::a00:1]/',
    'https://[fd00:ec2::254]/',
    'https://168.63.129.16/',
  ];
  const LOOPBACK = [
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://localhost/',
    'https://LOCALHOST/',
  ];

  it.each(LITERALS)(
    'is rejected with an address that is not public, with and without a proxy: %s',
    async (url) => {
      expect(await fault(url, aGuard(never))).toMatch(NOT_GLOBAL);
      expect(await fault(url, aGuard(never, { httpsProxy: 'http://127.0.0.1:1' }))).toMatch(NOT_GLOBAL);
    },
  );

  it.each(LOOPBACK)('is rejected in production: %s', async (url) => {
    expect(await fault(url, aGuard(never, { production: true }))).toMatch(NOT_GLOBAL);
    expect(await fault(url.replace('https', 'http'), aGuard(never, { production: true }))).toMatch(
      'must use https',
    );
  });

  it.each([
    [['127.0.0.1']],
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['::ffff:10.0.0.1']],
    [['::1']],
    [[GOOD, '10.0.0.1']],
    [['10.0.0.1', GOOD]],
    [[GOOD, '64:ff9b::a00:1']],
    [['not an address']],
  ])('is rejected if its host has one of the addresses %j', async (addresses) => {
    const connections = await connectionsDuring(async () => {
      expect(
        await fault(
          'https://client.example/',
          aGuard(() => Promise.resolve(addresses)),
        ),
      ).toMatch(NOT_GLOBAL);
    });
    expect(connections).toEqual([]);
  });

  it('is rejected if its host has no address', async () => {
    expect(
      await fault(
        'https://client.example/',
        aGuard(() => Promise.resolve([])),
      ),
    ).toMatch('has no address');
    expect(await fault('https://client.invalid/')).toMatch(/could not be fetched: \w+/);
  });

  it('is connected to the address that was checked, whatever its host resolves to later', async () => {
    let accepted = 0;
    const port = await listen(createTcpServer(() => void accepted++));
    const answers = [[GOOD], ['127.0.0.1']];
    let lookups = 0;
    const guard = aGuard(() => Promise.resolve(answers[lookups++]!));
    const connections = await connectionsDuring(async () => {
      const reply = guard.fetch(`https://localhost.client.example:${port}/`, { ...LIMITS, timeoutMs: 500 });
      expect(await messageOf(reply)).toMatch('could not be fetched');
    });
    expect(connections).toEqual([`${GOOD} ${port}`]);
    expect([lookups, accepted]).toEqual([1, 0]);
  });
});

describe('A proxy', () => {
  it('is asked for a tunnel to the host by name, which is not resolved here', async () => {
    const asked: unknown[] = [];
    const proxy = createServer().on('connect', ({ url, headers }, socket: Socket) => {
      asked.push(url, headers['proxy-authorization'], headers.authorization);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    const httpsProxy = `http://user:p%40ss@127.0.0.1:${await listen(proxy)}`;
    const guard = aGuard(() => Promise.reject(new Error('resolved')), { httpsProxy });
    expect(await fault('https://client.example/jwks.json', guard)).toBe(
      'EgressError: The proxy answered CONNECT with the status 403.',
    );
    expect(asked).toEqual([
      'client.example:443',
      `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      undefined,
    ]);
  });
});

/** Makes connections fail as on a machine without a route: the system call fails, before the attempt begins. */
function withoutRoute() {
  type Emit = (this: Socket, event: string, ...values: unknown[]) => boolean;
  const { emit } = Socket.prototype as unknown as { emit: Emit };
  return jest.spyOn(Socket.prototype, 'emit').mockImplementation(function (
    this: Socket,
    event: string,
    ...values: unknown[]
  ) {
    if (event === 'connectionAttempt') {
      const { _handle } = this as unknown as { _handle: { connect6: () => number } };
      _handle.connect6 = () => -constants.errno.ENETUNREACH;
    }
    return emit.call(this, event, ...values);
  });
}

/** The addresses that this process tried to connect to meanwhile. */
async function connectionsDuring(run: () => Promise<void>): Promise<string[]> {
  const emit = jest.spyOn(Socket.prototype, 'emit');
  try {
    await run();
    const events = emit.mock.calls as unknown[][];
    const attempts = events.filter(([event]) => event === 'connectionAttempt');
    return attempts.map(([, address, port]) => `${String(address)} ${String(port)}`);
  } finally {
    emit.mockRestore();
  }
}
