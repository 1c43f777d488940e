import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { authorizationOf, type TestClient } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  let user: string;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    user = (await registry.createKey()).apiKey;
  });
  afterAll(() => registry.stop());
  const { introspect, register, aCode, exchangeCode, refresh } = authorizationOf(() => registry);

  const tokensOf = async (client: TestClient) => (await (await aCode(client, user)).exchange()).body;
  const isActive = async (token: string) => (await introspect(token)).body.active as boolean;

  it('of a public client is replaced, and a lost reply can be had again', async () => {
    const client = await register();
    const { refresh_token: first } = await tokensOf(client);
    const answers = await Promise.all([1, 2, 3].map(() => refresh(client, first as string)));
    const [{ body }] = answers as [(typeof answers)[0]];
    expect(answers.map(({ status, body: each }) => [status, each])).toEqual(answers.map(() => [200, body]));
    expect(body.refresh_token).not.toBe(first);
    expect((await refresh(client, first as string)).body).toEqual(body);
    expect(await isActive(body.access_token as string)).toBe(true);
    const stored = JSON.stringify(await registry.dataSource.query('SELECT * FROM oauth_tokens'));
    for (const value of [first, body.refresh_token, body.access_token]) {
      expect(stored).not.toContain((value as string).slice(4));
    }
  });

  it('that was replaced ends its grant if it is used after ten seconds', async () => {
    const client = await register();
    const { refresh_token: first } = await tokensOf(client);
    const { body } = await refresh(client, first as string);
    await registry.dataSource.query(
      `UPDATE oauth_tokens SET consumed_at = consumed_at - 10001 WHERE client_id = '${client.id}' AND consumed_at IS NOT NULL`,
    );
    expect((await refresh(client, first as string)).body.error).toBe('invalid_grant');
    expect(await isActive(body.access_token as string)).toBe(false);
    expect((await refresh(client, body.refresh_token as string)).body.error).toBe('invalid_grant');
  });

  it('that was replaced keeps no payload, and no reply after ten seconds', async () => {
    const client = await register();
    const { refresh_token: first } = await tokensOf(client);
    const rows = () =>
      registry.dataSource.query<{ payload: string; sealed_reply: string | null }[]>(
        `SELECT payload, sealed_reply FROM oauth_tokens WHERE client_id = '${client.id}' AND kind = 'refresh' AND consumed_at IS NOT NULL`,
      );
    await refresh(client, first as string);
    expect(await rows()).toEqual([{ payload: '{}', sealed_reply: expect.any(String) }]);
    const { now } = Date;
    const later = jest.spyOn(Date, 'now').mockImplementation(() => now() + 10_001);
    try {
      // Any use of a code or token
      await tokensOf(await register());
    } finally {
      later.mockRestore();
    }
    expect(await rows()).toEqual([{ payload: '{}', sealed_reply: null }]);
  });

  it('gets no stored reply once its grant is revoked', async () => {
    const client = await register();
    const { refresh_token: first } = await tokensOf(client);
    const { body } = await refresh(client, first as string);
    await registry.send('/v2/oauth/revoke', { body: { client_id: client.id, token: body.refresh_token } });
    expect((await refresh(client, first as string)).body.error).toBe('invalid_grant');
  });

  it('that is bound to a DPoP key is not given again without its proof', async () => {
    const client = await register();
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    const aProof = async () => ({
      dpop: await new SignJWT({ jti: randomUUID(), htm: 'POST', htu: `${registry.url}/v2/oauth/token` })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey),
    });
    const { code, verifier } = await aCode(client, user);
    const { body } = await exchangeCode(client, code, verifier, {}, await aProof());
    const first = body.refresh_token as string;
    expect((await refresh(client, first)).status).toBe(400);
    expect((await refresh(client, first, {}, await aProof())).status).toBe(200);
    expect((await refresh(client, first)).status).toBe(400);
  });

  it('of a confidential client stays', async () => {
    const client = await register({ token_endpoint_auth_method: 'client_secret_post' });
    const { refresh_token: first } = await tokensOf(client);
    for (let i = 0; i < 2; i++) {
      const { status, body } = await refresh(client, first as string);
      expect([status, body.refresh_token ?? first]).toEqual([200, first]);
    }
  });

  it('gives fewer scopes if asked, and never more', async () => {
    const client = await register({ token_endpoint_auth_method: 'client_secret_post' });
    const { refresh_token: token } = await tokensOf(client);
    expect((await refresh(client, token as string, { scope: 'read' })).body.scope).toBe('read');
    const { status, body } = await refresh(client, token as string, { scope: 'read admin' });
    expect([status, body.error]).toEqual([400, 'invalid_scope']);
  });

  it('is rejected for another client, unknown or revoked', async () => {
    const client = await register();
    const { refresh_token: token, access_token: access } = await tokensOf(client);
    const other = await register();
    expect((await refresh(other, token as string)).body.error).toBe('invalid_grant');
    expect((await refresh(client, 'ocf_unknown')).body.error).toBe('invalid_grant');
    const revoked = await registry.send('/v2/oauth/revoke', { body: { client_id: client.id, token } });
    expect(revoked.status).toBe(200);
    expect((await refresh(client, token as string)).body.error).toBe('invalid_grant');
    expect(await isActive(access as string)).toBe(false);
  });
});
