import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

const ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine, { AUTHORIZATION_SERVER: 'on' });
  });
  afterAll(() => registry.stop());

  it('An unknown query parameter is rejected by every operation, and nothing else is done', async () => {
    const key = registry.adminKey;
    const { data } = (await registry.createClient(aClient())).body as { data: { client_id: string } };
    const { body: registered } = await registry.register({});
    const token = registered.registration_access_token as string;
    const own = `/v2/oauth/register/${registered.client_id as string}`;
    const operations: [string, string, object | undefined, string][] = [
      ...[`/v2/oauth/clients`, `/v2/oauth_clients`].flatMap(
        (clients): [string, string, object | undefined, string][] => [
          ['POST', clients, aClient(), key],
          ['GET', clients, undefined, key],
          ['POST', `${clients}/authenticate`, { client_id: ID }, key],
          ['GET', `${clients}/${data.client_id}`, undefined, key],
          ['HEAD', `${clients}/${data.client_id}`, undefined, key],
          ['PUT', `${clients}/${data.client_id}`, { name: 'Other' }, key],
          ['POST', `${clients}/${data.client_id}/secrets`, {}, key],
          ['GET', `${clients}/${data.client_id}/secrets`, undefined, key],
          ['DELETE', `${clients}/${data.client_id}/secrets/${ID}`, undefined, key],
          ['DELETE', `${clients}/${data.client_id}`, undefined, key],
        ],
      ),
      ['POST', '/v2/oauth/register', {}, key],
      ['GET', own, undefined, token],
      ['PUT', own, { client_id: registered.client_id }, token],
      ['POST', `${own}/secrets`, {}, token],
      ['GET', `${own}/secrets`, undefined, token],
      ['DELETE', `${own}/secrets/${ID}`, undefined, token],
      ['DELETE', own, undefined, token],
      ['GET', '/v2/oauth_grants', undefined, key],
      ['GET', `/v2/oauth/grants/${ID}`, undefined, key],
      ['DELETE', `/v2/oauth/grants/${ID}`, undefined, key],
      ['GET', `/v2/oauth/consent/${ID}`, undefined, key],
      ['POST', '/v2/oauth/grants', {}, key],
    ];
    const answers: Record<string, unknown> = {};
    for (const [method, path, body, authorization] of operations) {
      const reply = await registry.send(`${path}?dryrun=true&__proto__=1`, {
        method,
        body,
        key: authorization,
      });
      answers[`${method} ${path}`] = method === 'HEAD' ? reply.status : [reply.status, reply.body];
    }
    const refusal = [
      400,
      {
        error: 'invalid_request',
        error_description: expect.any(String),
        invalid_fields: {
          dryrun: ['is not supported; omit it'],
          ['__proto__']: ['is not supported; omit it'],
        },
      },
    ];
    expect(answers).toEqual(
      Object.fromEntries(
        operations.map(([method, path]) => [`${method} ${path}`, method === 'HEAD' ? 400 : refusal]),
      ),
    );
    expect(await registry.rows('oauth_clients')).toBe(2);
    expect((await registry.send(`/v2/oauth/clients/${data.client_id}`, { method: 'GET', key })).status).toBe(
      200,
    );
    expect((await registry.send(own, { method: 'GET', key: token })).status).toBe(200);
  });

  it('The parameters of an operation are accepted', async () => {
    const key = registry.adminKey;
    const { data } = (await registry.createClient(aClient())).body as { data: { client_id: string } };
    const secrets = `/v2/oauth/clients/${data.client_id}/secrets`;
    const listed = await registry.send(`${secrets}?page[size]=1`, { method: 'GET', key });
    const [{ id }] = listed.body.data as [{ id: string }];
    expect((await registry.send(`${secrets}/${id}?force=true`, { method: 'DELETE', key })).status).toBe(204);
    expect((await registry.send('/v2/oauth/register?dry_run=true', { body: {} })).status).toBe(200);
  });
});
