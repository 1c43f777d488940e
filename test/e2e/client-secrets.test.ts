import { hashSecret } from '../../src/secrets/secret.js';
import { onEachEngine } from '../support/databases.js';
import { aClient, Registry } from '../support/registry.js';

const HOUR_MS = 3_600_000;

interface SecretView {
  id: string;
  hint: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  async function aConfidentialClient() {
    const { apiKey: key } = await registry.createKey();
    const { client_id: id, client_secret: first } = (await registry.createClient(aClient(), key)).body
      .data as {
      client_id: string;
      client_secret: string;
    };
    const path = `/v2/oauth/clients/${id}/secrets`;
    return {
      id,
      key,
      path,
      first,
      issue: (body: unknown = {}) => registry.send(path, { body, key }),
      list: async () => (await registry.send(path, { method: 'GET', key })).body.data as SecretView[],
      revoke: (secretId: string, query = '') =>
        registry.send(`${path}/${secretId}${query}`, { method: 'DELETE', key }),
    };
  }

  it('201: issues a second secret beside the first, shown once and stored as a hash', async () => {
    const client = await aConfidentialClient();
    const { status, body, headers } = await client.issue();
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        data: {
          id: expect.any(String),
          hint: (body.data.client_secret as string).slice(-4),
          client_secret: expect.stringMatching(/^[\w-]{43}$/),
          created_at: expect.any(String),
          expires_at: null,
          last_used_at: null,
        },
      },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    const secrets = await client.list();
    expect(secrets.map(({ hint }) => hint)).toEqual([body.data.hint, client.first.slice(-4)]);
    expect(Object.keys(secrets[0]!)).toEqual(['id', 'hint', 'created_at', 'expires_at', 'last_used_at']);
    const rows = await registry.dataSource.query<{ hash: string }[]>(
      `SELECT hash FROM oauth_client_secrets WHERE client_id = '${client.id}'`,
    );
    expect(new Set(rows.map(({ hash }) => hash))).toEqual(
      new Set([hashSecret(client.first), hashSecret(body.data.client_secret as string)]),
    );
  });

  it('201: no body at all asks for nothing in particular', async () => {
    const client = await aConfidentialClient();
    expect((await registry.send(client.path, { key: client.key })).status).toBe(201);
  });

  it('rotates with an overlap: the old ones expire soon, but never later than they would have', async () => {
    const client = await aConfidentialClient();
    const soon = new Date(Date.now() + 60_000).toISOString();
    await client.issue({ expires_at: soon });
    const before = Date.now();
    const { body } = await client.issue({ expire_others_in: 3600 });
    const [newest, second, first] = await client.list();
    expect(newest).toMatchObject({ id: body.data.id, expires_at: null });
    expect(second!.expires_at).toBe(soon);
    const expiry = Date.parse(first!.expires_at!);
    expect(expiry).toBeGreaterThanOrEqual(before + HOUR_MS);
    expect(expiry).toBeLessThanOrEqual(Date.now() + HOUR_MS);
  });

  it.each<[string, object, string[]]>([
    ['a time that has passed', { expires_at: '2020-01-01T00:00:00Z' }, ['expires_at']],
    ['a time that is none', { expires_at: 'soon' }, ['expires_at']],
    ['null', { expires_at: null, expire_others_in: null }, ['expires_at', 'expire_others_in']],
    ['a negative overlap', { expire_others_in: -1 }, ['expire_others_in']],
    ['half a second', { expire_others_in: 0.5 }, ['expire_others_in']],
    ['a chosen secret', { client_secret: 'chosen' }, ['client_secret']],
  ])('422: %s; nothing is issued', async (_, body, fields) => {
    const client = await aConfidentialClient();
    const answer = await client.issue(body);
    expect({
      status: answer.status,
      error: answer.body.error,
      fields: Object.keys(answer.body.invalid_fields),
    }).toEqual({
      status: 422,
      error: 'validation_error',
      fields,
    });
    expect(await client.list()).toHaveLength(1);
  });

  it('422: a public client', async () => {
    const { apiKey: key } = await registry.createKey();
    const created = await registry.createClient(aClient({ client_type: 'public' }), key);
    const answer = await registry.send(`/v2/oauth/clients/${created.body.data.client_id}/secrets`, {
      key,
      body: {},
    });
    expect({ status: answer.status, error: answer.body.error }).toEqual({
      status: 422,
      error: 'validation_error',
    });
  });

  it('of 20 that are asked for at once, as many are issued as make ten valid ones', async () => {
    const client = await aConfidentialClient();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.issue()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(9);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(11);
    expect(await client.list()).toHaveLength(10);
    // Those that are expired do not count
    expect((await client.issue({ expire_others_in: 0 })).status).toBe(201);
  });

  it('204: revokes at once, and not twice', async () => {
    const client = await aConfidentialClient();
    await client.issue();
    const [newest, first] = await client.list();
    expect((await client.revoke(first!.id)).status).toBe(204);
    expect((await client.list()).map(({ id }) => id)).toEqual([newest!.id]);
    expect((await client.revoke(first!.id)).status).toBe(404);
  });

  it('422: the last valid one, unless it is forced', async () => {
    const client = await aConfidentialClient();
    const [only] = await client.list();
    expect((await client.revoke(only!.id)).status).toBe(422);
    expect((await client.revoke(only!.id, '?force=perhaps')).status).toBe(400);
    expect(await client.list()).toHaveLength(1);
    expect((await client.revoke(only!.id, '?force=true')).status).toBe(204);
    expect(await client.list()).toEqual([]);
  });

  it('of two that are revoked at once, one stays', async () => {
    const client = await aConfidentialClient();
    await client.issue();
    const secrets = await client.list();
    const statuses = (await Promise.all(secrets.map(({ id }) => client.revoke(id)))).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([204, 422]);
    expect(await client.list()).toHaveLength(1);
  });

  it("404: another client's secret, and another organization's client", async () => {
    const [mine, other] = [await aConfidentialClient(), await aConfidentialClient()];
    const [secret] = await other.list();
    expect((await mine.revoke(secret!.id, '?force=true')).status).toBe(404);
    for (const [method, path] of [
      ['GET', other.path],
      ['POST', other.path],
      ['DELETE', `${other.path}/${secret!.id}?force=true`],
    ] as const) {
      const answer = await registry.send(path, {
        method,
        key: mine.key,
        body: method === 'POST' ? {} : undefined,
      });
      expect({ method, status: answer.status }).toEqual({ method, status: 404 });
    }
    expect(await other.list()).toHaveLength(1);
  });
});
