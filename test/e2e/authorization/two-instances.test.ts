import { authorizationOf, type TestClient } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

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
