import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { ClientAssertionEntity } from '../../../src/clients/authentication/client-assertion.entity.js';
import { authorizationOf, basic, CALLBACK, FORM } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  afterEach(() => registry.stop());
  const { aRequest } = authorizationOf(() => registry);

  /** A client of the organization of a key, and how it signs assertions. */
  async function aSigningClient(key: string) {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const { body } = await registry.register(
      {
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code', 'client_credentials'],
        scope: 'read',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [await exportJWK(publicKey)] },
      },
      key,
    );
    const id = body.client_id as string;
    const sign = (audience = registry.url, signingKey = privateKey) =>
      new SignJWT({ jti: randomUUID() })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(audience)
        .setExpirationTime('1h')
        .sign(signingKey);
    return { id, sign };
  }
  type SigningClient = Awaited<ReturnType<typeof aSigningClient>>;

  const send = async (path: string, { id, sign }: SigningClient, assertion?: string) => {
    const parameters = {
      [path]: { token: 'x' },
      token: { grant_type: 'client_credentials' },
      par: aRequest({ id, secret: null }).parameters,
    }[path];
    const body = { ...parameters, client_id: id, client_assertion: assertion ?? (await sign()) };
    return (await registry.send(`/v2/oauth/${path}`, { body })).status;
  };
  const sendTimes = async (count: number, path: string, client: SigningClient) => {
    const statuses = [];
    for (let i = 0; i < count; i++) statuses.push(await send(path, client));
    return statuses;
  };
  const stored = () => registry.dataSource.getRepository(ClientAssertionEntity).count();

  it.each(['introspect', 'revoke'])(
    'a client of an organization stores assertions at %s up to a tenth of the limit of the organization',
    async (path) => {
      registry = await Registry.start(engine, { RATE_LIMIT_TOKEN_BYTES: '20000/1h' });
      const { apiKey } = await registry.createKey();
      const [client, other] = [await aSigningClient(apiKey), await aSigningClient(apiKey)];
      expect(await sendTimes(11, path, client)).toEqual([...Array<number>(8).fill(200), 429, 429, 429]);
      expect(await stored()).toBe(8);
      expect(await send(path, other)).toBe(200);
    },
  );

  it('an authorization server stores assertions of a client of an organization up to the same limit', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN_BYTES: '20000/1h' });
    const { apiKey: key } = await registry.createKey({ role: 'service' });
    const { apiKey } = await registry.createKey();
    const { id, sign } = await aSigningClient(apiKey);
    const audience = 'https://login.example';
    const statuses = [];
    for (let i = 0; i < 10; i++) {
      const body = { client_id: id, client_assertion: await sign(audience), audience };
      statuses.push((await registry.send('/v2/oauth/clients/authenticate', { body, key })).status);
    }
    expect(statuses).toEqual([...Array<number>(8).fill(200), 429, 429]);
    expect(await stored()).toBe(8);
  });

  it('all clients of an organization together store assertions up to its limit; others go on', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN_BYTES: '2560/1h' });
    const [acme, neighbour] = [await registry.createKey({ orgId: 'acme' }), await registry.createKey()];
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push(await send('revoke', await aSigningClient(acme.apiKey)));
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
    expect(await stored()).toBe(10);
    expect(await send('revoke', await aSigningClient(neighbour.apiKey))).toBe(200);
  });

  it.each([
    ['token', 200],
    ['par', 201],
  ])('a request to %s beyond RATE_LIMIT_TOKEN stores no assertion', async (path, status) => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN: '3/1h' });
    const { apiKey } = await registry.createKey();
    const client = await aSigningClient(apiKey);
    expect(await sendTimes(6, path, client)).toEqual([status, status, status, 429, 429, 429]);
    expect(await stored()).toBe(3);
  });

  it('an assertion that is forged or used again uses up no limit of its client', async () => {
    const limits = { RATE_LIMIT_TOKEN: '3/1h', RATE_LIMIT_TOKEN_BYTES: '10000/1h' };
    registry = await Registry.start(engine, limits);
    const { apiKey } = await registry.createKey();
    const client = await aSigningClient(apiKey);
    const used = await client.sign();
    expect(await send('token', client, used)).toBe(200);
    const { privateKey } = await generateKeyPair('ES256');
    for (let i = 0; i < 6; i++) {
      expect(await send('token', client, used)).toBe(401);
      expect(await send('token', client, await client.sign(registry.url, privateKey))).toBe(401);
    }
    expect(await send('token', client)).toBe(200);
    expect(await stored()).toBe(2);
  });

  it('DPoP proofs of pushed requests count against the limit of their client, not against that of the organization', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: '10000/1h' });
    const { apiKey } = await registry.createKey();
    const grantTypes = { allowed_grant_types: ['authorization_code'], redirect_uris: [CALLBACK] };
    const { body } = await registry.createClient(aClient(grantTypes), apiKey);
    const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    const push = async () => {
      const dpop = await new SignJWT({ jti: randomUUID(), htm: 'POST', htu: `${registry.url}/v2/oauth/par` })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey);
      const { parameters } = aRequest({ id: id!, secret: null });
      const form = new URLSearchParams(parameters as Record<string, string>).toString();
      const headers = { ...FORM, ...basic(id!, secret!), dpop };
      return (await registry.send('/v2/oauth/par', { body: form, headers })).status;
    };
    const statuses = [];
    for (let i = 0; i < 40; i++) statuses.push(await push());
    expect([statuses[0], statuses.at(-1)]).toEqual([201, 429]);
    expect(await stored()).toBeLessThan(5);
    expect((await registry.createClient(aClient(), apiKey)).status).toBe(201);
  });
});
