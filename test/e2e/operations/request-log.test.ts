import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { Program } from '../../support/process.js';
import { aClient } from '../../support/registry.js';

const KEY = 'a-bootstrap-key-of-more-than-32-characters';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('the log', () => {
  let directory: string;
  let program: Program;
  let url: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'registry-log-'));
    program = new Program('main.js', {
      cwd: directory,
      env: {
        PORT: '0',
        NODE_ENV: 'production',
        BOOTSTRAP_API_KEY: KEY,
        DATABASE_URL: 'sqlite:registry.sqlite',
      },
    });
    url = await program.says(/Listening on (http:\/\/[\d.:]+)/);
  });
  afterEach(async () => {
    program.signal('SIGKILL');
    await program.ended;
    await rm(directory, { recursive: true, force: true });
  });

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    await response.text();
    return response;
  };
  const lines = async () => {
    await program.stop();
    return program.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  };

  it('has a line for each request: operation, caller, duration', async () => {
    await post('/v2/oauth/clients?secret=sesame', aClient());
    const [line] = (await lines()).filter(({ msg }) => msg === 'request');
    expect(line).toEqual({
      level: 30,
      time: expect.any(Number),
      pid: expect.any(Number),
      hostname: expect.any(String),
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      method: 'POST',
      path: '/v2/oauth/clients',
      // The parameter is unknown, and its value is not logged
      status: 400,
      durationMs: expect.any(Number),
      address: '127.0.0.1',
      orgId: 'default',
      userId: 'admin',
      msg: 'request',
    });
  });

  it('names the trace and the span of a caller that has one; a malformed one is ignored', async () => {
    await post('/v2/oauth/clients', aClient(), { traceparent: `00-${TRACE}-${PARENT}-01` });
    await post('/v2/oauth/clients', aClient(), { traceparent: `00-${TRACE}-${PARENT}-01"forged` });
    const [good, bad] = (await lines()).filter(({ msg }) => msg === 'request');
    expect(good).toMatchObject({ traceId: TRACE, spanId: PARENT });
    expect(bad).not.toHaveProperty('traceId');
  });

  it('logs an internal error with the request id of the reply', async () => {
    const other = new Database(join(directory, 'registry.sqlite'));
    other.exec('DROP TABLE audit_events');
    other.close();
    const traceparent = `00-${TRACE}-${PARENT}-01`;
    const rest = await post('/v2/oauth/register', {}, { traceparent });
    const graphql = await post('/graphql', { query: '{ auditEvents { nodes { at } } }' }, { traceparent });
    expect([rest.status, graphql.status]).toEqual([500, 200]);
    const all = await lines();
    const idsOf = (path: string) =>
      all.filter((line) => line.path === path).map(({ requestId }) => requestId as string);
    const errors = all.filter(({ level }) => level === 50);
    expect(errors.map(({ requestId, traceId }) => [requestId, traceId])).toEqual([
      [idsOf('/v2/oauth/register')[0], TRACE],
      [idsOf('/graphql')[0], TRACE],
    ]);
    expect(rest.headers.get('x-request-id')).toBe(errors[0]!.requestId);
  });

  describe.each([
    ['closes its half', (socket: Socket) => socket.end()],
    ['is gone', (socket: Socket) => socket.resetAndDestroy()],
  ])('a caller that %s in the middle of a body', (_, hangUp) => {
    it.each([
      ['/v2/oauth/register', 'Content-Length: 100', '{"client_name":'],
      ['/v2/oauth/register', 'Transfer-Encoding: chunked', '64\r\n{"client_name":'],
      ['/graphql', 'Content-Length: 100', '{"query":'],
    ])('is not an error of the service: %s, %s', async (path, framing, begun) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.on('error', () => undefined).resume();
      const closed = new Promise((done) => socket.once('close', done));
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n` +
          `Content-Type: application/json\r\n${framing}\r\n\r\n${begun}`,
      );
      // By the time that the next one is answered, it has been begun
      await post('/v2/oauth/clients', aClient());
      hangUp(socket);
      await closed;
      expect((await post('/v2/oauth/clients', aClient())).status).toBe(201);
      const all = await lines();
      expect(all.filter(({ level }) => level >= 50)).toEqual([]);
      expect(all.filter(({ msg }) => msg === 'request').map(({ status }) => status)).toEqual([201, 201]);
    });
  });
});
