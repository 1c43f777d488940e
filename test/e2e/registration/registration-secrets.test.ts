import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';

const CALLBACK = ['https://example.com/callback'];
const HOUR_MS = 3_600_000;
const UNKNOWN_ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';

interface Registered {
  client_id: string;
  client_secret?: string;
  client_secret_expires_at?: number;
  registration_access_token: string;
}

onEachEngine((engine) => {
  const started: Registry[] = [];
  let registry: Registry;
  let limited: Registry;
  const start = async (env: Record<string, string> = {}) => {
    const each = await Registry.start(engine, env);
    started.push(each);
    return each;
  };
  beforeAll(async () => {
    registry = await start();
    limited = await start({ REGISTRATION_SECRET_TTL: '3h' });
  });
  afterAll(async () => {
    for (const each of started) await each.stop();
  });

  async function aRegistration(on = registry, metadata: object = {}, credential: string | null = null) {
    const { body } = await on.register({ redirect_uris: CALLBACK, ...metadata }, credential);
    const client = body as Registered;
    const path = `/v2/oauth/register/${client.client_id}`;
    const key = client.registration_access_token;
    return {
      client,
      path: `${path}/secrets`,
      issue: (body: unknown = {}) => on.send(`${path}/secrets`, { body, key }),
      list: async (token = key) => {
        const answer = await on.send(`${path}/secrets`, { method: 'GET', key: token });
        return answer.body.data as { id: string; hint: string; expires_at: string | null }[];
      },
      revoke: (id: string, query = '') => on.send(`${path}/secrets/${id}${query}`, { method: 'DELETE', key }),
      // The token of the registration stays valid as long as no other is used
      put: (changes: object = {}, token = key) =>
        on.send(path, {
          method: 'PUT',
          key: token,
          body: { client_id: client.client_id, redirect_uris: CALLBACK, ...metadata, ...changes },
        }),
      /** As if the secrets had been issued so long before. */
      age: (ms: number) =>
        on.dataSource.query(
          `UPDATE oauth_client_secrets SET created_at = created_at - ${ms}, expires_at = expires_at - ${ms}
           WHERE client_id = '${client.client_id}'`,
        ),
    };
  }
  /** Uses are stored in batches. */
  const lastUseStored = async (clientId: string) => {
    const used = `SELECT id FROM oauth_client_secrets WHERE client_id = '${clientId}' AND last_used_at IS NOT NULL`;
    for (let times = 0; times < 100; times++) {
      if ((await limited.dataSource.query<unknown[]>(used)).length > 0) return;
      await new Promise((next) => setTimeout(next, 50));
    }
    throw new Error('The use of the secret was not stored.');
  };
  const secondsOf = (text: string | null) => Math.floor(Date.parse(text!) / 1000);
  const refusal = ({ status, body }: Answer) => ({ status, error: body.error as unknown });

  describe('/v2/oauth/register/{client_id}/secrets', () => {
    it('issues, lists and revokes the secrets of the client, in its own name', async () => {
      const { client, issue, list, revoke } = await aRegistration();
      const issued = await issue({ expire_others_in: 3600 });
      expect({ status: issued.status, body: issued.body }).toEqual({
        status: 201,
        body: {
          data: {
            id: expect.any(String),
            hint: (issued.body.data.client_secret as string).slice(-4),
            client_secret: expect.stringMatching(/^[\w-]{43}$/),
            created_at: expect.any(String),
            expires_at: null,
            last_used_at: null,
          },
        },
      });
      expect(issued.headers.get('cache-control')).toBe('no-store');
      const [second, first] = await list();
      expect([second!.id, second!.expires_at, first!.hint]).toEqual([
        issued.body.data.id,
        null,
        client.client_secret!.slice(-4),
      ]);
      expect(Date.parse(first!.expires_at!)).toBeLessThanOrEqual(Date.now() + HOUR_MS);
      expect((await revoke(first!.id)).status).toBe(204);
      expect(await list()).toEqual([second]);
      expect(refusal(await revoke(first!.id))).toEqual({ status: 404, error: 'not_found' });
      expect(refusal(await revoke(second!.id))).toEqual({ status: 422, error: 'validation_error' });
      expect((await revoke(second!.id, '?force=true')).status).toBe(204);
      const events = await registry.dataSource.query<object[]>(
        `SELECT action, actor_type, actor_id, channel FROM audit_events WHERE client_id = '${client.client_id}' ORDER BY id`,
      );
      const own = { actor_type: 'registration_token', actor_id: client.client_id, channel: 'registration' };
      expect(events.slice(1)).toEqual([
        { action: 'client_secret.issued', ...own },
        { action: 'client_secret.revoked', ...own },
        { action: 'client_secret.revoked', ...own },
      ]);
    });

    it('422: what the client cannot have; nothing is issued', async () => {
      const open = await aRegistration(registry, { token_endpoint_auth_method: 'none' });
      expect(refusal(await open.issue())).toEqual({ status: 422, error: 'validation_error' });
      const client = await aRegistration();
      const { status, body } = await client.issue({ expires_at: 'soon', client_secret: 'chosen' });
      expect({ status, fields: Object.keys(body.invalid_fields).sort() }).toEqual({
        status: 422,
        fields: ['client_secret', 'expires_at'],
      });
      const answers = await Promise.all(Array.from({ length: 12 }, () => client.issue()));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(9);
      expect(await client.list()).toHaveLength(10);
    });

    it('401: without the registration access token of this client, alike for all; 403: a disabled client', async () => {
      const mine = await aRegistration();
      const other = await aRegistration();
      const [secret] = await other.list();
      const texts = new Set<string>();
      for (const [path, key] of [
        [other.path, mine.client.registration_access_token],
        [other.path, other.client.client_secret!],
        [other.path, registry.adminKey],
        [`/v2/oauth/register/${UNKNOWN_ID}/secrets`, mine.client.registration_access_token],
      ] as const) {
        for (const [method, to] of [
          ['GET', path],
          ['POST', path],
          ['DELETE', `${path}/${secret!.id}?force=true`],
        ] as const) {
          const answer = await registry.send(to, { method, key });
          texts.add(`${answer.status} ${answer.text}`);
        }
      }
      expect([...texts]).toEqual([expect.stringMatching(/^401 .*"invalid_token"/)]);
      expect(refusal(await registry.send(other.path, { body: {} }))).toEqual({
        status: 401,
        error: 'unauthorized',
      });
      // Nor does a token manage the secrets of another client by their ids
      expect(refusal(await mine.revoke(secret!.id, '?force=true'))).toEqual({
        status: 404,
        error: 'not_found',
      });
      expect(await other.list()).toHaveLength(1);
      await registry.graphql(
        `mutation { disableOAuthClient(clientId: "${mine.client.client_id}") { client { clientId } } }`,
      );
      expect(refusal(await mine.issue())).toEqual({ status: 403, error: 'insufficient_scope' });
    });

    it('counts against the rate limits of registrations', async () => {
      const bounded = await start({ RATE_LIMIT_REGISTER: '3/1m', RATE_LIMIT_REGISTRATION_READ: '2/1m' });
      const { path, issue, client } = await aRegistration(bounded);
      const read = () => bounded.send(path, { method: 'GET', key: client.registration_access_token });
      const statuses = [
        await issue(),
        await issue(),
        await issue(),
        await read(),
        await read(),
        await read(),
      ];
      expect(statuses.map(({ status }) => status)).toEqual([201, 201, 429, 200, 200, 429]);
    });

    it('can be called from a page of another origin, as registration itself', async () => {
      const { path } = await aRegistration();
      const answer = await registry.send(path, {
        method: 'OPTIONS',
        headers: { origin: 'https://tool.example', 'access-control-request-method': 'POST' },
      });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    });
  });

  describe('REGISTRATION_SECRET_TTL', () => {
    /** Whether a time in seconds is three hours from now, give or take what a request takes. */
    const isThreeHoursAway = (seconds: number | undefined) =>
      Math.abs(seconds! * 1000 - (Date.now() + 3 * HOUR_MS)) < 30_000;

    it('is off by default: secrets do not expire', async () => {
      const { client, list } = await aRegistration();
      expect(client.client_secret_expires_at).toBe(0);
      expect((await list())[0]!.expires_at).toBeNull();
    });

    it('limits secrets of registrations, of changes to a confidential client, and of the client itself', async () => {
      const { client, issue, list } = await aRegistration(limited);
      expect(isThreeHoursAway(client.client_secret_expires_at)).toBe(true);
      expect(secondsOf((await list())[0]!.expires_at)).toBe(client.client_secret_expires_at);
      const { value } = await limited.createInitialAccessToken();
      const owned = await aRegistration(limited, {}, value);
      expect(isThreeHoursAway(owned.client.client_secret_expires_at)).toBe(true);

      const open = await aRegistration(limited, { token_endpoint_auth_method: 'none' });
      const { body } = await open.put({ token_endpoint_auth_method: 'client_secret_post' });
      expect(isThreeHoursAway(body.client_secret_expires_at as number)).toBe(true);

      const inTen = new Date(Date.now() + 10 * HOUR_MS).toISOString();
      const inOne = new Date(Date.now() + HOUR_MS).toISOString();
      for (const expires_at of [undefined, inTen]) {
        const { data } = (await issue({ expires_at })).body;
        expect(isThreeHoursAway(secondsOf(data.expires_at as string))).toBe(true);
      }
      expect((await issue({ expires_at: inOne })).body.data.expires_at).toBe(inOne);
    });

    it('does not limit what an owner or an operator issues', async () => {
      const { apiKey } = await limited.createKey();
      const { client } = await aRegistration(limited, {}, apiKey);
      const byOwner = await limited.send(`/v2/oauth/clients/${client.client_id}/secrets`, {
        body: {},
        key: apiKey,
      });
      expect(byOwner.body.data.expires_at).toBeNull();
    });

    it('a PUT issues another one in the last third of its life, in addition to the old one, and once', async () => {
      const { client, put, list, age } = await aRegistration(limited);
      await age(1.9 * HOUR_MS);
      expect((await put()).body).not.toHaveProperty('client_secret');
      await age(0.2 * HOUR_MS);
      const { status, body } = await put({ client_secret: client.client_secret });
      expect(status).toBe(200);
      expect(body.client_secret).toMatch(/^[\w-]{43}$/);
      expect(body.client_secret).not.toBe(client.client_secret);
      expect(isThreeHoursAway(body.client_secret_expires_at as number)).toBe(true);
      let token = body.registration_access_token as string;
      // Both are valid
      for (const client_secret of [client.client_secret, body.client_secret]) {
        const next = await put({ client_secret }, token);
        expect(next.status).toBe(200);
        expect(next.body).not.toHaveProperty('client_secret');
        token = next.body.registration_access_token as string;
      }
      expect(await list(token)).toHaveLength(2);
      const events = await limited.dataSource.query<{ action: string }[]>(
        `SELECT action FROM audit_events WHERE client_id = '${client.client_id}' AND action = 'client_secret.issued'`,
      );
      expect(events).toHaveLength(1);
    });

    it('a PUT issues one again if the reply with it is lost, until a new one is used', async () => {
      const { client, put, list, age } = await aRegistration(limited);
      await age(2.5 * HOUR_MS);
      await put();
      const { body } = await put();
      expect(body.client_secret).toMatch(/^[\w-]{43}$/);
      const credentials = { client_id: client.client_id, client_secret: body.client_secret as string };
      const { body: used } = await limited.send('/v2/oauth/clients/authenticate', {
        body: credentials,
        key: limited.adminKey,
      });
      expect(used).toMatchObject({ active: true });
      await lastUseStored(client.client_id);
      expect((await put()).body).not.toHaveProperty('client_secret');
      expect(await list()).toHaveLength(3);
    });

    it('ten PUTs at once in the last third issue ten valid secrets at most', async () => {
      const { put, list, age } = await aRegistration(limited);
      await age(2.5 * HOUR_MS);
      const answers = await Promise.all(Array.from({ length: 10 }, () => put()));
      expect(answers.filter(({ body }) => 'client_secret' in body)).toHaveLength(9);
      expect(await list()).toHaveLength(10);
      expect((await put()).body).not.toHaveProperty('client_secret');
    });

    it('a PUT that makes a client confidential issues a secret again if the reply is lost', async () => {
      const { put } = await aRegistration(registry, { token_endpoint_auth_method: 'none' });
      const confidential = { token_endpoint_auth_method: 'client_secret_post' };
      await put(confidential);
      const { body } = await put(confidential);
      expect(body.client_secret).toMatch(/^[\w-]{43}$/);
      const { body: seen } = await put(confidential, body.registration_access_token as string);
      expect(seen).not.toHaveProperty('client_secret');
    });

    it('a PUT issues another one after all have expired', async () => {
      const { client, put, age } = await aRegistration(limited);
      await age(4 * HOUR_MS);
      expect((await put({ client_secret: client.client_secret })).status).toBe(400);
      expect((await put()).body.client_secret).toMatch(/^[\w-]{43}$/);
    });

    it('a PUT issues none if ten are valid', async () => {
      const { put, issue, list, age } = await aRegistration(limited);
      for (let issued = 1; issued < 10; issued++) await issue();
      await age(2.5 * HOUR_MS);
      const { status, body } = await put();
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('client_secret');
      expect(await list()).toHaveLength(10);
    });

    it('a PUT issues none to a client without secrets', async () => {
      const { put } = await aRegistration(limited, { token_endpoint_auth_method: 'none' });
      expect((await put()).body).not.toHaveProperty('client_secret');
    });
  });
});
