import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { rejections } from '../../../../src/diagnostics/channels.js';
import { HTTP_LIMITS } from '../../../../src/http/limits/limit-values.js';
import { Connections } from '../../../../src/http/limits/connections.js';
import { LoadShedder } from '../../../../src/http/limits/load-shedder.js';
import { InFlightRequests } from '../../../../src/http/limits/in-flight-requests.js';
import { until } from '../../../support/until.js';

const MAX = 3;

/** Longer than a turn. */
function busy(): void {
  const endMs = performance.now() + 30;
  while (performance.now() < endMs);
}

describe('a limit of what is worked on', () => {
  let server: FastifyInstance;
  let url: string;
  let letGo: (() => void)[];
  /** Requests whose bodies were waited for, ever. */
  let arrived: number;
  let lines: Record<string, unknown>[];
  let order: string[];
  let onBusy: () => void;
  let onHealth: () => void;
  beforeEach(async () => {
    letGo = [];
    arrived = 0;
    lines = [];
    order = [];
    onBusy = onHealth = () => undefined;
    const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
    const limits = { ...HTTP_LIMITS, maxRequests: MAX, reservedRequests: 1 };
    const connections = new Connections(limits, () => null);
    const inFlight = new InFlightRequests(connections, limits, ({ socket }) => socket.remoteAddress ?? '');
    const shedder = new LoadShedder(inFlight, limits, logger);
    server = fastify({ serverFactory: shedder.serverFactory });
    connections.track(server.server);
    shedder.track(server);
    inFlight.track(server);
    server.addHook('preParsing', (_request, _reply, _payload, done) => {
      arrived++;
      done();
    });
    server.post('/work', async () => {
      await new Promise<void>((done) => letGo.push(done));
      return 'done';
    });
    server.get('/health/live', () => {
      order.push('health');
      onHealth();
      return 'ok';
    });
    server.get('/busy', () => {
      order.push('busy');
      onBusy();
      busy();
      return 'done';
    });
    server.post('/given-up', {
      onRequest: (_request, reply, done) => {
        setTimeout(() => void reply.code(503).send('too late'), 20);
        done();
      },
      handler: () => 'done',
    });
    url = await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => server.close());

  const work = () => fetch(`${url}/work`, { method: 'POST' });
  /** Lets all go that were begun, and returns how many they were. */
  const letAllGo = () => letGo.splice(0).map((go) => go()).length;
  const untilBegun = (count: number) => until(() => letGo.length >= count);
  const untilArriving = (count: number) => until(() => arrived === count);
  const send = (text: string, localAddress?: string) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    socket.write(text);
    return socket;
  };

  it('rejects requests above it at once, except health checks, and accepts more when there is room', async () => {
    const accepted = Array.from({ length: MAX }, work);
    await untilBegun(MAX);
    const start = performance.now();
    const rejected = await work();
    expect(performance.now() - start).toBeLessThan(500);
    expect([rejected.status, rejected.headers.get('retry-after'), await rejected.json()]).toEqual([
      503,
      '5',
      {
        error: 'temporarily_unavailable',
        error_description: 'The server is overloaded. Retry after the time in Retry-After.',
      },
    ]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);

    expect(letAllGo()).toBe(MAX);
    expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200, 200]);
    const next = work();
    await untilBegun(1);
    letAllGo();
    expect((await next).status).toBe(200);
    await server.close();
    expect(lines).toMatchObject([{ level: 40, rejected: 1 }]);
  });

  it('reserves places for other callers while one has all the others', async () => {
    const flood = Array.from({ length: MAX }, work);
    await untilBegun(MAX);
    expect((await work()).status).toBe(503);
    const received: string[] = [];
    const other = () => {
      const socket = send('POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', '127.0.0.2');
      socket.on('data', (data) => received.push(data.toString().slice(0, 12)));
      return socket;
    };
    const sockets = [other()];
    await untilBegun(MAX + 1);
    // The one that was reserved is taken
    sockets.push(other());
    await until(() => received.length > 0);
    expect(received).toEqual(['HTTP/1.1 503']);
    expect((await work()).status).toBe(503);

    expect(letAllGo()).toBe(MAX + 1);
    expect((await Promise.all(flood)).map(({ status }) => status)).toEqual([200, 200, 200]);
    await until(() => received.length > 1);
    expect(received).toEqual(['HTTP/1.1 503', 'HTTP/1.1 200']);
    // Without the others, all are free for one
    const again = Array.from({ length: MAX }, work);
    await untilBegun(MAX);
    expect((await work()).status).toBe(503);
    letAllGo();
    expect((await Promise.all(again)).map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const socket of sockets) socket.destroy();
  });

  it('begins no more in one turn than take a moment, so that health checks are answered in between', async () => {
    const sockets = [];
    for (let i = 0; i < MAX + 1; i++) {
      const socket = send('');
      await once(socket, 'connect');
      sockets.push(socket);
    }
    await wait(50);
    for (const socket of sockets.slice(0, MAX)) socket.write('GET /busy HTTP/1.1\r\nHost: x\r\n\r\n');
    sockets.at(-1)!.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => order.length >= MAX + 1);
    expect(order).toEqual(['busy', 'health', 'busy', 'busy']);
    for (const socket of sockets) socket.destroy();
  });

  const openAndSend = async (requests: string[]) => {
    const sockets = requests.map(() => send(''));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await wait(50);
    sockets.forEach((socket, i) => socket.write(`GET ${requests[i]} HTTP/1.1\r\nHost: x\r\n\r\n`));
    return sockets;
  };

  it('answers a health check before rejections that wait, of however many addresses', async () => {
    let connected = 0;
    server.server.on('connection', () => connected++);
    const accepted = Array.from({ length: MAX + 1 }, (_, i) =>
      send('POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', `127.0.0.${i + 1}`),
    );
    await untilBegun(MAX + 1);
    const addresses = Array.from({ length: 30 }, (_, i) => `127.0.1.${i + 1}`);
    const sockets = ['127.0.0.1', ...addresses, '127.0.0.1'].map((address) => send('', address));
    await until(() => connected === accepted.length + sockets.length);
    const noteRejection = () => order.push('rejection');
    rejections.subscribe(noteRejection);
    onHealth = () => {
      onHealth = () => undefined;
      busy();
    };
    sockets.forEach((socket, i) => {
      const path = addresses[i - 1] ? 'busy' : 'health/live';
      socket.write(`GET /${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    });
    await until(() => order.length === sockets.length);
    rejections.unsubscribe(noteRejection);
    letAllGo();
    for (const socket of [...accepted, ...sockets]) socket.destroy();
    expect(order.lastIndexOf('health')).toBeLessThan(4);
  });

  it('spreads health checks that take long over iterations, so that connections are accepted in between', async () => {
    let iteration = 0;
    const counting = () => {
      iteration++;
      if (order.length < MAX) setImmediate(counting);
    };
    const begun = new Set<number>();
    onHealth = () => {
      if (begun.size === 0) counting();
      begun.add(iteration);
      busy();
    };
    const sockets = await openAndSend(Array<string>(MAX).fill('/health/live'));
    await until(() => order.length >= MAX);
    expect(begun.size).toBe(MAX);
    for (const socket of sockets) socket.destroy();
  });

  it('begins no work while connections are accepted, also those that were reset before', async () => {
    let left = 3;
    const arrive = () => {
      server.server.emit('connection', new Socket());
      if (--left > 0) setImmediate(arrive);
    };
    const leftThen: number[] = [];
    onBusy = () => {
      leftThen.push(left);
      if (leftThen.length === 1) arrive();
    };
    const sockets = await openAndSend(Array<string>(MAX).fill('/busy'));
    await until(() => order.length >= MAX);
    expect(leftThen).toEqual([3, 0, 0]);
    for (const socket of sockets) socket.destroy();
  });

  it('does not count requests that are still sending', async () => {
    const head =
      'POST /work HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{';
    const slow = Array.from({ length: 2 * MAX }, () => send(head));
    await untilArriving(2 * MAX);
    const accepted = work();
    await untilBegun(1);
    letAllGo();
    expect((await accepted).status).toBe(200);
    for (const socket of slow) socket.destroy();
  });

  it('rejects, of bodies that arrive at the same moment, those above it', async () => {
    const head =
      'POST /work HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{';
    const slow = Array.from({ length: 2 * MAX }, () => send(head));
    const received = slow.map(() => '');
    slow.forEach((socket, i) => socket.on('data', (data) => (received[i] += data.toString())));
    await untilArriving(2 * MAX);
    for (const socket of slow) socket.write('}');
    await untilBegun(MAX);
    await until(() => received.filter((text) => text !== '').length === MAX);
    expect(received.map((text) => text.slice(0, 12))).toEqual([
      ...Array<string>(MAX).fill(''),
      ...Array<string>(MAX).fill('HTTP/1.1 503'),
    ]);
    expect(letAllGo()).toBe(MAX);
    for (const socket of slow) socket.destroy();
  });

  it('does not count requests that ended before they had arrived', async () => {
    const head =
      'POST /given-up HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{';
    const late = Array.from({ length: MAX }, () => send(head));
    await untilArriving(MAX);
    await wait(60);
    for (const socket of late) socket.write('}');
    await wait(60);
    const accepted = work();
    await untilBegun(1);
    letAllGo();
    expect((await accepted).status).toBe(200);
    for (const socket of late) socket.destroy();
  });

  it('counts requests of disconnected callers until their work is done', async () => {
    for (let i = 0; i < MAX; i++) {
      const socket = send('POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
      await untilBegun(i + 1);
      socket.destroy();
    }
    await wait(20);
    expect((await work()).status).toBe(503);
    expect(letAllGo()).toBe(MAX);
    await wait(20);
    const next = work();
    await untilBegun(1);
    letAllGo();
    expect((await next).status).toBe(200);
  });
});
