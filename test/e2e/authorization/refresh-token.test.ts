import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { authorizationOf, type TestClient } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

const [ONE, TWO] = ['https://one.example', 'https://two.example'];

onEachEngine((engine) => {
  let registry: Registry;
  let user: string;
  beforeAll(async () => {
    registry = await Registry.start(engine, {
      AUTHORIZATION_RESOURCES: `${ONE} ${TWO}=jwt`,
      SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters',
    });
    user = (await registry.createKey()).apiKey;
  });
  afterAll(() => registry.stop());
  const { introspect, register, aRequest, answer, aCode, exchangeCode, refresh } = authorizationOf(
    () => registry,
  );

  const tokensOf = async (client: TestClient) => (await (await aCode(client, user)).exchange()).body;
  const isActive = async (token: string) => (await introspect(token)).body.active as boolean;

  /** A refresh token for both resources. */
  async function aTokenForBoth(client: TestClient): Promise<string> {
    const { verifier, parameters } = aRequest(client);
    const request = new URL(`${registry.url}/v2/oauth/authorize`);
    for (const [name, value] of Object.entries(parameters)) request.searchParams.append(name, value!);
    for (const resource of [ONE, TWO]) request.searchParams.append('resource', resource);
    const code = (await answer(request, true, user)).searchParams.get('code')!;
    return (await exchangeCode(client, code, verifier, { resource: ONE })).body.refresh_token as string;
  }

  /** A key, and its proofs for the token endpoint. */
  async function aKey() {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    const aProof = async () => ({
      dpop: await new SignJWT({ jti: randomUUID(), htm: 'POST', htu: `${registry.url}/v2/oauth/token` })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey),
    });
    return { jkt: await calculateJwkThumbprint(jwk), aProof };
  }

  /** The replaced tokens of a client were used ten seconds earlier. */
  const passTenSeconds = (client: TestClient) =>
    registry.dataSource.query(
      `UPDATE oauth_tokens SET consumed_at = consumed_at - 10001 WHERE client_id = '${client.id}' AND consumed_at IS NOT NULL`,
    );

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
    await passTenSeconds(client);
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

  it.each<[string, Record<string, string | undefined>, boolean]>([
    ['another resource', { resource: TWO }, false],
    ['no resource', { resource: undefined }, false],
    ['fewer scopes', { scope: 'read' }, false],
    ['all scopes by default', { scope: undefined }, false],
    ['a scope that was not granted', { scope: 'read write admin' }, false],
    ['a token that is bound to a DPoP key', {}, true],
  ])(
    'that was replaced gives no reply to a request for %s, and revokes nothing for ten seconds',
    async (_, changes, hasProof) => {
      const client = await register();
      const first = await aTokenForBoth(client);
      const request = { resource: ONE, scope: 'read write' };
      const { aProof } = await aKey();
      const askOther = async () =>
        (await refresh(client, first, { ...request, ...changes }, hasProof ? await aProof() : {})).body;
      const { body } = await refresh(client, first, request);
      expect(await askOther()).toMatchObject({
        error: 'invalid_grant',
        error_description: expect.stringContaining('another request'),
      });
      expect(await isActive(body.access_token as string)).toBe(true);
      expect((await refresh(client, first, request)).body).toEqual(body);
      await passTenSeconds(client);
      expect((await askOther()).error).toBe('invalid_grant');
      expect(await isActive(body.access_token as string)).toBe(false);
    },
  );

  it('that was replaced gives the same reply to the same request in other words', async () => {
    const client = await register();
    const first = await aTokenForBoth(client);
    const { body } = await refresh(client, first, { resource: ONE, scope: 'read write' });
    expect((await refresh(client, first, { resource: `${ONE}/`, scope: 'write  read' })).body).toEqual(body);
  });

  it('that is used for two resources at once gives a token of one, and its successor one of the other', async () => {
    const client = await register();
    const first = await aTokenForBoth(client);
    const ask = async (token: string, resource: string) => {
      const { body } = await refresh(client, token, { resource });
      const { body: found } = await introspect((body.access_token as string | undefined) ?? 'oca_none');
      return { resource, body, audience: found.aud as string | undefined };
    };
    const answers = await Promise.all([ask(first, ONE), ask(first, TWO)]);
    const [won, lost] = answers[0].audience === undefined ? answers.toReversed() : answers;
    expect([won!.audience, lost!.body.error]).toEqual([won!.resource, 'invalid_grant']);
    const next = await ask(won!.body.refresh_token as string, lost!.resource);
    expect(next.audience).toBe(lost!.resource);
  });

  it('of a public client is bound to the key of a DPoP proof that it is refreshed with (RFC 9449 §5)', async () => {
    const client = await register();
    const { refresh_token: first } = await tokensOf(client);
    const [{ jkt, aProof }, other] = [await aKey(), await aKey()];
    const { body } = await refresh(client, first as string, {}, await aProof());
    const second = body.refresh_token as string;
    expect((await introspect(second)).body.cnf).toEqual({ jkt });
    for (const headers of [{}, await aProof()]) {
      expect((await refresh(client, first as string, {}, headers)).body.error).toBe('invalid_grant');
    }
    for (const headers of [{}, await other.aProof()]) {
      expect((await refresh(client, second, {}, headers)).body.error).toBe('invalid_grant');
    }
    const third = await refresh(client, second, {}, await aProof());
    expect([third.status, third.body.token_type]).toEqual([200, 'DPoP']);
    expect((await introspect(third.body.refresh_token as string)).body.cnf).toEqual({ jkt });
  });

  it('of a confidential client is bound to no DPoP key, since the client authenticates (RFC 9449 §5)', async () => {
    const client = await register({ token_endpoint_auth_method: 'client_secret_post' });
    const { code, verifier } = await aCode(client, user);
    const { body } = await exchangeCode(client, code, verifier, {}, await (await aKey()).aProof());
    const next = await aKey();
    const refreshed = await refresh(client, body.refresh_token as string, {}, await next.aProof());
    expect((await introspect(refreshed.body.access_token as string)).body.cnf).toEqual({ jkt: next.jkt });
  });

  it('that is bound to a DPoP key is not given again without its proof', async () => {
    const client = await register();
    const { aProof } = await aKey();
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
