import Database from 'better-sqlite3';
import pg from 'pg';
import { authorizationOf, type TestClient } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

interface GrantView {
  id: string;
  client_id: string;
  scopes: string[];
}

/** Revokes a grant while a request waits for its row, or on SQLite for the database. */
async function revokeDuring<T>(databaseUrl: string, id: string, send: () => Promise<T>): Promise<T> {
  const revoke = `UPDATE oauth_grants SET revoked_at = ${Date.now()} WHERE id = '${id}'`;
  if (databaseUrl.startsWith('sqlite:')) {
    const other = new Database(databaseUrl.slice('sqlite:'.length));
    other.exec('BEGIN IMMEDIATE');
    const sent = send();
    await new Promise((resolve) => setTimeout(resolve, 50));
    other.exec(revoke);
    other.exec('COMMIT');
    other.close();
    return sent;
  }
  const [other, watcher] = [new pg.Client(databaseUrl), new pg.Client(databaseUrl)];
  await Promise.all([other.connect(), watcher.connect()]);
  // An insert that conflicts with the row does not wait for this lock; a search that locks it does
  await other.query(`BEGIN; SELECT 1 FROM oauth_grants WHERE id = '${id}' FOR UPDATE`);
  const sent = send();
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%oauth_grants%'`;
  while ((await watcher.query(waiting)).rowCount === 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await other.query(`${revoke}; COMMIT`);
  await Promise.all([other.end(), watcher.end()]);
  return sent;
}

/** The issuer identifier of both. */
const ENV = {
  PUBLIC_URL: 'http://localhost:9999',
  SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters',
};

onEachEngine((engine) => {
  let registry: Registry;
  let other: Registry;
  let user: string;
  beforeAll(async () => {
    registry = await Registry.start(engine, ENV);
    other = await Registry.start(engine, ENV, {}, () => registry.databaseUrl);
    user = (await registry.createKey()).apiKey;
  });
  afterAll(async () => {
    await other.stop();
    await registry.stop();
  });
  const first = authorizationOf(() => registry);
  const second = authorizationOf(() => other);

  /** Sends to each of them, at once. */
  const ofBoth = <T>(send: (instance: typeof first) => Promise<T>): Promise<T[]> =>
    Promise.all([1, 2, 3].flatMap(() => [send(first), send(second)]));
  const aRegisteredClient = (): Promise<TestClient> => first.register();

  it('accept a code once', async () => {
    const client = await aRegisteredClient();
    const { code, verifier } = await first.aCode(client, user);
    const answers = await ofBoth(({ exchangeCode }) => exchangeCode(client, code, verifier));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
    const { body } = answers.find(({ status }) => status === 200)!;
    expect((await second.introspect(body.access_token as string, registry.adminKey)).body).toEqual({
      active: false,
    });
  });

  it('replace a refresh token once, and give the same reply', async () => {
    const client = await aRegisteredClient();
    const { code, verifier } = await first.aCode(client, user);
    const { body: tokens } = await second.exchangeCode(client, code, verifier);
    const answers = await ofBoth(({ refresh }) => refresh(client, tokens.refresh_token as string));
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      answers.map(() => [200, answers[0]!.body]),
    );
  });

  it('give a new grant to a client whose grant is revoked at the same moment', async () => {
    const client = await aRegisteredClient();
    await first.aCode(client, user);
    const grants = async () =>
      (await registry.send('/v2/oauth/grants', { method: 'GET', key: user })).body.data as GrantView[];
    const { id } = (await grants()).find(({ client_id }) => client_id === client.id)!;
    const { consentToken, verifier } = await first.ask(client);
    const { status, body } = await revokeDuring(registry.databaseUrl, id, () =>
      first.decide(consentToken, true, user),
    );
    expect([status, body.error_description]).toEqual([200, undefined]);
    const given = (await grants()).filter(({ client_id }) => client_id === client.id);
    expect(given).toEqual([expect.objectContaining({ scopes: expect.arrayContaining(['read', 'write']) })]);
    expect(given[0]!.id).not.toBe(id);
    const code = new URL(body.redirect_uri as string).searchParams.get('code')!;
    expect((await second.exchangeCode(client, code, verifier)).status).toBe(200);
  });

  it('have the same signing keys, and end tokens for each other', async () => {
    const keysOf = async (instance: Registry) =>
      (await instance.send('/v2/oauth/jwks', { method: 'GET' })).body as unknown;
    expect(await keysOf(registry)).toEqual(await keysOf(other));
    const client = await aRegisteredClient();
    const { code, verifier } = await first.aCode(client, user);
    const { body } = await first.exchangeCode(client, code, verifier);
    const isActive = async () =>
      (await second.introspect(body.access_token as string, registry.adminKey)).body.active as boolean;
    expect(await isActive()).toBe(true);
    const { body: grants } = await registry.send('/v2/oauth/grants', { method: 'GET', key: user });
    await registry.send(`/v2/oauth/grants/${grants.data[0].id}`, { method: 'DELETE', key: user });
    expect(await isActive()).toBe(false);
  });
});
