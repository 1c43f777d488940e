import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { authorizationOf } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  afterEach(() => registry.stop());
  const { aRequest, authorize, introspect, register } = authorizationOf(() => registry);

  it('counts the bytes of authorization requests against the limit of their address', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: '20000/1h' });
    const { parameters } = aRequest(await register(), { state: 'x'.repeat(4000) });
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await authorize(parameters)).status);
    expect(statuses.slice(0, 2)).toEqual([303, 303]);
    expect(statuses.at(-1)).toBe(429);
  });

  it('counts the assertions of anonymous clients against the same limit', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: '5000/1h' });
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const { id } = await register({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [await exportJWK(publicKey)] },
    });
    const send = async () => {
      const assertion = await new SignJWT({ jti: randomUUID() })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(registry.url)
        .setExpirationTime('1m')
        .sign(privateKey);
      const body = { token: 'x', client_assertion: assertion };
      return (await registry.send('/v2/oauth/introspect', { body })).status;
    };
    const statuses = [];
    for (let i = 0; i < 25; i++) statuses.push(await send());
    expect([statuses[0], statuses.at(-1)]).toEqual([200, 429]);
  });

  it('judges no more invalid credentials at once than may be invalid', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '5/1h' });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => [
        introspect('x', `bad-${i}`),
        registry.send('/v2/oauth/grants', { body: {}, key: `worse-${i}` }),
      ]).flat(),
    );
    const judged = answers.filter(({ status }) => status === 401);
    expect(judged).toHaveLength(5);
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true);
  });

  it('counts failed clients by address, also if the secret is in the body, and never rejects a valid one', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '5/1h' });
    const method = { token_endpoint_auth_method: 'client_secret_post' };
    const clients = await Promise.all(Array.from({ length: 7 }, () => register(method)));
    const send = async (id: string, secret: string | null) =>
      (
        await registry.send('/v2/oauth/introspect', {
          body: { token: 'x', client_id: id, client_secret: secret },
        })
      ).status;
    const statuses = [];
    for (const { id } of clients) statuses.push(await send(id, 'wrong'));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(await send(clients[0]!.id, clients[0]!.secret)).toBe(200);
  });

  it('leaves an anonymous client in the unused pool that only authenticates itself', async () => {
    registry = await Registry.start(engine);
    const { id, secret } = await register({ token_endpoint_auth_method: 'client_secret_post' });
    const body = { token: 'x', client_id: id, client_secret: secret };
    expect((await registry.send('/v2/oauth/introspect', { body })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { body: found } = await registry.graphql(
      'query ($id: ID!) { oauthClients(filter: { ids: [$id], unused: true }) { totalCount } }',
      { id },
    );
    expect(found.data.oauthClients.totalCount).toBe(1);
  });
});
