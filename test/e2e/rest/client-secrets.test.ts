import { newId } from '../../../src/database/id.js';
import { Retention } from '../../../src/jobs/retention.js';
import { hashSecret } from '../../../src/secrets/secret.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

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

  it('201: issues a second secret in addition to the first, shown once and stored as a hash', async () => {
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

  it('201: a request without a body gets the defaults', async () => {
    const client = await aConfidentialClient();
    expect((await registry.send(client.path, { key: client.key })).status).toBe(201);
  });

  it('rotates with an overlap, and never extends the expiry of old secrets', async () => {
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
    ['an invalid time', { expires_at: 'soon' }, ['expires_at']],
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

  it('20 concurrent requests issue secrets up to ten valid ones', async () => {
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

  it('two concurrent revocations leave one valid secret', async () => {
    const client = await aConfidentialClient();
    await client.issue();
    const secrets = await client.list();
    const statuses = (await Promise.all(secrets.map(({ id }) => client.revoke(id)))).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([204, 422]);
    expect(await client.list()).toHaveLength(1);
  });

  const DAY_MS = 24 * HOUR_MS;

  /** Secrets that ended so long ago, past the service. */
  async function addEnded(clientId: string, count: number, endedMsAgo: number, how: 'expired' | 'revoked') {
    const endedAt = Date.now() - endedMsAgo;
    const [expiresAt, revokedAt] = how === 'expired' ? [endedAt, 'NULL'] : ['NULL', endedAt];
    for (let added = 0; added < count; added++) {
      await registry.dataSource.query(
        `INSERT INTO oauth_client_secrets (id, client_id, hash, hint, created_at, expires_at, revoked_at)
         VALUES ('${newId()}', '${clientId}', 'sha256:${added}', 'abcd', ${endedAt - DAY_MS}, ${expiresAt}, ${revokedAt})`,
      );
    }
  }
  const storedOf = async (clientId: string) => {
    const [row] = await registry.dataSource.query<{ n: string | number }[]>(
      `SELECT COUNT(*) AS n FROM oauth_client_secrets WHERE client_id = '${clientId}'`,
    );
    return Number(row!.n);
  };

  it('lists secrets page by page, and says how many there are', async () => {
    const client = await aConfidentialClient();
    for (let issued = 0; issued < 24; issued++) await client.issue({ expire_others_in: 0 });
    const page = async (query: string) =>
      (await registry.send(`${client.path}${query}`, { method: 'GET', key: client.key })).body as {
        data: SecretView[];
        meta: object;
      };
    const [first, second, third] = [
      await page(''),
      await page('?page[number]=2'),
      await page('?page[number]=3'),
    ];
    expect([first.data.length, second.data.length, third.data.length]).toEqual([20, 5, 0]);
    expect(first.meta).toEqual({ page_number: 1, page_size: 20, total_pages: 2, total_results: 25 });
    expect(second.data.at(-1)!.hint).toBe(client.first.slice(-4));
    const all = await page('?page[size]=100');
    expect(all.data).toEqual([...first.data, ...second.data]);
    const { status, body } = await registry.send(`${client.path}?page[size]=101&filter[name]=x`, {
      method: 'GET',
      key: client.key,
    });
    expect({ status, fields: Object.keys(body.invalid_fields) }).toEqual({
      status: 400,
      fields: ['filter[name]', 'page[size]'],
    });
  });

  it('GraphQL reads the pages of secrets and of the history from both ends', async () => {
    const client = await aConfidentialClient();
    for (let issued = 0; issued < 4; issued++) await client.issue();
    const read = async (field: string, args: string) => {
      const query = `{ oauthClient(clientId: "${client.id}") { ${field}(${args}) { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;
      const { body } = await registry.graphql(query);
      expect(body.errors).toBeUndefined();
      return body.data.oauthClient[field] as {
        nodes: { id: string }[];
        pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
      };
    };
    for (const field of ['secrets', 'history']) {
      const all = (await read(field, 'first: 10')).nodes;
      expect(all).toHaveLength(5);
      const end = await read(field, 'last: 2');
      expect(end).toMatchObject({
        nodes: all.slice(3),
        pageInfo: { hasNextPage: false, hasPreviousPage: true },
      });
      const before = await read(field, `last: 2, before: "${end.pageInfo.startCursor}"`);
      expect(before).toMatchObject({
        nodes: all.slice(1, 3),
        pageInfo: { hasNextPage: true, hasPreviousPage: true },
      });
      const after = await read(field, `first: 2, after: "${before.pageInfo.endCursor}"`);
      expect(after).toMatchObject({ nodes: all.slice(3), pageInfo: { hasNextPage: false } });
    }
  });

  it.each(['expired', 'revoked'] as const)(
    'keeps the latest 100 of the %s secrets of a client when another is issued, and all valid ones',
    async (how) => {
      const client = await aConfidentialClient();
      await addEnded(client.id, 130, 60_000, how);
      expect((await client.issue()).status).toBe(201);
      expect(await storedOf(client.id)).toBe(102);
      const [valid] = await registry.dataSource.query<{ n: string | number }[]>(
        `SELECT COUNT(*) AS n FROM oauth_client_secrets WHERE client_id = '${client.id}' AND expires_at IS NULL AND revoked_at IS NULL`,
      );
      expect(Number(valid!.n)).toBe(2);
    },
  );

  it('purges secrets that ended before DELETED_CLIENT_RETENTION, and no others', async () => {
    const client = await aConfidentialClient();
    await addEnded(client.id, 3, 31 * DAY_MS, 'expired');
    await addEnded(client.id, 3, 31 * DAY_MS, 'revoked');
    await addEnded(client.id, 2, 29 * DAY_MS, 'expired');
    await addEnded(client.id, 2, 29 * DAY_MS, 'revoked');
    await registry.app.get(Retention, { strict: false }).run();
    expect(await storedOf(client.id)).toBe(5);
    expect((await client.list()).map(({ expires_at }) => expires_at !== null)).toEqual([true, true, false]);
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
