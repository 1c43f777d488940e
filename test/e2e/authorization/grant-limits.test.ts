import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { IsNull } from 'typeorm';
import { GrantEntity } from '../../../src/authorization/grants/grant.entity.js';
import { TokenEntity } from '../../../src/authorization/tokens/token.entity.js';
import { ClientAssertionEntity } from '../../../src/clients/authentication/client-assertion.entity.js';
import { newId } from '../../../src/database/id.js';
import { authorizationOf, basic, CALLBACK, type TestClient } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { UNKNOWN_ID } from '../../support/graphql/operator.js';
import { aClient, Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  afterEach(() => registry.stop());
  const { aCode, answer, aRequest, decide, refresh, register, showKey, token } = authorizationOf(
    () => registry,
  );

  const from = (address: string) => ({ 'x-forwarded-for': address });
  const scopesOf = (mark: string) => Array.from({ length: 100 }, (_, i) => `${mark}-${i}-`.padEnd(128, 'x'));
  const aWebClient = async (key: string, overrides: object = {}) => {
    const grantTypes = { allowed_grant_types: ['authorization_code'], redirect_uris: [CALLBACK] };
    const { body } = await registry.createClient(aClient({ ...grantTypes, ...overrides }), key);
    return { id: body.data.client_id as string, secret: body.data.client_secret as string };
  };
  const grants = () => registry.dataSource.getRepository(GrantEntity).find();
  /** The consent token of a request from an address of its own, since the bytes of requests count per address. */
  async function askFrom(client: TestClient, host: number): Promise<string> {
    const query = new URLSearchParams(aRequest(client).parameters as Record<string, string>);
    const { headers } = await fetch(`${registry.url}/v2/oauth/authorize?${query.toString()}`, {
      redirect: 'manual',
      headers: from(`198.51.100.${host}`),
    });
    return new URL(headers.get('location')!).searchParams.get('consent_token')!;
  }

  it('drops from a grant the scopes and hosts that the client has lost, and abridges the events of it', async () => {
    registry = await Registry.start(engine);
    const { apiKey: key } = await registry.createKey();
    const client = await aWebClient(key);
    const others = ['https://one.example/callback', 'https://two.example/callback'];
    for (const [i, uri] of others.entries()) {
      const body = { allowed_scopes: ['kept', ...scopesOf(`${i}`).slice(1)], redirect_uris: [uri] };
      const put = await registry.send(`/v2/oauth/clients/${client.id}`, { method: 'PUT', key, body });
      expect(put.status).toBe(200);
      await aCode(client, key, { redirect_uri: uri, scope: 'kept' });
      await aCode(client, key, { redirect_uri: uri });
    }
    const [grant, ...rest] = await grants();
    expect(rest).toEqual([]);
    expect(grant!.scopes).toEqual({ [registry.url]: ['kept', ...scopesOf('1').slice(1)] });
    expect(grant!.redirectHosts).toEqual(['two.example']);
    const { body } = await registry.graphql(
      `{ auditEvents(filter: { action: GRANT_GIVEN }, first: 4) { nodes { changes { field before after added removed } } } }`,
    );
    const changes = (body.data.auditEvents.nodes as { changes: object[] }[]).map((event) => event.changes);
    const first = `${registry.url} kept`;
    expect(changes[3]).toEqual([{ field: 'scopes', before: [], after: [first], added: null, removed: null }]);
    const digest = {
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: expect.any(Number),
      entries: 96,
    };
    expect(changes[0]).toEqual([
      {
        field: 'scopes',
        before: null,
        after: null,
        added: expect.arrayContaining([
          `${registry.url} ${scopesOf('1')[1]}`,
          expect.objectContaining(digest),
        ]),
        removed: [],
      },
    ]);
    expect(JSON.stringify(changes).length).toBeLessThan(4_000);
  });

  it('reads no page of grants that is larger than 1.5 MiB', async () => {
    registry = await Registry.start(engine);
    const { apiKey: key } = await registry.createKey({ orgId: 'large', userId: 'alice' });
    const scopes = { 'https://api.example': Array.from({ length: 8 }, (_, i) => scopesOf(`${i}`)).flat() };
    for (let i = 0; i < 20; i++) {
      const { id: clientId } = await aWebClient(key);
      const owner = { clientId, orgId: 'large', userId: 'alice' };
      await registry.dataSource
        .getRepository(GrantEntity)
        .insert({ id: newId(), ...owner, scopes, createdAt: new Date() });
    }
    const list = (query: string) => registry.send(`/v2/oauth/grants?${query}`, { method: 'GET', key });
    const { status, body } = await list('page[size]=20');
    expect({ status, ...(body as object) }).toEqual({
      status: 400,
      error: 'invalid_request',
      error_description: 'The page is too large. Request a smaller page.',
      invalid_fields: { 'page[size]': ['must be at most 15 for this page, which is limited to 1.5 MiB'] },
    });
    const ids = [];
    for (const page of [1, 2]) {
      const fitting = await list(`page[size]=15&page[number]=${page}`);
      expect(fitting.body.meta).toMatchObject({ total_results: 20, total_pages: 2 });
      ids.push(...(fitting.body.data as { id: string }[]).map(({ id }) => id));
    }
    expect(ids).toEqual((await grants()).map(({ id }) => id).sort((a, b) => (a < b ? 1 : -1)));
  });

  it.each([
    ['GET', '/v2/oauth/grants', 200],
    ['GET', '/v2/oauth_grants', 200],
    ['GET', `/v2/oauth/grants/${UNKNOWN_ID}`, 404],
    ['DELETE', `/v2/oauth_grants/${UNKNOWN_ID}`, 404],
    ['GET', '/v2/oauth/consent/unknown', 404],
    ['POST', '/v2/oauth/grants', 404],
  ] as const)('counts %s %s as a request of the organization of the user', async (method, path, status) => {
    registry = await Registry.start(engine, { RATE_LIMIT_ORG: '1/1h' });
    const { apiKey: key } = await registry.createKey();
    const body = method === 'POST' ? { consent_token: 'unknown', allowed: true } : undefined;
    const send = async () => (await registry.send(path, { method, key, body })).status;
    expect([await send(), await send()]).toEqual([status, 429]);
  });

  it('counts the bytes of grants against a tenth of the limit of an organization for each user, and revokes beyond it', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: '600000/1h', TRUST_PROXY: '1' });
    const [user, neighbour] = [
      await registry.createKey({ orgId: 'acme' }),
      await registry.createKey({ orgId: 'acme', userId: 'neighbour' }),
    ];
    const client = await register({ scope: scopesOf('anyone').join(' ') });
    const give = async (key: string, host: number) => {
      const consentToken = await askFrom(client, host);
      const { status } = await decide(consentToken, true, key);
      return { status, consentToken };
    };
    const statuses = [];
    for (let i = 1; i <= 3; i++) statuses.push((await give(user.apiKey, i)).status);
    expect(statuses).toEqual([200, 200, 200]);
    const [before] = await grants();
    const rejected = await give(user.apiKey, 4);
    expect(rejected.status).toBe(429);
    expect((await decide(rejected.consentToken, false, user.apiKey)).status).toBe(429);
    expect(await grants()).toEqual([before]);
    expect((await give(neighbour.apiKey, 5)).status).toBe(200);
    const revoked = await registry.send(`/v2/oauth/grants/${before!.id}`, {
      method: 'DELETE',
      key: user.apiKey,
    });
    expect(revoked.status).toBe(200);
  });

  it('counts sessions of the consent page against a tenth of the limit of the organization of the user', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_AUDIT_BYTES: '40000/1h', TRUST_PROXY: '1' });
    const { apiKey } = await registry.createKey();
    const client = await register();
    const signIn = async (host: number) => {
      const consentToken = await askFrom(client, host);
      return (await showKey(consentToken, apiKey, 'deny')).status;
    };
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push(await signIn(i));
    expect([statuses[0], statuses.at(-1)]).toEqual([303, 429]);
  });

  it('accepts at most ten resources in an authorization request', async () => {
    const resources = Array.from({ length: 11 }, (_, i) => `https://${i}.example`);
    registry = await Registry.start(engine, { AUTHORIZATION_RESOURCES: resources.join(' ') });
    const redirectUri = 'http://127.0.0.1/callback';
    const client = await register({ redirect_uris: [redirectUri] });
    const { apiKey } = await registry.createKey();
    const { parameters } = aRequest(client, { redirect_uri: redirectUri });
    const request = (count: number) => {
      const url = new URL(`${registry.url}/v2/oauth/authorize`);
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value!);
      for (const resource of resources.slice(0, count)) url.searchParams.append('resource', resource);
      return url;
    };
    const rejected = await answer(request(11), true, apiKey);
    expect([rejected.searchParams.get('error'), rejected.searchParams.get('error_description')]).toEqual([
      'invalid_target',
      'At most 10 resources can be requested at once.',
    ]);
    expect((await answer(request(10), true, apiKey)).searchParams.has('code')).toBe(true);
    expect(Object.keys((await grants())[0]!.scopes)).toEqual(resources.slice(0, 10));
  });

  it('counts the bytes of tokens of all clients of an organization, and rejects no client of another one', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN_BYTES: '2000/1h' });
    const [acme, neighbour] = [await registry.createKey({ orgId: 'acme' }), await registry.createKey()];
    const statusOf = async (key: string) => {
      const { body } = await registry.createClient(aClient({ allowed_scopes: ['read'] }), key);
      const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
      return (await token({ grant_type: 'client_credentials' }, basic(id!, secret!))).status;
    };
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push(await statusOf(acme.apiKey));
    expect([statuses[0], statuses.at(-1)]).toEqual([200, 429]);
    expect(await statusOf(neighbour.apiKey)).toBe(200);
    const limited = statuses.filter((status) => status === 429).length;
    expect(await registry.dataSource.getRepository(TokenEntity).count()).toBe(9 - limited);
  });

  it('counts the bytes of tokens of a user against the limit of their organization, and uses up no code beyond it', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN_BYTES: '2000/1h' });
    const [user, neighbour] = [await registry.createKey({ orgId: 'acme' }), await registry.createKey()];
    const statuses = [];
    for (let i = 0; i < 5; i++) {
      const { exchange } = await aCode(await aWebClient(user.apiKey), user.apiKey);
      statuses.push((await exchange()).status);
    }
    expect([statuses[0], statuses.at(-1)]).toEqual([200, 429]);
    const unused = { kind: 'code', consumedAt: IsNull() } as const;
    expect(await registry.dataSource.getRepository(TokenEntity).countBy(unused)).toBe(
      statuses.filter((status) => status === 429).length,
    );
    const ofNeighbour = await aWebClient(neighbour.apiKey);
    expect((await (await aCode(ofNeighbour, neighbour.apiKey)).exchange()).status).toBe(200);
  });

  it('counts the bytes of tokens of clients of others against a limit of the user, not against that of the organization', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN_BYTES: '20000/1h', TRUST_PROXY: '1' });
    const [user, foreigner] = [await registry.createKey({ orgId: 'acme' }), await registry.createKey()];
    const colleague = await registry.createKey({ orgId: 'acme', userId: 'user-2' });
    const statusOf = async (client: TestClient, key = user.apiKey) =>
      (await (await aCode(client, key)).exchange()).status;
    const client = await register();
    let { body } = await (await aCode(client, user.apiKey)).exchange();
    let status = 200;
    let count = 0;
    // An organization gets ten times as many
    for (; status === 200 && count < 10; count++) {
      const address = from(`198.51.100.${count}`);
      ({ status, body } = await refresh(client, body.refresh_token as string, {}, address));
    }
    expect([status, body.error_description]).toEqual([
      429,
      expect.stringMatching(
        /^Too many bytes of tokens and assertions of this organization, client, user or address\./,
      ),
    ]);
    expect(await statusOf(await register())).toBe(429);
    expect(await statusOf(await aWebClient(foreigner.apiKey))).toBe(429);
    expect(await statusOf(await aWebClient(user.apiKey))).toBe(200);
    expect(await statusOf(client, colleague.apiKey)).toBe(200);
    expect(await statusOf(client, foreigner.apiKey)).toBe(200);
  });

  it('counts the bytes of DPoP proofs, and stores none beyond the limit', async () => {
    registry = await Registry.start(engine, { RATE_LIMIT_TOKEN_BYTES: '2000/1h' });
    const { body } = await registry.createClient(aClient({ allowed_scopes: ['read'] }));
    const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    const statusOf = async () => {
      const dpop = await new SignJWT({ jti: newId(), htm: 'POST', htu: `${registry.url}/v2/oauth/token` })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey);
      return (await token({ grant_type: 'client_credentials' }, { ...basic(id!, secret!), dpop })).status;
    };
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push(await statusOf());
    expect([statuses[0], statuses.at(-1)]).toEqual([200, 429]);
    expect(await registry.dataSource.getRepository(ClientAssertionEntity).count()).toBeLessThan(5);
  });
});
