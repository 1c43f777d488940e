import { randomUUID } from 'node:crypto';
import { WriteQueue } from '../../../src/database/writes/write-queue.js';
import { Retention } from '../../../src/jobs/retention.js';
import { authorizationOf } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

const DAY_MS = 86_400_000;

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { register, ask, aCode, refresh } = authorizationOf(() => registry);

  const purge = () => registry.app.get(Retention, { strict: false }).run();
  const rows = async (table: string, where = 'TRUE') => {
    const [row] = await registry.dataSource.query<{ n: string | number }[]>(
      `SELECT COUNT(*) AS n FROM ${table} WHERE ${where}`,
    );
    return Number(row!.n);
  };

  it('used codes, expired tokens, requests for consent and stored replies are purged, and valid tokens are not', async () => {
    const client = await register();
    const { apiKey } = await registry.createKey();
    await ask(client);
    const { exchange } = await aCode(client, apiKey);
    const { body } = await exchange();
    await refresh(client, body.refresh_token as string);
    const kinds = async () => {
      const stored = await registry.dataSource.query<{ kind: string }[]>('SELECT kind FROM oauth_tokens');
      return stored.map(({ kind }) => kind).sort();
    };
    const all = ['access', 'access', 'code', 'consent', 'consent', 'refresh', 'refresh'];
    expect(await kinds()).toEqual(all);
    await purge();
    expect(await kinds()).toEqual(all);
    expect(await rows('oauth_tokens', 'sealed_reply IS NOT NULL')).toBe(1);
    const expire = (where: string) =>
      registry.dataSource.query(`UPDATE oauth_tokens SET expires_at = ${Date.now() - 1000} WHERE ${where}`);
    await expire(`kind IN ('code', 'consent', 'access')`);
    await purge();
    expect(await kinds()).toEqual(['refresh', 'refresh']);
    await expire('sealed_reply IS NOT NULL');
    await purge();
    expect(await kinds()).toEqual(['refresh']);
    expect(await rows('oauth_tokens', 'sealed_reply IS NOT NULL')).toBe(0);
  });

  it('revoked grants are purged after DELETED_CLIENT_RETENTION, and other grants are not', async () => {
    const client = await register();
    const [first, second] = [await registry.createKey(), await registry.createKey()];
    for (const { apiKey } of [first, second]) await aCode(client, apiKey);
    const ofClient = `client_id = '${client.id}'`;
    await registry.graphql(`mutation { revokeGrants(orgId: "${first.orgId}") { count } }`);
    await purge();
    expect(await rows('oauth_grants', ofClient)).toBe(2);
    await registry.dataSource.query(`UPDATE oauth_grants SET revoked_at = revoked_at - ${31 * DAY_MS}`);
    await purge();
    expect(await rows('oauth_grants', ofClient)).toBe(1);
    expect(await rows('oauth_grants', `${ofClient} AND revoked_at IS NULL`)).toBe(1);
  });

  it('a deleted client with many grants is purged in small transactions', async () => {
    const { id } = await register();
    const values = Array.from(
      { length: 1200 },
      (_, n) => `('${randomUUID()}', '${id}', 'user-${n}', 'acme', '{}', 1)`,
    );
    await registry.dataSource.query(
      `INSERT INTO oauth_grants (id, client_id, user_id, org_id, scopes, created_at) VALUES ${values.join()}`,
    );
    const ofClient = `client_id = '${id}'`;
    const deletedAt = Date.now() - 31 * DAY_MS;
    await registry.dataSource.query(`UPDATE oauth_clients SET deleted_at = ${deletedAt} WHERE id = '${id}'`);
    const writeQueue = registry.app.get(WriteQueue, { strict: false });
    const left = [1200];
    const run = writeQueue.run.bind(writeQueue);
    const spy = jest.spyOn(writeQueue, 'run').mockImplementation(async (...transaction) => {
      const result = await run(...transaction);
      left.push(await rows('oauth_grants', ofClient));
      return result;
    });
    await purge();
    spy.mockRestore();
    const removed = left.slice(1).map((after, i) => left[i]! - after);
    expect(Math.max(...removed)).toBeLessThanOrEqual(500);
    expect(left.at(-1)).toBe(0);
    expect(await rows('oauth_clients', `id = '${id}'`)).toBe(0);
    expect(await rows('audit_events', `${ofClient} AND action = 'client.purged'`)).toBe(1);
  });

  it('counts of issued tokens are purged after 400 days', async () => {
    const day = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);
    await registry.dataSource.query(
      `INSERT INTO oauth_token_counts VALUES ('${day(399)}', 'kept', 1), ('${day(402)}', 'purged', 1)`,
    );
    await purge();
    expect(await rows('oauth_token_counts', `result = 'kept'`)).toBe(1);
    expect(await rows('oauth_token_counts', `result = 'purged'`)).toBe(0);
  });

  it('what was issued is purged also after the authorization server was turned off', async () => {
    const client = await register();
    await ask(client);
    await registry.dataSource.query(`UPDATE oauth_tokens SET expires_at = ${Date.now() - 1000}`);
    const off = await Registry.start(engine, { AUTHORIZATION_SERVER: 'off' }, {}, () => registry.databaseUrl);
    try {
      await off.app.get(Retention, { strict: false }).run();
    } finally {
      await off.stop();
    }
    expect(await rows('oauth_tokens')).toBe(0);
  });
});
