import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/measurements/statements.js';

const CALLBACK = ['https://example.com/callback'];
const UNKNOWN_ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';

type Metadata = Record<string, unknown>;
interface Registered extends Metadata {
  client_id: string;
  client_secret?: string;
  registration_access_token: string;
  registration_client_uri: string;
}

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  async function aRegistration(metadata: Metadata = {}, on = registry) {
    const { body } = await on.register({ redirect_uris: CALLBACK, ...metadata });
    const client = body as Registered;
    const send = (method: string, body?: unknown, key: string | null = client.registration_access_token) =>
      on.send(`/v2/oauth/register/${client.client_id}`, { method, body, key });
    const put = (metadata: Metadata, key?: string) =>
      send('PUT', { client_id: client.client_id, redirect_uris: CALLBACK, ...metadata }, key);
    return { client, send, put };
  }

  /** All but the credentials. */
  const metadataOf = (registered: Metadata): Metadata => {
    const credentials = ['client_secret', 'client_secret_expires_at', 'registration_access_token'];
    return Object.fromEntries(Object.entries(registered).filter(([member]) => !credentials.includes(member)));
  };
  const withToken = (answer: Answer, path: string, method = 'GET') =>
    registry.send(path, { method, key: (answer.body as Registered).registration_access_token });

  it('register gives a token, stored as a hash, and an address built from PUBLIC_URL', async () => {
    const behindProxy = await Registry.start(engine, { PUBLIC_URL: 'https://id.example/registry' });
    const { client } = await aRegistration({}, behindProxy);
    const rows = await behindProxy.dataSource.query<Metadata[]>('SELECT * FROM oauth_clients');
    await behindProxy.stop();
    expect(client.registration_client_uri).toBe(
      `https://id.example/registry/v2/oauth/register/${client.client_id}`,
    );
    expect(rows[0]!.registration_token_hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(JSON.stringify(rows)).not.toContain(client.registration_access_token);
  });

  it('GET 200: everything but the secret', async () => {
    const { client, send } = await aRegistration({
      client_name: 'n',
      scope: 'a b',
      client_uri: 'https://example.com',
    });
    const { status, body, headers } = await send('GET');
    expect({ status, body }).toEqual({
      status: 200,
      body: { ...metadataOf(client), registration_access_token: client.registration_access_token },
    });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  describe('PUT', () => {
    it('200: replaces all, resets what is left out, and issues another token', async () => {
      const { client, put } = await aRegistration({
        client_name: 'old',
        scope: 'a',
        logo_uri: 'https://example.com/l',
      });
      const answer = await put({ client_name: 'new', client_uri: 'https://example.com' });
      const reset = ['client_name', 'scope', 'logo_uri'];
      const rest = Object.fromEntries(
        Object.entries(metadataOf(client)).filter(([member]) => !reset.includes(member)),
      );
      expect({ status: answer.status, body: metadataOf(answer.body as Metadata) }).toEqual({
        status: 200,
        body: { ...rest, client_name: 'new', client_uri: 'https://example.com' },
      });
      expect(answer.body).not.toHaveProperty('client_secret');
      const again = await withToken(answer, `/v2/oauth/register/${client.client_id}`);
      expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: answer.body });
    });

    it('200: what was read can be written back unchanged', async () => {
      const { client, send } = await aRegistration({ client_name: 'n', scope: 'a', 'client_name#ja': 'な' });
      const read = (await send('GET')).body as Metadata;
      const answer = await send('PUT', read);
      expect({ status: answer.status, body: metadataOf(answer.body as Metadata) }).toEqual({
        status: 200,
        body: metadataOf(client),
      });
    });

    it('200: a client with default metadata can be replaced by default metadata', async () => {
      const { body } = await registry.register({});
      const { client_id: id, registration_access_token: key } = body as Registered;
      const answer = await registry.send(`/v2/oauth/register/${id}`, {
        method: 'PUT',
        key,
        body: { client_id: id },
      });
      expect(answer.status).toBe(200);
    });

    it('keeps the PKCE that an administrator required, which no member names', async () => {
      const { client, put } = await aRegistration();
      const { body } = await registry.graphql(
        'mutation($id: ID!) { updateOAuthClient(clientId: $id, version: 1, input: { requirePkce: true }) { client { requirePkce } } }',
        { id: client.client_id },
      );
      const { status } = await put({});
      const after = await registry.graphql(
        'query($id: ID!) { oauthClient(clientId: $id) { requirePkce version } }',
        { id: client.client_id },
      );
      expect([body.data.updateOAuthClient.client.requirePkce, status, after.body.data.oauthClient]).toEqual([
        true,
        200,
        { requirePkce: true, version: 2 },
      ]);
    });

    it('a public client that becomes confidential gets a secret, and loses it with the way back', async () => {
      const { client, put } = await aRegistration({ token_endpoint_auth_method: 'none' });
      const confidential = await put({ token_endpoint_auth_method: 'client_secret_post' });
      expect(confidential.body).toMatchObject({
        client_secret: expect.any(String),
        client_secret_expires_at: 0,
      });
      const key = (confidential.body as Registered).registration_access_token;
      const back = await put(
        { token_endpoint_auth_method: 'none', client_secret: confidential.body.client_secret },
        key,
      );
      expect(back.status).toBe(200);
      expect(back.body).not.toHaveProperty('client_secret');
      const valid = await registry.dataSource.query<object[]>(
        `SELECT id FROM oauth_client_secrets WHERE client_id = '${client.client_id}' AND revoked_at IS NULL`,
      );
      expect(valid).toEqual([]);
    });

    it('accepts the current secret', async () => {
      const { client, put } = await aRegistration();
      expect((await put({ client_secret: client.client_secret })).status).toBe(200);
    });

    it.each<[string, Metadata, string, string[]]>([
      ['another client_id', { client_id: UNKNOWN_ID }, 'invalid_client_metadata', ['client_id']],
      ['an invalid client_id', { client_id: 1 }, 'invalid_client_metadata', ['client_id']],
      ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client_metadata', ['client_secret']],
      ['an invalid secret', { client_secret: null }, 'invalid_client_metadata', ['client_secret']],
      [
        'an invalid redirect URI',
        { redirect_uris: ['javascript:alert(1)'] },
        'invalid_redirect_uri',
        ['redirect_uris'],
      ],
      ['an unknown member', { made_up: 1 }, 'invalid_client_metadata', ['made_up']],
    ])('400: %s; nothing is changed, not even the token', async (_, metadata, error, fields) => {
      const { client, send, put } = await aRegistration();
      const answer = await put(metadata);
      expect({
        status: answer.status,
        error: answer.body.error,
        fields: Object.keys(answer.body.invalid_fields),
      }).toEqual({
        status: 400,
        error,
        fields,
      });
      const read = await send('GET');
      expect({ status: read.status, body: metadataOf(read.body as Metadata) }).toEqual({
        status: 200,
        body: metadataOf(client),
      });
    });

    it('400: without client_id', async () => {
      const { send } = await aRegistration();
      const answer = await send('PUT', { redirect_uris: CALLBACK });
      expect({ status: answer.status, fields: Object.keys(answer.body.invalid_fields) }).toEqual({
        status: 400,
        fields: ['client_id'],
      });
    });

    it('the policy at its registration still applies', async () => {
      const strict = await Registry.start(engine, {
        REGISTRATION_METADATA: 'strict',
        REGISTRATION_ALLOWED_SCOPES: 'read',
      });
      const { client, put } = await aRegistration({ scope: 'read' }, strict);
      const refused = await put({ client_uri: 'https://example.com' });
      const narrowed = await put({ scope: 'read admin' });
      await strict.stop();
      expect([refused.status, narrowed.status, narrowed.body.scope, client.scope]).toEqual([
        400,
        200,
        'read',
        'read',
      ]);
    });

    it('of ten concurrent replacements with the same token, all succeed, and the new token of the last is valid', async () => {
      const { client, put } = await aRegistration();
      const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => put({ client_name: `n${i}` })));
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(200));
      const read = await Promise.all(
        answers.map((answer) => withToken(answer, `/v2/oauth/register/${client.client_id}`)),
      );
      expect(read.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(401)]);
      const last = read.findIndex(({ status }) => status === 200);
      expect(read[last]!.body).toEqual(answers[last]!.body);
    });
  });

  describe('the token of a PUT whose reply may be lost', () => {
    const tokenOf = ({ body }: Answer) => (body as Registered).registration_access_token;

    it.each([
      ['GET', 200],
      ['PUT', 200],
      ['DELETE', 204],
    ])('ends the one before when it is first used, by %s', async (method, status) => {
      const { client, send, put } = await aRegistration();
      const next = tokenOf(await put({ client_name: 'new' }));
      // The reply did not arrive: what the software has goes on working, and repeats the token that was sent
      const read = await send('GET');
      expect({ status: read.status, token: tokenOf(read), name: read.body.client_name }).toEqual({
        status: 200,
        token: client.registration_access_token,
        name: 'new',
      });
      const body = method === 'PUT' ? { client_id: client.client_id, redirect_uris: CALLBACK } : undefined;
      expect((await send(method, body, next)).status).toBe(status);
      for (const method of ['GET', 'DELETE']) expect((await send(method)).status).toBe(401);
      expect((await put({})).status).toBe(401);
    });

    it('ends when the PUT is sent again with the token before, which is answered with another one', async () => {
      const { send, put } = await aRegistration();
      const lost = tokenOf(await put({ client_name: 'a' }));
      const next = tokenOf(await put({ client_name: 'a' }));
      expect(next).not.toBe(lost);
      expect((await send('GET', undefined, lost)).status).toBe(401);
      expect((await send('GET')).status).toBe(200);
      expect((await send('GET', undefined, next)).status).toBe(200);
      expect((await send('GET')).status).toBe(401);
    });

    it('changes nothing if the PUT with it is rejected, except that the previous one ends', async () => {
      const { send, put } = await aRegistration();
      const next = tokenOf(await put({}));
      expect((await put({ made_up: 1 }, next)).status).toBe(400);
      expect((await send('GET')).status).toBe(401);
      expect((await send('GET', undefined, next)).status).toBe(200);
    });

    it('is valid for all concurrent requests with it, on any instance', async () => {
      const { client, send, put } = await aRegistration();
      const next = tokenOf(await put({}));
      const answers = await Promise.all(Array.from({ length: 10 }, () => send('GET', undefined, next)));
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(200));
      expect((await send('GET')).status).toBe(401);
      const [row] = await registry.dataSource.query<Metadata[]>(
        `SELECT next_registration_token_hash AS next FROM oauth_clients WHERE id = '${client.client_id}'`,
      );
      expect(row).toEqual({ next: null });
    });

    it('ends with all others when an operator issues one', async () => {
      const { client, send, put } = await aRegistration();
      const next = tokenOf(await put({}));
      const { body } = await registry.graphql(
        'mutation($id: ID!) { reissueRegistrationAccessToken(clientId: $id) { registrationAccessToken } }',
        { id: client.client_id },
      );
      for (const token of [client.registration_access_token, next]) {
        expect((await send('GET', undefined, token)).status).toBe(401);
      }
      const issued = body.data.reissueRegistrationAccessToken.registrationAccessToken as string;
      expect((await send('GET', undefined, issued)).status).toBe(200);
    });

    it('costs one write, for its first use', async () => {
      const { send, put } = await aRegistration();
      const next = tokenOf(await put({}));
      const writesOf = async (token?: string) => {
        const all = await statementsOf(registry.dataSource, () => send('GET', undefined, token));
        return all.filter((sql) => /^UPDATE\b.*\boauth_clients\b/is.test(sql)).length;
      };
      expect([await writesOf(), await writesOf(next), await writesOf(next)]).toEqual([0, 1, 0]);
    });

    it('is stored as a hash, and in no event', async () => {
      const { client, put } = await aRegistration();
      const next = tokenOf(await put({}));
      const rows = await registry.dataSource.query<Metadata[]>(
        `SELECT * FROM oauth_clients WHERE id = '${client.client_id}'`,
      );
      expect(rows[0]!.next_registration_token_hash).toMatch(/^sha256:[0-9a-f]{64}$/);
      const events = await registry.dataSource.query<Metadata[]>(
        `SELECT * FROM audit_events WHERE client_id = '${client.client_id}'`,
      );
      expect(JSON.stringify([rows, events])).not.toContain(next);
    });
  });

  it('DELETE 204: the client, its secrets and its token are gone', async () => {
    const { client, send } = await aRegistration();
    const { status, text, headers } = await send('DELETE');
    expect({ status, text }).toEqual({ status: 204, text: '' });
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    for (const method of ['GET', 'DELETE']) expect((await send(method)).status).toBe(401);
    const found = await registry.graphql('query($id: ID!) { oauthClient(clientId: $id) { name } }', {
      id: client.client_id,
    });
    expect(found.body.data.oauthClient).toBeNull();
  });

  it('replies are not cacheable, since requests have credentials', async () => {
    const { client, send } = await aRegistration();
    const path = `/v2/oauth/register/${client.client_id}`;
    const answers = [
      await send('GET'),
      await send('PUT', { client_id: client.client_id, made_up: 1 }),
      await send('PUT', { client_id: client.client_id }),
      await send('DELETE'),
      await registry.send(path, { method: 'GET' }),
      await registry.send(path, { method: 'PATCH', body: {} }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 204, 401, 405]);
    for (const { headers } of answers) {
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    }
  });

  it('DELETE: of five concurrent requests, one gets a 204 and the others a 401', async () => {
    const { send } = await aRegistration();
    const answers = await Promise.all(Array.from({ length: 5 }, () => send('DELETE')));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 401, 401, 401, 401]);
  });

  it('secrets that are issued and revoked with the authentication method are in the audit log', async () => {
    const { client, put } = await aRegistration({ token_endpoint_auth_method: 'none' });
    const { body } = await put({});
    await put({ token_endpoint_auth_method: 'none' }, (body as Registered).registration_access_token);
    const events = await registry.dataSource.query<{ action: string }[]>(
      `SELECT action FROM audit_events WHERE client_id = '${client.client_id}' ORDER BY id`,
    );
    expect(events.map(({ action }) => action)).toEqual([
      'client.created',
      'client.updated',
      'client_secret.issued',
      'registration_token.issued',
      'client.updated',
      'client_secret.revoked',
      'registration_token.issued',
    ]);
  });

  it('the same 401 for a wrong token, that of another client, a deleted client and an invalid id', async () => {
    const mine = await aRegistration();
    const other = await aRegistration();
    const gone = await aRegistration();
    await gone.send('DELETE');
    const token = mine.client.registration_access_token;
    const api = (await registry.createKey()).apiKey;
    const byApi = await registry.createClient(
      { name: 'x', client_type: 'public', allowed_scopes: [], allowed_grant_types: ['refresh_token'] },
      api,
    );
    const cases: [string, string][] = [
      [mine.client.client_id, 'wrong'],
      [mine.client.client_id, other.client.registration_access_token],
      [mine.client.client_id, mine.client.client_secret!],
      [mine.client.client_id, registry.adminKey],
      [other.client.client_id, token],
      [gone.client.client_id, gone.client.registration_access_token],
      [byApi.body.data.client_id as string, api],
      [UNKNOWN_ID, token],
      ['nonsense', token],
    ];
    const texts = new Set<string>();
    for (const [id, key] of cases) {
      for (const [method, body] of [['GET'], ['PUT', { client_id: id }], ['DELETE']] as [string, object?][]) {
        const answer = await registry.send(`/v2/oauth/register/${id}`, { method, key, body });
        const headers = [...answer.headers.keys()].sort().join();
        texts.add(`${answer.status} ${answer.headers.get('www-authenticate')} ${headers} ${answer.text}`);
      }
    }
    expect([...texts]).toEqual([expect.stringMatching(/^401 Bearer error="invalid_token", /)]);
    expect((await mine.send('GET')).status).toBe(200);
  });

  it('an invalid token causes the same statements whether or not the registration exists', async () => {
    const mine = await aRegistration();
    const gone = await aRegistration();
    await gone.send('DELETE');
    const statements = async (id: string, token: string) => {
      const all = await statementsOf(registry.dataSource, async () => {
        await registry.send(`/v2/oauth/register/${id}`, { method: 'GET', key: token });
      });
      // Not those of jobs
      return all.filter((sql) => /\boauth_clients\b/.test(sql));
    };
    const replaced = await aRegistration();
    await replaced.put({});
    const asked: string[][] = [];
    for (const id of [
      mine.client.client_id,
      replaced.client.client_id,
      gone.client.client_id,
      UNKNOWN_ID,
      'nonsense',
      'a%00b',
    ]) {
      asked.push(await statements(id, 'wrong'));
    }
    expect(new Set(asked.map((each) => each.join('\n'))).size).toBe(1);
    expect(asked[0]).toHaveLength(1);
    expect(asked[0]![0]).not.toContain('redirect_uris');
    const read = await statements(mine.client.client_id, mine.client.registration_access_token);
    expect(read[0]).toBe(asked[0]![0]);
    expect(read[1]).toContain('redirect_uris');
  });
});
