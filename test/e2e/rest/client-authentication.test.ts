import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { Retention } from '../../../src/jobs/retention.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry, type Sending } from '../../support/registry.js';

const ISSUER = 'https://as.example';
const HOUR_MS = 3_600_000;
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

onEachEngine((engine) => {
  let registry: Registry;
  let service: string;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    service = (await registry.createKey({ role: 'service' })).apiKey;
  });
  afterAll(() => registry.stop());

  const authenticate = (body: unknown, sending: Sending = {}) =>
    registry.send('/v2/oauth/clients/authenticate', { body, key: service, ...sending });

  async function aConfidentialClient(overrides: object = {}) {
    const { apiKey: key, orgId } = await registry.createKey();
    const { data } = (await registry.createClient(aClient(overrides), key)).body as {
      data: { client_id: string; client_secret: string };
    };
    const path = `/v2/oauth/clients/${data.client_id}`;
    const issue = async (body: object = {}) =>
      (await registry.send(`${path}/secrets`, { body, key })).body.data as {
        id: string;
        client_secret: string;
      };
    const secrets = async () =>
      (await registry.send(`${path}/secrets`, { method: 'GET', key })).body.data as {
        id: string;
        last_used_at: string | null;
      }[];
    return { id: data.client_id, secret: data.client_secret, key, orgId, path, issue, secrets };
  }

  async function aSigningClient(overrides: object = {}) {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256' };
    const { client_id: id } = (
      await registry.register({
        redirect_uris: ['https://app.example/callback'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [jwk] },
        ...overrides,
      })
    ).body as { client_id: string };
    const claims = (changes: JWTPayload = {}): JWTPayload => ({
      iss: id,
      sub: id,
      aud: ISSUER,
      jti: randomUUID(),
      exp: inSeconds(60),
      ...changes,
    });
    const sign = (changes: JWTPayload = {}, header: object = {}, key = privateKey) =>
      new SignJWT(claims(changes)).setProtectedHeader({ alg: 'ES256', kid: 'key-1', ...header }).sign(key);
    const show = (client_assertion: string, audience = ISSUER) =>
      authenticate({ client_id: id, client_assertion, audience });
    return { id, publicKey, claims, sign, show };
  }

  const events = async (clientId: string) => {
    const { body } = await registry.graphql(
      `query ($id: ID!) { auditEvents(filter: { clientId: $id }) { nodes { action targetId changes { field after } } } }`,
      { id: clientId },
    );
    return body.data.auditEvents.nodes as { action: string; targetId: string; changes: unknown[] }[];
  };

  /** Uses are written after the reply. */
  async function eventually<T>(read: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> {
    for (let i = 0; i < 100; i++) {
      const value = await read();
      if (isThere(value)) return value;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return read();
  }

  describe('A secret', () => {
    it('authenticates its client, with what an authorization server enforces', async () => {
      const client = await aConfidentialClient({ require_pkce: true });
      const { status, headers, body } = await authenticate({
        client_id: client.id,
        client_secret: client.secret,
      });
      const [secret] = await client.secrets();
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          active: true,
          method: 'client_secret',
          client: {
            client_id: client.id,
            client_id_issued_at: expect.any(Number),
            client_name: 'My OAuth client',
            redirect_uris: [],
            grant_types: ['client_credentials'],
            response_types: [],
            scope: 'admin',
            token_endpoint_auth_method: 'client_secret_basic',
            client_type: 'confidential',
            require_pkce: true,
            verified: false,
            org_id: client.orgId,
            user_id: 'user-1',
          },
          secret: { id: secret!.id, expires_at: null },
        },
      });
      expect(headers.get('cache-control')).toBe('no-store');
    });

    it('is read from a form as from JSON, at both paths', async () => {
      const { id, secret } = await aConfidentialClient();
      const form = new URLSearchParams({ client_id: id, client_secret: secret, audience: '' }).toString();
      for (const path of ['/v2/oauth/clients/authenticate', '/v2/oauth_clients/authenticate']) {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const { status, body } = await registry.send(path, { body: form, headers, key: service });
        expect([status, body.active]).toEqual([200, true]);
      }
    });

    it('is valid in addition to others until it expires; one event an hour records use of an expired one', async () => {
      const client = await aConfidentialClient();
      const second = await client.issue();
      const reasonOf = async (client_secret: string) => {
        const { body } = await authenticate({ client_id: client.id, client_secret });
        return (body.active as boolean) || (body.reason as string);
      };
      expect([await reasonOf(client.secret), await reasonOf(second.client_secret)]).toEqual([true, true]);
      const third = await client.issue({ expire_others_in: 0 });
      await registry.send(`${client.path}/secrets/${third.id}?force=true`, {
        method: 'DELETE',
        key: client.key,
      });
      for (let i = 0; i < 3; i++) {
        expect(await Promise.all([client.secret, third.client_secret].map(reasonOf))).toEqual([
          'expired_secret',
          'revoked_secret',
        ]);
      }
      const rejected = (await events(client.id)).filter(({ action }) => action === 'CLIENT_SECRET_REJECTED');
      expect(rejected.map(({ changes }) => changes)).toEqual(
        expect.arrayContaining([
          [{ field: 'reason', after: 'expired' }],
          [{ field: 'reason', after: 'revoked' }],
        ]),
      );
      expect(rejected).toHaveLength(2);
      const text = JSON.stringify(await events(client.id));
      for (const secret of [client.secret, second.client_secret, third.client_secret]) {
        expect(text).not.toContain(secret);
      }
    });

    it('notes the last use of the client and of the secret that was shown, once a minute', async () => {
      const client = await aConfidentialClient();
      const second = await client.issue();
      await authenticate({ client_id: client.id, client_secret: second.client_secret });
      const [newest, first] = await eventually(client.secrets, ([secret]) => secret!.last_used_at !== null);
      expect(Date.now() - Date.parse(newest!.last_used_at!)).toBeLessThan(10_000);
      expect(first!.last_used_at).toBeNull();
      const lastUse = async () => {
        const { body } = await registry.graphql(
          `query ($id: ID!) { oauthClient(clientId: $id) { lastUsedAt } }`,
          { id: client.id },
        );
        return body.data.oauthClient.lastUsedAt as string | null;
      };
      expect(await eventually(lastUse, (time) => time !== null)).not.toBeNull();
      await authenticate({ client_id: client.id, client_secret: second.client_secret });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect((await client.secrets())[0]!.last_used_at).toBe(newest!.last_used_at);
    });
  });

  it('has its last use written once, by one of two instances', async () => {
    const client = await aConfidentialClient();
    const other = await Registry.start(
      engine,
      { BOOTSTRAP_API_KEY: service },
      {},
      () => registry.databaseUrl,
    );
    const body = { client_id: client.id, client_secret: client.secret };
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 ? registry : other).send('/v2/oauth/clients/authenticate', { body, key: service }),
      ),
    );
    const lastUse = async () => (await client.secrets())[0]!.last_used_at;
    const first = await eventually(lastUse, (time) => time !== null);
    // Both instances write within a tenth of a second
    await new Promise((resolve) => setTimeout(resolve, 500));
    await other.stop();
    expect(await lastUse()).toBe(first);
  });

  it('does not take an anonymous client out of the unused pool, which a report of its use does', async () => {
    const registered = await registry.register({ redirect_uris: ['https://app.example/cb'] });
    const { client_id: id, client_secret } = registered.body as { client_id: string; client_secret: string };
    const isUnused = async () => {
      const { body } = await registry.graphql(
        `query ($id: ID!) { oauthClients(filter: { ids: [$id], unused: true }) { totalCount } }`,
        { id },
      );
      return body.data.oauthClients.totalCount === 1;
    };
    const lastUse = async (clientId: string) => {
      const query = `query ($id: ID!) { oauthClient(clientId: $id) { lastUsedAt } }`;
      return (await registry.graphql(query, { id: clientId })).body.data.oauthClient.lastUsedAt as
        string | null;
    };
    expect((await authenticate({ client_id: id, client_secret })).body.active).toBe(true);
    // Uses are written in order
    const other = await aConfidentialClient();
    await authenticate({ client_id: other.id, client_secret: other.secret });
    expect(
      await eventually(
        () => lastUse(other.id),
        (time) => time !== null,
      ),
    ).not.toBeNull();
    expect([await isUnused(), await lastUse(id)]).toEqual([true, null]);
    const report = `mutation ($id: ID!) { recordOAuthClientUse(clientIds: [$id]) { count } }`;
    await registry.graphql(report, { id }, service);
    expect([await isUnused(), await lastUse(id)]).toEqual([false, expect.any(String)]);
  });

  it('may use client_credentials only if it is confidential, and verified or of an organization', async () => {
    const usable = async (id: string, secret?: string) => {
      const { body } = await authenticate({ client_id: id, client_secret: secret });
      const lookup = { method: 'GET', key: service };
      const { data } = (await registry.send(`/v2/oauth/clients/${id}`, lookup)).body as {
        data: { allowed_grant_types: string[] };
      };
      expect(data.allowed_grant_types).toEqual(body.client.grant_types);
      return data.allowed_grant_types;
    };
    const grant_types = ['client_credentials', 'authorization_code'];
    const metadata = { redirect_uris: ['https://app.example/cb'], grant_types };
    const registered = (await registry.register(metadata)).body as Record<string, string>;
    // The reply of a registration is the registered metadata
    expect(registered.grant_types).toEqual(grant_types);
    const { client_id: anonymous, client_secret: secret } = registered;
    expect(await usable(anonymous!, secret)).toEqual(['authorization_code']);
    await registry.graphql(
      `mutation { setOAuthClientVerified(clientId: "${anonymous}", verified: true) { client { clientId } } }`,
    );
    expect(await usable(anonymous!, secret)).toEqual(grant_types);
    const { redirect_uris } = metadata;
    const owned = await aConfidentialClient({ allowed_grant_types: grant_types, redirect_uris });
    expect(await usable(owned.id, owned.secret)).toEqual(grant_types);
    const ofPublic = { client_type: 'public', redirect_uris, allowed_grant_types: grant_types };
    const { data } = (await registry.createClient(aClient(ofPublic))).body as {
      data: { client_id: string; allowed_grant_types: string[] };
    };
    expect(data.allowed_grant_types).toEqual(grant_types);
    expect(await usable(data.client_id)).toEqual(['authorization_code']);
  });

  describe('Who is not authenticated', () => {
    it('a client that never was, was deleted or is disabled', async () => {
      const client = await aConfidentialClient();
      const credentials = { client_id: client.id, client_secret: client.secret };
      const set = (enabled: boolean) =>
        registry.graphql(
          `mutation ($id: ID!) { ${enabled ? 'enable' : 'disable'}OAuthClient(clientId: $id) { client { clientId } } }`,
          { id: client.id },
        );
      await set(false);
      expect((await authenticate(credentials)).body).toEqual({
        active: false,
        reason: 'disabled_client',
        description: expect.any(String),
      });
      await set(true);
      expect((await authenticate(credentials)).body.active).toBe(true);
      await registry.send(client.path, { method: 'DELETE', key: client.key });
      expect((await authenticate(credentials)).body.reason).toBe('deleted_client');
      for (const client_id of [randomUUID(), 'no-uuid', 'https://app.example/client.json', 'x\0y']) {
        const { status, body } = await authenticate({ client_id, client_secret: client.secret });
        expect([status, body.reason]).toEqual([200, 'unknown_client']);
      }
    });

    it('a client that shows the secret of another, or another method than its own', async () => {
      const [one, other] = [await aConfidentialClient(), await aConfidentialClient()];
      const publicClient = (
        await registry.createClient(
          aClient({
            client_type: 'public',
            allowed_grant_types: ['authorization_code'],
            redirect_uris: ['https://app.example/cb'],
          }),
        )
      ).body.data.client_id as string;
      const signing = await aSigningClient();
      const cases: [object, string | true][] = [
        [{ client_id: one.id, client_secret: other.secret }, 'wrong_secret'],
        [{ client_id: one.id, client_secret: `${one.secret} ` }, 'wrong_secret'],
        [{ client_id: one.id }, 'wrong_method'],
        [{ client_id: one.id, client_secret: '' }, 'wrong_method'],
        [{ client_id: one.id, client_assertion: await signing.sign(), audience: ISSUER }, 'wrong_method'],
        [{ client_id: publicClient }, true],
        [{ client_id: publicClient, client_secret: one.secret }, 'wrong_method'],
        [{ client_id: signing.id, client_secret: one.secret }, 'wrong_method'],
        [{ client_id: signing.id }, 'wrong_method'],
        [
          {
            client_id: signing.id,
            client_secret: one.secret,
            client_assertion: await signing.sign(),
            audience: ISSUER,
          },
          'wrong_method',
        ],
      ];
      for (const [body, expected] of cases) {
        const reply = await authenticate(body);
        expect([body, reply.body.active || reply.body.reason]).toEqual([body, expected]);
      }
    });
  });

  describe('An assertion', () => {
    it('authenticates its client once', async () => {
      const client = await aSigningClient();
      const assertion = await client.sign();
      expect((await client.show(assertion)).body).toMatchObject({
        active: true,
        method: 'private_key_jwt',
        client: { client_id: client.id },
        key: { kid: 'key-1' },
      });
      const again = await client.show(assertion);
      expect(again.body).toEqual({
        active: false,
        reason: 'invalid_assertion',
        description: 'The jti of the assertion was used before.',
      });
    });

    it('is accepted once by two instances under concurrent use', async () => {
      const client = await aSigningClient();
      const other = await Registry.start(
        engine,
        { BOOTSTRAP_API_KEY: service },
        {},
        () => registry.databaseUrl,
      );
      const assertion = await client.sign();
      const body = { client_id: client.id, client_assertion: assertion, audience: ISSUER };
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? registry : other).send('/v2/oauth/clients/authenticate', { body, key: service }),
        ),
      );
      await other.stop();
      expect(replies.filter((reply) => reply.body.active)).toHaveLength(1);
      expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
    });

    it('is deleted when it has expired, and rejected for that', async () => {
      const client = await aSigningClient();
      await client.show(await client.sign());
      const left = async () => {
        const [row] = await registry.dataSource.query<{ n: string }[]>(
          `SELECT COUNT(*) AS n FROM client_assertions WHERE expires_at < ${Date.now()}`,
        );
        return Number(row!.n);
      };
      await registry.dataSource.query(`UPDATE client_assertions SET expires_at = ${Date.now() - HOUR_MS}`);
      expect(await left()).toBeGreaterThan(0);
      await registry.app.get(Retention, { strict: false }).run();
      expect(await left()).toBe(0);
    });

    it('is rejected if any part is invalid', async () => {
      const client = await aSigningClient();
      const { privateKey: stranger, publicKey } = await generateKeyPair('ES256', { extractable: true });
      const hmac = (pem: string) =>
        new SignJWT(client.claims()).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(pem));
      const cases: [string, string][] = [
        ['alg none', new UnsecuredJWT(client.claims()).encode()],
        ['HS256 with the public key', await hmac(JSON.stringify(await exportJWK(client.publicKey)))],
        ['a key of another client', await client.sign({}, {}, stranger)],
        [
          'a key in its header',
          await client.sign({}, { jwk: await exportJWK(publicKey), kid: undefined }, stranger),
        ],
        ['a key by URL in its header', await client.sign({}, { jku: 'https://evil.example/jwks' }, stranger)],
        ['another audience', await client.sign({ aud: 'https://other.example' })],
        ['a second audience', await client.sign({ aud: [ISSUER, 'https://other.example'] })],
        ['another issuer', await client.sign({ iss: randomUUID() })],
        ['another subject', await client.sign({ sub: randomUUID() })],
        ['a year of life', await client.sign({ exp: inSeconds(365 * 86_400) })],
        ['no end', await client.sign({ exp: undefined })],
        ['a past end', await client.sign({ exp: inSeconds(-60) })],
        ['no jti', await client.sign({ jti: undefined })],
        ['a future start', await client.sign({ nbf: inSeconds(600) })],
        ['the type of an access token', await client.sign({}, { typ: 'at+jwt' })],
        ['no JWT', 'eyJ.e.e'],
      ];
      for (const [what, assertion] of cases) {
        const { status, body } = await client.show(assertion);
        expect([what, status, body.reason]).toEqual([what, 200, 'invalid_assertion']);
        expect(body.description).toEqual(expect.any(String));
      }
      const type = await authenticate({
        client_id: client.id,
        client_assertion: await client.sign(),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
        audience: ISSUER,
      });
      expect(type.body.reason).toBe('invalid_assertion');
      expect((await client.show(await client.sign({ aud: [ISSUER] }))).body.active).toBe(true);
    });
  });

  it('names every invalid member of a request', async () => {
    const { status, body } = await authenticate({ client_assertion: 'x', client_secret: 1, secret: 'x' });
    expect(status).toBe(422);
    expect(Object.keys(body.invalid_fields as object).sort()).toEqual([
      'audience',
      'client_id',
      'client_secret',
      'secret',
    ]);
    expect((await authenticate('[]')).status).toBe(400);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await authenticate('client_id=a&client_id=b', { headers: form })).status).toBe(400);
    expect((await authenticate('client_id=%zz', { headers: form })).status).toBe(400);
    expect((await authenticate('client_id=a&__proto__=b', { headers: form })).status).toBe(400);
    const charset = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' };
    expect((await authenticate('client_id=a', { headers: charset })).status).toBe(415);
    const elsewhere = await registry.send('/v2/oauth/register', { body: 'client_name=a', headers: form });
    expect(elsewhere.status).toBe(415);
  });

  it('limits failures of one client, and never valid credentials', async () => {
    const limited = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '3/1m' });
    const { data } = (await limited.createClient(aClient())).body as {
      data: { client_id: string; client_secret: string };
    };
    const tryWith = async (body: object) =>
      (await limited.send('/v2/oauth/clients/authenticate', { body, key: limited.adminKey })).status;
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      statuses.push(await tryWith({ client_id: data.client_id, client_secret: `guess-${i}` }));
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect(await tryWith({ client_id: data.client_id, client_secret: data.client_secret })).toBe(200);
    for (let i = 0; i < 5; i++) expect(await tryWith({ client_id: randomUUID() })).toBe(200);
    await limited.stop();
  });
});
