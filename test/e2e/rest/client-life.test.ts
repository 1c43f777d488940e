import { setTimeout as wait } from 'node:timers/promises';
import { IsNull, Not } from 'typeorm';
import { ApiKeyEntity } from '../../../src/auth/api-keys/api-key.entity.js';
import { COUNT_PERIOD_MS } from '../../../src/clients/counts/client-count.entity.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { onEachEngine } from '../../support/databases.js';
import { UNKNOWN_ID } from '../../support/graphql/operator.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  /** An organization with a key and a client, both its own. */
  async function anOwner(overrides: object = {}) {
    const { apiKey, orgId } = await registry.createKey();
    const created = await registry.createClient(aClient(overrides), apiKey);
    const client = created.body.data as Record<string, unknown> & { client_id: string };
    const path = `/v2/oauth/clients/${client.client_id}`;
    return {
      apiKey,
      orgId,
      client,
      path,
      etag: created.headers.get('etag')!,
      get: () => registry.send(path, { method: 'GET', key: apiKey }),
      put: (body: unknown, headers: Record<string, string> = {}) =>
        registry.send(path, { method: 'PUT', key: apiKey, body, headers }),
      remove: (headers: Record<string, string> = {}) =>
        registry.send(path, { method: 'DELETE', key: apiKey, headers }),
      list: (query = '') => registry.send(`/v2/oauth/clients${query}`, { method: 'GET', key: apiKey }),
    };
  }

  const summaryOf = ({ status, body }: Answer) => `${status} ${body?.error ?? ''}`.trim();

  it('forbids shared caches, and all caches for replies without an ETag', async () => {
    const owner = await anOwner();
    const cachingOf = async (path: string, key: string | null = owner.apiKey) =>
      (await registry.send(path, { method: 'GET', key })).headers.get('cache-control');
    expect({
      client: await cachingOf(owner.path),
      list: await cachingOf('/v2/oauth/clients'),
      secrets: await cachingOf(`${owner.path}/secrets`),
      alias: await cachingOf(`/v2/oauth_clients/${owner.client.client_id}`),
      document: await cachingOf('/openapi.json', null),
    }).toEqual({
      client: 'private, no-cache',
      list: 'no-store',
      secrets: 'no-store',
      alias: 'private, no-cache',
      document: 'no-store',
    });
    const put = await owner.put({ name: 'other' });
    expect(put.headers.get('cache-control')).toBe('no-store');
  });

  describe('GET /v2/oauth/clients/{client_id}', () => {
    it('200: the client as it was created, without its secret, and its ETag', async () => {
      const owner = await anOwner();
      const { status, body, headers } = await owner.get();
      expect({ status, body }).toEqual({
        status: 200,
        body: { data: { ...owner.client, client_secret: null } },
      });
      expect(headers.get('etag')).toBe(owner.etag);
    });

    it.each([
      ['that does not exist', UNKNOWN_ID],
      ['whose id is invalid', 'nonsense'],
      ['whose id has a NUL', '%00'],
    ])('404: a client %s', async (_, id) => {
      const { apiKey } = await registry.createKey();
      expect(summaryOf(await registry.send(`/v2/oauth/clients/${id}`, { method: 'GET', key: apiKey }))).toBe(
        '404 not_found',
      );
    });
  });

  describe('existing and unknown clients look the same to another organization', () => {
    it.each([
      ['GET', undefined],
      ['PUT', { name: 'stolen' }],
      ['PUT', { name: 1 }],
      ['DELETE', undefined],
    ])('%s %j', async (method, body) => {
      const owner = await anOwner();
      const { apiKey: key } = await registry.createKey();
      const existing = await registry.send(owner.path, { method, body, key });
      const missing = await registry.send(`/v2/oauth/clients/${UNKNOWN_ID}`, { method, body, key });
      expect(existing.status).toBe(404);
      expect({ status: existing.status, text: existing.text }).toEqual({
        status: missing.status,
        text: missing.text,
      });
      const named = [...existing.headers.keys()].sort();
      expect(named).toEqual([...missing.headers.keys()].sort());
      expect((await owner.get()).body.data.name).toBe(owner.client.name);
    });

    // Time itself is too noisy to compare; what takes time is what the database is asked to do
    it.each([
      ['GET', '', undefined],
      ['PUT', '', { name: 'stolen' }],
      ['PUT', '', { name: 1 }],
      ['DELETE', '', undefined],
      ['GET', '/secrets', undefined],
      ['POST', '/secrets', {}],
      ['DELETE', '/secrets/01a20080-c163-717e-a4ad-7633ebbe7df6?force=true', undefined],
    ])('%s %s %j costs the same work', async (method, path, body) => {
      const owner = await anOwner();
      const { id: keyId, apiKey: key } = await registry.createKey();
      const send = (id: string) => registry.send(`/v2/oauth/clients/${id}${path}`, { method, body, key });
      // The first use of a key is recorded in the background
      await send(UNKNOWN_ID);
      const isWritten = () =>
        registry.dataSource.manager.existsBy(ApiKeyEntity, { id: keyId, lastUsedAt: Not(IsNull()) });
      while (!(await isWritten())) await wait(5);
      const work = (id: string) => statementsOf(registry.dataSource, () => send(id));
      const existing = await work(owner.client.client_id);
      expect(existing).toEqual(await work(UNKNOWN_ID));
      // The key, and the client, of which not even the row of another organization is touched
      const asked = existing.filter((statement) => /(FROM|JOIN) "oauth_clients"/.test(statement));
      expect(asked).toEqual([expect.stringContaining('"org_id" =')]);
    });

    it('neither lists nor counts it', async () => {
      const owner = await anOwner();
      const { apiKey: key } = await registry.createKey();
      const { body } = await registry.send(`/v2/oauth/clients?filter[client_id]=${owner.client.client_id}`, {
        method: 'GET',
        key,
      });
      expect(body).toEqual({
        data: [],
        meta: { page_number: 1, page_size: 20, total_pages: 0, total_results: 0 },
      });
    });
  });

  describe('PUT /v2/oauth/clients/{client_id}', () => {
    it('200: changes the given members, keeps the others, and returns a new ETag', async () => {
      const owner = await anOwner({
        logo_uri: 'https://example.com/logo.png',
        tos_uri: 'https://example.com/tos',
      });
      const { status, body, headers } = await owner.put({
        name: 'New name',
        logo_uri: null,
        require_pkce: true,
      });
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          data: {
            ...owner.client,
            name: 'New name',
            logo_uri: null,
            require_pkce: true,
            client_secret: null,
            updated_at: expect.any(String),
          },
        },
      });
      expect(Date.parse(body.data.updated_at as string)).toBeGreaterThan(
        Date.parse(owner.client.updated_at as string),
      );
      expect(headers.get('etag')).not.toBe(owner.etag);
      const read = await owner.get();
      expect(read.body).toEqual(body);
      expect(read.headers.get('etag')).toBe(headers.get('etag'));
    });

    it('leaves the secret as it is', async () => {
      const owner = await anOwner();
      const secrets = () =>
        registry.dataSource.query(
          `SELECT * FROM oauth_client_secrets WHERE client_id = '${owner.client.client_id}'`,
        );
      const before = await secrets();
      await owner.put({ name: 'x' });
      expect(await secrets()).toEqual(before);
    });

    it.each<[string, object, object]>([
      [
        'another type',
        { client_type: 'public' },
        { client_type: ['cannot be changed; create another client instead'] },
      ],
      [
        'authorization_code without a redirect URI',
        { allowed_grant_types: ['authorization_code'] },
        { redirect_uris: ['must contain at least one URI for the authorization_code grant'] },
      ],
      ['null for what must be there', { name: null }, { name: ['must be a string'] }],
      [
        'unknown members, and those that the server sets',
        { colour: 'x', client_secret: 'x' },
        {
          colour: ['is not supported; omit it'],
          client_secret: ['is set by the server; omit it'],
        },
      ],
      [
        'faults of shape and of meaning at once',
        { name: 1, tos_uri: 'x' },
        {
          name: ['must be a string'],
          tos_uri: ['must be an absolute URI such as https://example.com/path'],
        },
      ],
    ])('422: %s; nothing is changed', async (_, body, invalidFields) => {
      const owner = await anOwner();
      const answer = await owner.put(body);
      expect({ status: answer.status, fields: answer.body.invalid_fields }).toEqual({
        status: 422,
        fields: invalidFields,
      });
      expect((await owner.get()).body.data).toEqual({ ...owner.client, client_secret: null });
    });

    it('accepts unchanged what any interface returned', async () => {
      const { apiKey } = await registry.createKey();
      const registered = await registry.register({}, apiKey);
      const path = `/v2/oauth/clients/${registered.body.client_id}`;
      const { data } = (await registry.send(path, { method: 'GET', key: apiKey })).body;
      const {
        name,
        allowed_scopes,
        client_type,
        require_pkce,
        allowed_grant_types,
        redirect_uris,
        logo_uri,
      } = data;
      const body = {
        name,
        allowed_scopes,
        client_type,
        require_pkce,
        allowed_grant_types,
        redirect_uris,
        logo_uri,
      };
      const answer = await registry.send(path, { method: 'PUT', key: apiKey, body });
      expect({ status: answer.status, data: { ...answer.body.data, updated_at: data.updated_at } }).toEqual({
        status: 200,
        data,
      });
    });

    it('400: no JSON object', async () => {
      const owner = await anOwner();
      expect(summaryOf(await owner.put([]))).toBe('400 invalid_request');
    });
  });

  describe('If-Match', () => {
    it.each([
      ['the current ETag', (etag: string) => etag, 200],
      ['any', () => '*', 200],
      ['one of several', (etag: string) => `"other", ${etag}`, 200],
      ['an old ETag', () => '"999"', 412],
      ['a weak one', (etag: string) => `W/${etag}`, 412],
      ['nonsense', () => 'nonsense', 400],
    ])('%s', async (_, headerOf, expected) => {
      const owner = await anOwner();
      const headers = { 'if-match': headerOf(owner.etag) };
      expect((await owner.put({ name: 'x' }, headers)).status).toBe(expected);
      const other = await anOwner();
      expect((await other.remove({ 'if-match': headerOf(other.etag) })).status).toBe(
        expected === 200 ? 204 : expected,
      );
      expect((await other.get()).status).toBe(expected === 200 ? 404 : 200);
    });

    it('of 20 concurrent writes with the same ETag, one succeeds; without an ETag, all succeed and no change is lost', async () => {
      const owner = await anOwner({ allowed_scopes: [] });
      const guarded = await Promise.all(
        Array.from({ length: 20 }, (_, i) => owner.put({ name: `guarded ${i}` }, { 'if-match': owner.etag })),
      );
      expect(guarded.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(guarded.filter(({ status }) => status === 412)).toHaveLength(19);

      const changes = [
        { name: 'n' },
        { allowed_scopes: ['s'] },
        { logo_uri: 'https://example.com/l' },
        { require_pkce: true },
      ];
      const free = await Promise.all(changes.map((change) => owner.put(change)));
      expect(free.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      const final = await owner.get();
      expect(final.body.data).toMatchObject(Object.assign({}, ...changes) as object);
      // Created as 1, then one guarded change and four free ones
      expect(final.headers.get('etag')).toBe('"6"');
    });
  });

  describe('DELETE /v2/oauth/clients/{client_id}', () => {
    it('204: no interface returns the client and its secrets', async () => {
      const owner = await anOwner();
      const { status, text } = await owner.remove();
      expect({ status, text }).toEqual({ status: 204, text: '' });
      expect((await owner.get()).status).toBe(404);
      expect((await owner.put({ name: 'x' })).status).toBe(404);
      expect((await owner.remove()).status).toBe(404);
      expect((await owner.list()).body.data).toEqual([]);
      const found = await registry.graphql('query($id: ID!) { oauthClient(clientId: $id) { clientId } }', {
        id: owner.client.client_id,
      });
      expect(found.body).toEqual({ data: { oauthClient: null } });
    });
  });

  describe('GET /v2/oauth/clients', () => {
    async function anOwnerOf(names: string[]) {
      const owner = await anOwner({ name: names[0] });
      for (const name of names.slice(1)) await registry.createClient(aClient({ name }), owner.apiKey);
      return owner;
    }
    const namesOf = (answer: Answer) => (answer.body.data as { name: string }[]).map(({ name }) => name);

    it('200: the newest first, page by page, with no secret', async () => {
      const owner = await anOwnerOf(['1', '2', '3', '4', '5']);
      const first = await owner.list('?page[size]=2');
      expect(first.status).toBe(200);
      expect(namesOf(first)).toEqual(['5', '4']);
      expect(first.body.meta).toEqual({ page_number: 1, page_size: 2, total_pages: 3, total_results: 5 });
      expect(namesOf(await owner.list('?page[size]=2&page[number]=3'))).toEqual(['1']);
      expect(namesOf(await owner.list('?page[size]=2&page[number]=4'))).toEqual([]);
      expect(new Set((first.body.data as { client_secret: unknown }[]).map((c) => c.client_secret))).toEqual(
        new Set([null]),
      );
    });

    it('pages clients of any age, without deleted ones', async () => {
      const owner = await anOwnerOf(Array.from({ length: 17 }, (_, i) => `${i}`));
      const { data } = (await owner.list('?page[size]=100')).body as { data: { client_id: string }[] };
      // The oldest ones last, five or so in a period, two of the same moment, and two periods of which nothing is left
      const ages = data.map((_, i) => Math.floor(i / 2) * 0.4 + (i > 9 ? 3 : 0));
      for (const [i, { client_id: id }] of data.entries()) {
        const createdAt = Math.round(Date.now() - ages[i]! * COUNT_PERIOD_MS);
        await registry.dataSource.query(
          `UPDATE oauth_clients SET created_at = ${createdAt} WHERE id = '${id}'`,
        );
      }
      const gone = [data[3]!, data[9]!, data[16]!];
      for (const { client_id: id } of gone) {
        await registry.send(`/v2/oauth/clients/${id}`, { method: 'DELETE', key: owner.apiKey });
      }
      const all = (await owner.list('?page[size]=100')).body.data as { client_id: string }[];
      expect(all).toHaveLength(14);
      for (const size of [1, 3, 5, 14]) {
        const pages = [];
        for (let number = 1; number <= Math.ceil(14 / size) + 1; number++) {
          const { body } = await owner.list(`?page[size]=${size}&page[number]=${number}`);
          expect(body.meta.total_results).toBe(14);
          pages.push(body.data as unknown[]);
        }
        expect(pages.at(-1)).toEqual([]);
        expect(pages.flat()).toEqual(all);
      }
    });

    it('a late page does not read the clients of earlier periods', async () => {
      const owner = await anOwnerOf(['1', '2', '3', '4']);
      const made = await statementsOf(registry.dataSource, () => owner.list('?page[size]=2&page[number]=2'));
      const page = made.find((statement) => statement.includes('OFFSET'));
      expect(page).toMatch(/created_at < /);
      // Not of the rows of the page
      expect(made.filter((statement) => /COUNT\([^)]*\)(?! OVER)/.test(statement))).toEqual([]);
    });

    it('has 20 clients on a page by default', async () => {
      const owner = await anOwner();
      expect((await owner.list()).body.meta.page_size).toBe(20);
    });

    it.each<[string, string, (id: string) => string]>([
      ['client_id', 'Alpha', (id) => `filter[client_id]=${id}`],
      ['name, whole', 'Alpha', () => 'filter[name]=Alpha'],
      ['name, part of it', 'Alpha', () => 'filter[name][contains]=LPH'],
      ['client_type', 'Beta', () => 'filter[client_type]=public'],
      ['grant type', 'Beta', () => 'filter[allowed_grant_types][contains]=refresh_token'],
      ['several at once', 'Alpha', () => 'filter[verified]=false&filter[client_type]=confidential'],
    ])('finds by %s', async (_, expected, queryOf) => {
      const owner = await anOwner({ name: 'Alpha' });
      await registry.createClient(
        aClient({ name: 'Beta', client_type: 'public', allowed_grant_types: ['refresh_token'] }),
        owner.apiKey,
      );
      const answer = await owner.list(`?${queryOf(owner.client.client_id)}`);
      expect(namesOf(answer)).toEqual([expected]);
      expect(answer.body.meta.total_results).toBe(1);
    });

    it('finds no verified client if there is none', async () => {
      const owner = await anOwner();
      expect(namesOf(await owner.list('?filter[verified]=true'))).toEqual([]);
    });

    it.each([
      ['page[number]=0', 'page[number]'],
      ['page[number]=1.5', 'page[number]'],
      ['page[size]=101', 'page[size]'],
      ['page[size]=', 'page[size]'],
      ['page[size]=1&page[size]=2', 'page[size]'],
      ['filter[client_type]=secret', 'filter[client_type]'],
      ['filter[allowed_grant_types][contains]=implicit', 'filter[allowed_grant_types][contains]'],
      ['filter[verified]=yes', 'filter[verified]'],
      ['filter[name]=%00', 'filter[name]'],
      ['filter[colour]=red', 'filter[colour]'],
      ['limit=1', 'limit'],
    ])('400: %s, by name', async (query, parameter) => {
      const owner = await anOwner();
      const { status, body } = await owner.list(`?${query}`);
      expect({ status, error: body.error, fields: Object.keys(body.invalid_fields) }).toEqual({
        status: 400,
        error: 'invalid_request',
        fields: [parameter],
      });
    });
  });
});
