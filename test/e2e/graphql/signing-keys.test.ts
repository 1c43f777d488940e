import { existsSync } from 'node:fs';
import { SigningKeys } from '../../../src/authorization/keys/signing-keys.js';
import { ACCESS_TOKEN_LIFETIME } from '../../../src/policy/token-lifetimes.js';
import * as Operation from '../../operator/operations.js';
import { authorizationOf, basic } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Operator } from '../../support/graphql/operator.js';
import { aClient, Registry } from '../../support/registry.js';

const API = 'https://api.example';
const ENV = {
  PUBLIC_URL: 'http://localhost:9999',
  AUTHORIZATION_RESOURCES: `${API}=jwt`,
  SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters',
};
const DAY_MS = 86_400_000;

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  beforeEach(async () => {
    registry = await Registry.start(engine, ENV);
    operator = new Operator(registry);
  });
  afterEach(() => registry.stop());
  const { token, introspect } = authorizationOf(() => registry);

  const list = async () => (await operator.do(Operation.ListSigningKeysDocument, {})).signingKeys;
  const statuses = async () => (await list()).map(({ status }) => status);
  const rotate = async (revokeOthers = false) =>
    (await operator.do(Operation.RotateSigningKeysDocument, { revokeOthers })).rotateSigningKeys.signingKey;
  const published = async (of = registry) => {
    const { body } = await of.send('/v2/oauth/jwks', { method: 'GET' });
    return (body.keys as { kid: string }[]).map(({ kid }) => kid);
  };
  /** A JWT, and the key that signed it. */
  async function aJwt() {
    const { body: created } = await registry.createClient(aClient());
    const { client_id: id, client_secret: secret } = created.data as Record<string, string>;
    const { body } = await token({ grant_type: 'client_credentials', resource: API }, basic(id!, secret!));
    const value = body.access_token as string;
    const header = JSON.parse(Buffer.from(value.split('.')[0]!, 'base64url').toString()) as { kid: string };
    return { value, kid: header.kid };
  }
  const isActive = async (value: string) => (await introspect(value)).body.active as boolean;
  /** As if the keys had been made and announced so much earlier. */
  const age = (ms: number) =>
    registry.dataSource.query(
      `UPDATE signing_keys SET created_at = created_at - ${ms}, active_from = active_from - ${ms}`,
    );

  it('the next key is published for a day before it signs, and the old one until its tokens have expired', async () => {
    const before = await aJwt();
    const { kid, status } = await rotate();
    expect(status).toBe('NEXT');
    expect(await list()).toMatchObject([
      { kid, status: 'NEXT' },
      { kid: before.kid, status: 'CURRENT' },
    ]);
    expect(await published()).toEqual([kid, before.kid]);
    expect((await aJwt()).kid).toBe(before.kid);
    const other = await Registry.start(engine, ENV, {}, () => registry.databaseUrl);
    try {
      await age(DAY_MS);
      expect(await statuses()).toEqual(['CURRENT', 'RETIRED']);
      await age(ACCESS_TOKEN_LIFETIME.max * 1000);
      expect(await list()).toMatchObject([{ kid, status: 'CURRENT' }]);
      // It has read no keys yet
      expect(await published(other)).toEqual([kid]);
    } finally {
      await other.stop();
    }
  });

  it('no other key is created while the next one is announced, by an administrator or the job', async () => {
    await rotate();
    await rotate();
    const keys = await list();
    expect(keys).toHaveLength(2);
    expect(await operator.refused(Operation.RotateSigningKeysDocument, { revokeOthers: false })).toEqual({
      code: 'BAD_USER_INPUT',
    });
    // The rotation of a configuration of minutes
    const isRotated = await registry.app
      .get(SigningKeys, { strict: false })
      .rotateIfOlder(new Date(Date.now() + 60_000));
    expect(isRotated).toBe(false);
    expect(await list()).toEqual(keys);
  });

  it('a leaked key is removed with its tokens, and the new one signs at once', async () => {
    const leaked = await aJwt();
    await rotate();
    expect(await isActive(leaked.value)).toBe(true);
    const { kid, status } = await rotate(true);
    expect(status).toBe('CURRENT');
    expect(await published()).toEqual([kid]);
    expect(await isActive(leaked.value)).toBe(false);
    const after = await aJwt();
    expect(after.kid).toBe(kid);
    expect(await isActive(after.value)).toBe(true);
  });

  it('each key that is created or removed is an event, without the key', async () => {
    const { kid } = await rotate();
    const { kid: next } = await rotate(true);
    const events = await operator.events({ channel: 'GRAPHQL' });
    expect(events.map(({ action, targetId, changes }) => [action, targetId, changes])).toEqual(
      expect.arrayContaining([
        ['SIGNING_KEY_CREATED', kid, []],
        ['SIGNING_KEY_CREATED', next, []],
        ['SIGNING_KEY_REVOKED', kid, []],
      ]),
    );
    await registry.app.get(SigningKeys, { strict: false }).rotateIfOlder(new Date(Date.now() + 60_000));
    const [byJob] = await operator.events({ channel: 'JOB', action: 'SIGNING_KEY_CREATED' });
    expect(byJob).toMatchObject({ actor: { type: 'SYSTEM' }, targetId: (await list())[0]!.kid });
  });

  it('a service whose keys were encrypted with another secret does not start, unless it issues no tokens', async () => {
    const { kid } = await aJwt();
    const start = (env: Record<string, string>) =>
      Registry.start(engine, { ...ENV, ...env }, {}, () => registry.databaseUrl);
    const SIGNING_KEY_SECRET = 'another-secret-for-tests-of-32-characters';
    await expect(start({ SIGNING_KEY_SECRET })).rejects.toThrow(
      new RegExp(
        `^The signing key ${kid} cannot be decrypted .* or run "signing-key rotate --revoke-others"`,
      ),
    );
    await (await start({ SIGNING_KEY_SECRET, AUTHORIZATION_SERVER: 'off' })).stop();
  });

  it('a service that issues no tokens creates no key', async () => {
    const off = await Registry.start(engine, { AUTHORIZATION_SERVER: 'off' });
    try {
      const { signingKeys } = await new Operator(off).do(Operation.ListSigningKeysDocument, {});
      expect(signingKeys).toEqual([]);
      expect(existsSync(`${off.databaseUrl.replace(/^sqlite:/, '')}.signing-secret`)).toBe(false);
    } finally {
      await off.stop();
    }
  });
});

it('on PostgreSQL without SIGNING_KEY_SECRET, no key is created and no resource gets JWTs', async () => {
  const registry = await Registry.start('postgres');
  try {
    const operator = new Operator(registry);
    expect(await operator.refused(Operation.RotateSigningKeysDocument, { revokeOthers: false })).toEqual({
      code: 'BAD_USER_INPUT',
    });
    const input = { identifier: API, name: 'API', tokenFormat: 'JWT' } as const;
    expect(await operator.refused(Operation.CreateResourceDocument, { input })).toEqual({
      code: 'BAD_USER_INPUT',
      fields: ['tokenFormat'],
    });
  } finally {
    await registry.stop();
  }
});
