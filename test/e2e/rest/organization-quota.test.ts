import { randomUUID } from 'node:crypto';
import { WriteQueue } from '../../../src/database/writes/write-queue.js';
import { SurplusClients } from '../../../src/jobs/surplus-clients.js';
import { onEachEngine } from '../../support/databases.js';
import { statementsOf } from '../../support/measurements/statements.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';

const FULL =
  'The organization has reached its limit of 3 clients (3 exist). Delete clients or ask the operator for a higher limit.';
const REFUSED = { status: 403, body: { error: 'insufficient_scope', error_description: FULL } };
const said = ({ status, body }: Answer) => ({ status, body: body as unknown });

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine, { MAX_CLIENTS_PER_ORG: '3' });
  });
  afterAll(() => registry.stop());

  /** A key of an organization, and the clients that it has created with it. */
  const organizationWith = async (count: number) => {
    const { apiKey, orgId } = await registry.createKey();
    const ids: string[] = [];
    for (let i = 0; i < count; i++) {
      const { status, body } = await registry.createClient(aClient(), apiKey);
      expect(status).toBe(201);
      ids.push(body.data.client_id as string);
    }
    return { apiKey, orgId, ids };
  };
  const remove = (id: string, key: string) =>
    registry.send(`/v2/oauth/clients/${id}`, { method: 'DELETE', key });
  const purgeSurplus = () => registry.app.get(SurplusClients, { strict: false }).purge();
  const errorOf = ({ body }: Answer) => {
    const [error] = (body.errors ?? []) as { message: string; extensions: { code: string } }[];
    return error && { code: error.extensions.code, message: error.message };
  };

  it('rejects creates above the limit of an organization, and no creates of other organizations', async () => {
    const { apiKey, ids } = await organizationWith(3);
    const before = await registry.rows('oauth_clients');
    expect(said(await registry.createClient(aClient(), apiKey))).toEqual(REFUSED);
    expect(await registry.rows('oauth_clients')).toBe(before);
    await organizationWith(1);
    expect((await remove(ids[0]!, apiKey)).status).toBe(204);
    expect((await registry.createClient(aClient(), apiKey)).status).toBe(201);
    expect(said(await registry.createClient(aClient(), apiKey))).toEqual(REFUSED);
  });

  it('counts registrations, and a rejected one does not use up an initial access token', async () => {
    const { apiKey, orgId } = await organizationWith(2);
    const { value } = await registry.createInitialAccessToken({ orgId, maxRegistrations: 1 });
    expect((await registry.register({}, apiKey)).status).toBe(201);
    expect(said(await registry.register({}, apiKey))).toEqual(REFUSED);
    expect(said(await registry.register({}, value))).toEqual(REFUSED);
    const [client] = (await registry.send('/v2/oauth/clients', { method: 'GET', key: apiKey })).body.data;
    await remove(client.client_id as string, apiKey);
    expect((await registry.register({}, value)).status).toBe(201);
  });

  it('deleted clients that are more than ten times the limit, and more than a hundred, are removed permanently', async () => {
    const { apiKey, orgId } = await organizationWith(2);
    const deleted: string[] = [];
    for (let i = 0; i < 103; i++) {
      const { body } = await registry.createClient(aClient(), apiKey);
      deleted.push(body.data.client_id as string);
      expect((await remove(body.data.client_id as string, apiKey)).status).toBe(204);
    }
    await purgeSurplus();
    const rows = await registry.dataSource.query<{ id: string }[]>(
      `SELECT id FROM oauth_clients WHERE org_id = '${orgId}' AND deleted_at IS NOT NULL ORDER BY id`,
    );
    expect(rows.map(({ id }) => id)).toEqual(deleted.slice(-100));
    const { body } = await registry.graphql(
      `{ auditEvents(first: 10, filter: { action: CLIENT_PURGED }) { nodes { clientId actor { type } } } }`,
    );
    expect(body.data.auditEvents.nodes).toHaveLength(3);
    expect(body.data.auditEvents.nodes).toEqual(
      expect.arrayContaining(
        deleted.slice(0, 3).map((clientId) => ({ clientId, actor: { type: 'SYSTEM' } })),
      ),
    );
  });

  it('a creation reads no deleted clients, and the job only those of organizations that have created since', async () => {
    const { apiKey } = await organizationWith(2);
    await purgeSurplus();
    const { dataSource } = registry;
    const ofDeleted = (statements: string[]) => statements.filter((sql) => /deleted_at"? > 0/.test(sql));
    expect(ofDeleted(await statementsOf(dataSource, purgeSurplus))).toEqual([]);
    const creation = await statementsOf(dataSource, () => registry.createClient(aClient(), apiKey));
    expect(creation.length).toBeGreaterThan(0);
    expect(ofDeleted(creation)).toEqual([]);
    const [read, ...others] = ofDeleted(await statementsOf(dataSource, purgeSurplus));
    expect(others).toEqual([]);
    const plan = await dataSource.transaction(async (manager) => {
      if (engine === 'sqlite') return manager.query(`EXPLAIN QUERY PLAN ${read!.replace(/:\w+/g, '1')}`);
      // It would read and sort a table of one page as a whole
      await manager.query('SET LOCAL enable_seqscan = off');
      await manager.query('SET LOCAL enable_sort = off');
      return manager.query(`EXPLAIN (GENERIC_PLAN) ${read}`);
    });
    expect(JSON.stringify(plan)).toMatch(/oauth_clients_deleted\b/);
    expect(JSON.stringify(plan)).not.toMatch(/sort|TEMP B-TREE/i);
  });

  it('of a deleted client with many grants, the job removes these in small transactions', async () => {
    const { apiKey, ids } = await organizationWith(1);
    const create = async () => (await registry.createClient(aClient(), apiKey)).body.data.client_id as string;
    await remove(ids[0]!, apiKey);
    for (let i = 0; i < 100; i++) await remove(await create(), apiKey);
    const ofClient = `client_id = '${ids[0]}'`;
    const grants = Array.from(
      { length: 1200 },
      (_, n) => `('${randomUUID()}', '${ids[0]}', 'user-${n}', 'acme', '{}', 1)`,
    );
    await registry.dataSource.query(
      `INSERT INTO oauth_grants (id, client_id, user_id, org_id, scopes, created_at) VALUES ${grants.join()}`,
    );
    const left = async () => {
      const [row] = await registry.dataSource.query<{ grants: number | string; clients: number | string }[]>(
        `SELECT (SELECT COUNT(*) FROM oauth_grants WHERE ${ofClient}) AS grants, COUNT(*) AS clients
         FROM oauth_clients WHERE id = '${ids[0]}'`,
      );
      return { grants: Number(row!.grants), clients: Number(row!.clients) };
    };
    const writeQueue = registry.app.get(WriteQueue, { strict: false });
    const run = writeQueue.run.bind(writeQueue);
    const seen = [await left()];
    const spy = jest.spyOn(writeQueue, 'run').mockImplementation(async (...transaction) => {
      const result = await run(...transaction);
      seen.push(await left());
      return result;
    });
    await purgeSurplus();
    spy.mockRestore();
    const removed = seen.slice(1).map((after, i) => seen[i]!.grants - after.grants);
    expect(Math.max(...removed)).toBeLessThanOrEqual(500);
    expect([seen[0], seen.at(-1)]).toEqual([
      { grants: 1200, clients: 1 },
      { grants: 0, clients: 0 },
    ]);
  });

  it('clients without an owner are not limited', async () => {
    for (let i = 0; i < 5; i++) expect((await registry.register({})).status).toBe(201);
  });

  it('administrators cannot create or restore more, one by one or in bulk', async () => {
    const { apiKey, orgId, ids } = await organizationWith(3);
    const forbidden = { code: 'FORBIDDEN', message: FULL };
    const create = await registry.graphql(
      `mutation ($orgId: String!) { createOAuthClient(input: { name: "n", clientType: CONFIDENTIAL,
         allowedGrantTypes: [CLIENT_CREDENTIALS], allowedScopes: [], orgId: $orgId, userId: "u" }) { client { clientId } } }`,
      { orgId },
    );
    expect(errorOf(create)).toEqual(forbidden);
    await remove(ids[0]!, apiKey);
    await remove(ids[1]!, apiKey);
    for (let i = 0; i < 2; i++) await registry.createClient(aClient(), apiKey);
    const restore = await registry.graphql(
      `mutation { restoreOAuthClient(clientId: "${ids[0]}") { client { clientId } } }`,
    );
    expect(errorOf(restore)).toEqual(forbidden);
    const [{ client_id: other }] = (await registry.send('/v2/oauth/clients', { method: 'GET', key: apiKey }))
      .body.data;
    await remove(other as string, apiKey);
    const restoreAll = () =>
      registry.graphql(
        'mutation ($filter: OAuthClientFilter!) { restoreOAuthClients(filter: $filter, dryRun: false) { count } }',
        {
          filter: { ids: ids.slice(0, 2) },
        },
      );
    // All or none
    expect(errorOf(await restoreAll())).toMatchObject({ code: 'FORBIDDEN' });
    const restored = await registry.graphql(
      `mutation { restoreOAuthClient(clientId: "${ids[0]}") { client { clientId } } }`,
    );
    expect(errorOf(restored)).toBeUndefined();
  });

  it('concurrent creates on several instances do not exceed the limit', async () => {
    const other =
      engine === 'postgres'
        ? await Registry.start(engine, { MAX_CLIENTS_PER_ORG: '3', DATABASE_URL: registry.databaseUrl })
        : registry;
    const { apiKey, orgId } = await registry.createKey({ orgId: `org-${randomUUID()}` });
    const { value } = await registry.createInitialAccessToken({ orgId });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => {
        const at = i % 2 ? other : registry;
        return i % 3 ? at.createClient(aClient(), apiKey) : at.register({}, value);
      }),
    );
    if (other !== registry) await other.stop();
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(3).fill(201), ...Array<number>(27).fill(403)]);
  });
});
