import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { enforceRequestTimeout } from '../../../../src/http/limits/request-timeout.js';
import { HTTP_LIMITS } from '../../../../src/http/limits/limit-values.js';
import { Connections } from '../../../../src/http/limits/connections.js';
import { InFlightRequests } from '../../../../src/http/limits/in-flight-requests.js';

const DEADLINE_MS = 200;

describe('a deadline for requests', () => {
  let server: FastifyInstance;
  let inFlight: InFlightRequests;
  let url: string;
  let gaveUp: string[];
  beforeEach(async () => {
    gaveUp = [];
    server = fastify();
    const connections = new Connections(HTTP_LIMITS, () => null);
    connections.track(server.server);
    inFlight = new InFlightRequests(connections, HTTP_LIMITS, () => 'all');
    inFlight.track(server);
    enforceRequestTimeout(server, inFlight, DEADLINE_MS, (reply) => {
      gaveUp.push(reply.request.url);
      void reply.code(503).send({ error: 'temporarily_unavailable' });
    });
    server.get('/never', () => new Promise(() => undefined));
    server.get('/endless', (_request, reply) => {
      const stream = new PassThrough();
      stream.write('begun');
      return reply.send(stream);
    });
    server.get('/late', async () => {
      await wait(DEADLINE_MS * 1.5);
      return 'late';
    });
    server.get('/soon', async () => {
      await wait(DEADLINE_MS / 4);
      return 'soon';
    });
    url = await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => server.close());

  it('answers overdue requests with an error, once, and leaves the others alone', async () => {
    const start = performance.now();
    const paths = ['/never', '/soon', '/late', '/soon', '/never'];
    const answers = await Promise.all(paths.map((path) => fetch(url + path)));
    expect(answers.map(({ status }) => status)).toEqual([503, 200, 503, 200, 503]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(DEADLINE_MS);
    // The late reply of the handler is dropped
    await wait(DEADLINE_MS);
    expect(gaveUp.sort()).toEqual(['/late', '/never', '/never']);
    expect(inFlight.size).toBe(0);
  });

  it('aborts work that does not end', async () => {
    const response = await fetch(`${url}/endless`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(gaveUp).toEqual([]);
    expect(inFlight.size).toBe(0);
  });

  it('forgets callers that disconnect, and releases their replies', async () => {
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n');
    while (inFlight.size === 0) await wait(5);
    const [own] = inFlight;
    expect(own!.reply.request.url).toBe('/never');
    socket.destroy();
    const start = performance.now();
    while (inFlight.size > 0) await wait(5);
    expect(own!.reply).toBeNull();
    expect(performance.now() - start).toBeLessThan(DEADLINE_MS / 2);
    expect(gaveUp).toEqual([]);
  });
});
