import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Collector, type ReceivedSpan } from '../../support/backing-services/collector.js';
import { onEachEngine } from '../../support/databases.js';
import { freePort } from '../../support/network/free-port.js';
import { aClient, Registry } from '../../support/registry.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SERVER = 2;
const UNSET = 0;
const ERROR = 2;
const STATUS = 'http.response.status_code';

let silent: { url: string; stop(): void };
beforeAll(async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  silent = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
});
afterAll(() => silent.stop());

onEachEngine((engine) => {
  let collector: Collector;
  let registry: Registry;
  beforeEach(async () => {
    collector = await Collector.start();
    registry = await Registry.start(engine, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  });
  afterEach(() => collector.stop());

  /** All that were made: stopping sends the last ones. */
  const spansAfterStop = async (): Promise<ReceivedSpan[]> => {
    await registry.stop();
    return collector.spans;
  };

  it('the span of a request belongs to the trace of its sender, and has a child span per wait for the database', async () => {
    const { body } = await registry.send('/v2/oauth/clients', {
      body: aClient(),
      key: registry.adminKey,
      headers: { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=value' },
    });
    const path = `/v2/oauth/clients/${body.data.client_id}`;
    await registry.send(`${path}?secret=sesame`, { method: 'GET', key: registry.adminKey });
    await registry.send('/nowhere', { method: 'GET', headers: { traceparent: '00-broken' } });
    const spans = await spansAfterStop();

    const created = spans.find(({ name }) => name === 'POST /v2/oauth/clients')!;
    expect(created).toMatchObject({
      traceId: TRACE,
      parentSpanId: PARENT,
      traceState: 'vendor=value',
      kind: SERVER,
    });
    expect(created.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v2/oauth/clients',
      'http.response.status_code': 201,
      'url.scheme': 'http',
      'url.path': '/v2/oauth/clients',
    });
    const children = spans.filter(({ parentSpanId }) => parentSpanId === created.spanId);
    expect(children.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['lookup api_keys', 'insert oauth_clients']),
    );
    expect(new Set(children.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    expect(children[0]!.attributes['db.system.name']).toBe(engine === 'sqlite' ? 'sqlite' : 'postgresql');

    const read = spans.find(({ name }) => name === 'GET /v2/oauth/clients/:client_id')!;
    expect(read.attributes).toMatchObject({ 'url.path': path, 'http.response.status_code': 400 });
    expect(read.traceId).not.toBe(TRACE);
    const unknown = spans.find(({ name }) => name === 'GET')!;
    expect(unknown.parentSpanId ?? '').toBe('');
    expect(unknown.attributes).not.toHaveProperty('http.route');
    expect(collector.text).not.toContain('sesame');
    expect(collector.resource['service.name']).toBe('oauth-client-registry');
  });

  it('requests at the same time do not get into each other, with many in one batch of the database', async () => {
    const traces = Array.from({ length: 20 }, (_, i) => (i + 1).toString(16).padStart(32, '0'));
    await Promise.all(
      traces.map((trace) =>
        registry.send('/v2/oauth/register', {
          body: {},
          headers: { traceparent: `00-${trace}-${PARENT}-01` },
        }),
      ),
    );
    const spans = await spansAfterStop();
    for (const trace of traces) {
      const own = spans.filter(({ traceId }) => traceId === trace);
      expect(own.map(({ name }) => name).sort()).toEqual(['POST /v2/oauth/register', 'insert oauth_clients']);
    }
  });

  it('the sender decides whether its trace is recorded', async () => {
    await registry.send('/v2/oauth/register', {
      body: {},
      headers: { traceparent: `00-${TRACE}-${PARENT}-00` },
    });
    expect(await spansAfterStop()).toEqual([]);
  });

  it('a rejected request is one span without an error and without the reason', async () => {
    await registry.send('/v2/oauth/clients', { method: 'GET', key: 'sesame' });
    await registry.send('/nowhere', { method: 'GET' });
    const spans = await spansAfterStop();
    const served = spans.filter(({ kind }) => kind === SERVER);
    expect(served.map(({ name, status, attributes }) => [name, status, attributes[STATUS]])).toEqual([
      ['GET /v2/oauth/clients', UNSET, 401],
      ['GET', UNSET, 404],
    ]);
    expect(spans.filter(({ name }) => name !== 'lookup api_keys')).toEqual(served);
    expect(collector.text).not.toMatch(/sesame|bearer|malformed/i);
  });

  it('the span of a request whose caller disconnects has no status', async () => {
    const { hostname, port } = new URL(registry.url);
    const socket = connect(Number(port), hostname);
    socket.write('POST /v2/oauth/register HTTP/1.1\r\nHost: registry\r\n');
    socket.write('Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
    await wait(200);
    socket.destroy();
    await once(socket, 'close');
    const [span] = await spansAfterStop();
    expect(span).toMatchObject({ name: 'POST /v2/oauth/register', status: UNSET });
    expect(span!.attributes).not.toHaveProperty(STATUS);
  });

  it('an internal error marks the span of the request and of the failed operation', async () => {
    await registry.dataSource.query('DROP TABLE audit_events');
    expect((await registry.register({})).status).toBe(500);
    const spans = await spansAfterStop();
    expect(spans.map(({ name, status }) => [name, status])).toEqual(
      expect.arrayContaining([
        ['POST /v2/oauth/register', ERROR],
        ['insert oauth_clients', ERROR],
      ]),
    );
  });
});

it.each([
  ['is gone', async () => `http://127.0.0.1:${await freePort()}`],
  ['takes everything and never answers', () => silent.url],
])('a collector that %s delays neither requests nor the shutdown', async (_, endpointOf) => {
  // Longer than it is given, and no longer than the test has
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '4000';
  const registry = await Registry.start('sqlite', { OTEL_EXPORTER_OTLP_ENDPOINT: await endpointOf() });
  delete process.env.OTEL_EXPORTER_OTLP_TIMEOUT;
  for (let i = 0; i < 20; i++) expect((await registry.register({})).status).toBe(201);
  const start = Date.now();
  await registry.stop();
  expect(Date.now() - start).toBeLessThan(3_900);
  await wait(1_500);
});
