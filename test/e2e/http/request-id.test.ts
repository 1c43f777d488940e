import { connect } from 'node:net';
import { aClient, Registry } from '../../support/registry.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

// On one engine: headers have nothing to do with a database
describe('X-Request-Id is in every reply', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start('sqlite');
  });
  afterAll(() => registry.stop());

  it.each<[number, string, string, object?]>([
    [201, 'POST', '/v2/oauth/register', { body: {} }],
    [400, 'POST', '/v2/oauth/register', { body: '{' }],
    [204, 'OPTIONS', '/v2/oauth/register', { headers: { origin: 'https://app.example' } }],
    [401, 'GET', '/v2/oauth/register/x'],
    [401, 'GET', '/v2/oauth/clients'],
    [405, 'PATCH', '/v2/oauth/clients'],
    [405, 'OPTIONS', '/v2/oauth/clients'],
    [404, 'GET', '/nothing'],
    [400, 'GET', `/v2/oauth/clients/${'a'.repeat(200)}`],
    [400, 'GET', '/v2/oauth/clients/%zz'],
    [413, 'POST', '/v2/oauth/register', { body: JSON.stringify('x'.repeat(70_000)) }],
    [415, 'POST', '/v2/oauth/register', { body: 'x', headers: { 'content-type': 'text/plain' } }],
    [200, 'GET', '/health/live'],
    [200, 'GET', '/health/ready'],
    [200, 'HEAD', '/health/live'],
    [200, 'GET', '/openapi.json'],
    [200, 'GET', '/docs'],
    [200, 'GET', '/graphql/explorer/main.js'],
    [401, 'POST', '/graphql', { body: { query: '{ __typename }' } }],
  ])('%d to %s %s', async (expected, method, path, sending = {}) => {
    const { status, headers } = await registry.send(path, { method, ...sending });
    expect([status, headers.get('x-request-id')]).toEqual([expected, expect.stringMatching(UUID)]);
  });

  it('of REST with a key, down to a 204, and of GraphQL', async () => {
    const { adminKey: key } = registry;
    const created = await registry.createClient(aClient());
    const path = `/v2/oauth/clients/${created.body.data.client_id}`;
    const answers = [
      created,
      await registry.send(path, { method: 'GET', key }),
      await registry.createClient({}),
      await registry.send(path, { method: 'DELETE', key }),
      await registry.graphql('{ __typename }'),
      await registry.graphql('{ nothing }'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 422, 204, 200, 400]);
    const ids = answers.map(({ headers }) => headers.get('x-request-id'));
    expect(ids).toEqual(ids.map(() => expect.stringMatching(UUID)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('of the console', async () => {
    const answers = [
      await registry.send('/admin', { method: 'GET' }),
      await registry.send('/admin/session', { body: {} }),
    ];
    for (const { headers } of answers) expect(headers.get('x-request-id')).toMatch(UUID);
  });

  it('of what the service has no time for', async () => {
    const full = await Registry.start('sqlite', {}, { maxRequests: 0 });
    const { status, headers } = await full.register({});
    await full.stop();
    expect([status, headers.get('x-request-id')]).toEqual([503, expect.stringMatching(UUID)]);
  });

  it.each([
    [400, 'GET /health/live HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n'],
    [431, `GET /health/live HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ])('%d to what cannot be read', async (status, sent) => {
    const socket = connect(Number(new URL(registry.url).port), '127.0.0.1');
    socket.write(sent);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(/^x-request-id: (.*)\r$/im.exec(answer)?.[1]).toMatch(UUID);
  });

  it('is chosen by the service only', async () => {
    const { headers } = await registry.send('/health/live', {
      method: 'GET',
      headers: { 'x-request-id': 'chosen' },
    });
    expect(headers.get('x-request-id')).toMatch(UUID);
  });
});
