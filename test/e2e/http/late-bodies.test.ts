import { TokenIssuer } from '../../support/backing-services/token-issuer.js';
import { basic, FORM } from '../../support/authorization.js';
import { ask, signedIn, signOut } from '../../support/console/sessions.js';
import { onEachEngine } from '../../support/databases.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { Connection, pause } from '../../support/network/connections.js';
import { aClient, Registry, type Sending } from '../../support/registry.js';
import { lockClients } from '../../support/write-lock.js';

/** How long after its end a JWT is accepted. */
const CLOCK_TOLERANCE_SECONDS = 30;
const NEW_ADMIN = `mutation { createApiKey(input: { name: "n", orgId: "o", userId: "u", role: ADMIN }) { value } }`;

/** A request with credentials, and how these end. */
interface Case {
  path: string;
  sending: Sending & { body: string | object };
  end: () => Promise<unknown>;
}

onEachEngine((engine) => {
  let issuer: TokenIssuer;
  let registry: Registry;
  let connections: Connection[];
  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    registry = await Registry.start(engine, issuer.env);
  });
  beforeEach(() => void (connections = []));
  afterEach(() => connections.forEach((connection) => connection.end()));
  afterAll(async () => {
    await registry.stop();
    issuer.stop();
  });

  /** Sends the header, and with it so many bytes of the body. The returned function sends the rest, and returns the reply. */
  async function begin(path: string, { method = 'POST', body, key, headers }: Sending, bytes: number) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const fields = {
      host: 'registry.example',
      'content-type': 'application/json',
      'content-length': String(text.length),
      connection: 'close',
      ...(key && { authorization: `Bearer ${key}` }),
      ...headers,
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const connection = await Connection.open(registry.url);
    connections.push(connection);
    connection.send(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text.slice(0, bytes)}`);
    return async () => {
      connection.send(text.slice(bytes));
      await connection.closed;
      const [head = '', ...rest] = connection.received.split('\r\n\r\n');
      return {
        status: Number(connection.statuses[0]),
        challenge: /^www-authenticate: (.*)$/im.exec(head)?.[1] ?? null,
        text: rest.join(),
      };
    };
  }

  const rows = async () =>
    Promise.all(
      (['api_keys', 'oauth_clients', 'oauth_client_secrets'] as const).map((table) => registry.rows(table)),
    );
  const mutate = async (text: string) => {
    const { body } = await registry.graphql(`mutation { ${text} }`);
    expect(body).not.toHaveProperty('errors');
  };

  async function ofKey(role: 'admin' | 'member' | 'service', path: string, sending: Case['sending']) {
    const { id, apiKey } = await registry.createKey({ role });
    return {
      path,
      sending: { ...sending, key: apiKey },
      end: () => mutate(`revokeApiKey(id: "${id}") { apiKey { id } }`),
    };
  }
  async function aRegistration() {
    const { body } = await registry.register({ redirect_uris: ['https://example.com/callback'] });
    const id = body.client_id as string;
    const secret = body.client_secret as string;
    const key = body.registration_access_token as string;
    const end = () => mutate(`reissueRegistrationAccessToken(clientId: "${id}") { registrationAccessToken }`);
    const path = `/v2/oauth/register/${id}`;
    const list = await registry.send(`${path}/secrets`, { method: 'GET', key });
    return { id, secret, secretId: list.body.data[0].id as string, key, path, end };
  }
  async function ofSecret(path: string, parameters: Record<string, string>): Promise<Case> {
    const { id, secret, secretId } = await aRegistration();
    return {
      path,
      sending: {
        body: new URLSearchParams(parameters).toString(),
        headers: { ...FORM, ...basic(id, secret) },
      },
      end: () =>
        mutate(
          `revokeOAuthClientSecret(clientId: "${id}", secretId: "${secretId}", force: true) { client { clientId } }`,
        ),
    };
  }

  const CASES: Record<string, () => Promise<Case>> = {
    'an admin key, for another key': () => ofKey('admin', '/graphql', { body: { query: NEW_ADMIN } }),
    'a member key, for a client': () => ofKey('member', '/v2/oauth/clients', { body: aClient() }),
    'a member key, for a registration': () => ofKey('member', '/v2/oauth/register', { body: {} }),
    'a member key, for consent': () =>
      ofKey('member', '/v2/oauth/grants', { body: { consent_token: 'x', allowed: true } }),
    'a service key, to authenticate a client': () =>
      ofKey('service', '/v2/oauth/clients/authenticate', { body: { client_id: 'x', client_secret: 'x' } }),
    'a service key, to introspect a token': () =>
      ofKey('service', '/v2/oauth/introspect', { body: 'token=x', headers: FORM }),
    'a JWT': async () => {
      const lasts = CLOCK_TOLERANCE_SECONDS - 2;
      const key = await issuer.sign({ exp: Math.floor(Date.now() / 1000) - lasts });
      return {
        path: '/v2/oauth/clients',
        sending: { body: aClient(), key },
        end: () => pause(3_000),
      };
    },
    'an initial access token': async () => {
      const { token, value } = await registry.createInitialAccessToken();
      return {
        path: '/v2/oauth/register?dry_run=true',
        sending: { body: {}, key: value },
        end: () => mutate(`revokeInitialAccessToken(id: "${token.id}") { initialAccessToken { id } }`),
      };
    },
    'a registration access token, for a secret': async () => {
      const { path, key, end } = await aRegistration();
      return { path: `${path}/secrets`, sending: { body: {}, key }, end };
    },
    'a registration access token, to revoke a secret': async () => {
      const { path, key, secretId, end } = await aRegistration();
      return {
        path: `${path}/secrets/${secretId}?force=true`,
        sending: { method: 'DELETE', body: {}, key },
        end,
      };
    },
    'a registration access token, to replace the registration': async () => {
      const { path, id, key, end } = await aRegistration();
      return { path, sending: { method: 'PUT', body: { client_id: id }, key }, end };
    },
    'a session of the console': async () => {
      const cookie = await signedIn(registry);
      return {
        path: '/graphql',
        sending: { body: { query: NEW_ADMIN }, headers: { cookie } },
        end: () => signOut(registry, { cookie }),
      };
    },
    'the secret of a client, at the token endpoint': () =>
      ofSecret('/v2/oauth/token', { grant_type: 'client_credentials' }),
    'the secret of a client, to introspect a token': () => ofSecret('/v2/oauth/introspect', { token: 'x' }),
    'the secret of a client, to revoke a token': () => ofSecret('/v2/oauth/revoke', { token: 'x' }),
    'the secret of a client, to push a request': () => ofSecret('/v2/oauth/par', { response_type: 'code' }),
  };

  it.each(Object.keys(CASES))(
    'Credentials that end before the body has arrived do nothing, and get the usual 401: %s',
    async (name) => {
      const { path, sending, end } = await CASES[name]!();
      const finish = await begin(path, sending, 1);
      // Until they are judged for the first time
      await pause(200);
      await end();
      const { status, headers, text } = await registry.send(path, sending);
      const usual = { status, challenge: headers.get('www-authenticate'), text };
      expect(status).toBe(401);
      const before = await rows();
      expect(await finish()).toEqual(usual);
      expect(await rows()).toEqual(before);
    },
  );

  it('Credentials that stay valid act after a late body', async () => {
    const cookie = await signedIn(registry);
    const { apiKey } = await registry.createKey();
    const { value } = await registry.createInitialAccessToken();
    const { path, key } = await aRegistration();
    const requests: [string, Sending, number][] = [
      ['/graphql', { body: { query: NEW_ADMIN }, headers: { cookie } }, 200],
      ['/v2/oauth/clients', { body: aClient(), key: apiKey }, 201],
      ['/v2/oauth/register', { body: {}, key: value }, 201],
      ['/v2/oauth/register', { body: {} }, 201],
      [`${path}/secrets`, { body: {}, key }, 201],
    ];
    for (const [to, sending, expected] of requests) {
      const finish = await begin(to, sending, 1);
      await pause(200);
      expect([to, (await finish()).status]).toEqual([to, expected]);
    }
  });

  it('Credentials are looked up once if the body came with the header, and twice if it came later', async () => {
    const cookie = await signedIn(registry);
    const body = { query: '{ viewer { role } }' };
    const lookups = async (bytes: number) => {
      const statements = await statementsOf(registry.dataSource, async (soFar) => {
        const finish = await begin('/graphql', { body, headers: { cookie } }, bytes);
        // The key of the session is looked up last
        while (!soFar.some((statement) => statement.includes('FROM "api_keys"'))) await pause(10);
        await pause(200);
        expect((await finish()).status).toBe(200);
      });
      return statements.filter((statement) => statement.includes('FROM "admin_sessions"')).length;
    };
    // The first operation builds the schema
    await ask(registry, cookie);
    expect([await lookups(1_000), await lookups(1)]).toEqual([1, 2]);
  });

  it.each(['POST', 'DELETE'])(
    'A registration access token that ends while %s waits for the lock of its client does nothing',
    async (method) => {
      const { path, id, key, secretId } = await aRegistration();
      const unlock = await lockClients(
        registry,
        `UPDATE oauth_clients SET registration_token_hash = 'another' WHERE id = '${id}'`,
      );
      const before = await registry.rows('oauth_client_secrets');
      const waiting =
        method === 'POST'
          ? registry.send(`${path}/secrets`, { body: {}, key })
          : registry.send(`${path}/secrets/${secretId}?force=true`, { method, key });
      await pause(200);
      await unlock();
      const { status, body } = await waiting;
      expect([status, body.error]).toEqual([401, 'invalid_token']);
      expect(await registry.rows('oauth_client_secrets')).toBe(before);
      const [secret] = await registry.dataSource.query<{ revoked_at: unknown }[]>(
        `SELECT revoked_at FROM oauth_client_secrets WHERE id = '${secretId}'`,
      );
      expect(secret!.revoked_at).toBeNull();
    },
  );
});
