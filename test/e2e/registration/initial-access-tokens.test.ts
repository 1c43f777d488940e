import { SYSTEM } from '../../../src/audit/audit-event.js';
import { InitialAccessTokensService } from '../../../src/clients/initial-access-tokens/initial-access-tokens.service.js';
import type { InitialAccessTokenDraft } from '../../../src/policy/initial-access-token.js';
import { onEachEngine } from '../../support/databases.js';
import { HASH_PREFIX } from '../../support/replies/leaks.js';
import { type Answer, Registry } from '../../support/registry.js';

const CALLBACK = ['https://app.example.com/callback'];

const tokensOf = (registry: Registry) => registry.app.get(InitialAccessTokensService, { strict: false });

const listOf = async (registry: Registry) => (await tokensOf(registry).page({ size: 100, after: null })).rows;

const usesOf = async (registry: Registry, id: string) =>
  (await listOf(registry)).find((token) => token.id === id)!.registrations;

const faultsOf = ({ status, body }: Answer) => ({
  status,
  error: body.error as string,
  fields: Object.keys((body.invalid_fields ?? {}) as object),
});

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  const tables = () =>
    registry.dataSource.query<object[]>('SELECT * FROM initial_access_tokens').then(JSON.stringify);

  it.each(['open', 'token'])('REGISTRATION_MODE=%s takes one; the client is the owner’s', async (mode) => {
    const registry = await Registry.start(engine, { REGISTRATION_MODE: mode });
    const { value, token } = await registry.createInitialAccessToken();
    const { status, body } = await registry.register({ redirect_uris: CALLBACK }, value);
    const seen = await registry.graphql(
      'query($id: ID!) { oauthClient(clientId: $id) { orgId userId source } }',
      {
        id: body.client_id as string,
      },
    );
    const uses = await usesOf(registry, token.id);
    await registry.stop();
    expect({ status, uses, client: seen.body.data.oauthClient }).toEqual({
      status: 201,
      uses: 1,
      client: { orgId: 'acme', userId: 'alice', source: 'DYNAMIC' },
    });
  });

  it('REGISTRATION_MODE=token requires one', async () => {
    const registry = await Registry.start(engine, { REGISTRATION_MODE: 'token' });
    const answer = await registry.register({});
    await registry.stop();
    expect({ ...faultsOf(answer), says: answer.body.error_description }).toEqual({
      status: 401,
      error: 'unauthorized',
      fields: [],
      says: expect.stringContaining('initial access token'),
    });
  });

  it('REGISTRATION_MODE=closed rejects all of them', async () => {
    const registry = await Registry.start(engine, { REGISTRATION_MODE: 'closed' });
    const answer = await registry.register({}, (await registry.createInitialAccessToken()).value);
    await registry.stop();
    expect(faultsOf(answer)).toEqual({ status: 403, error: 'insufficient_scope', fields: [] });
  });

  it('is stored as a hash', async () => {
    const { value } = await registry.createInitialAccessToken();
    expect(value).toMatch(/^oci_[\w-]{43}[0-9a-f]{8}$/);
    const stored = await tables();
    expect(stored).not.toContain(value);
    expect(stored).toMatch(/sha256:[0-9a-f]{64}/);
    expect(JSON.stringify(await listOf(registry))).not.toContain(HASH_PREFIX);
  });

  it('the same 401 for one that is unknown, malformed, expired, revoked or used up; nothing is stored', async () => {
    const expired = await registry.createInitialAccessToken();
    await registry.dataSource.query(
      `UPDATE initial_access_tokens SET expires_at = ${Date.now() - 1} WHERE id = '${expired.token.id}'`,
    );
    const revoked = await registry.createInitialAccessToken();
    await tokensOf(registry).revoke(revoked.token.id, SYSTEM);
    await expect(tokensOf(registry).revoke(revoked.token.id, SYSTEM)).rejects.toThrow('already revoked');
    const usedUp = await registry.createInitialAccessToken({ maxRegistrations: 1 });
    expect((await registry.register({}, usedUp.value)).status).toBe(201);
    const good = await registry.createInitialAccessToken();
    const before = await registry.rows('oauth_clients');
    const keys = [
      `oci_${'A'.repeat(43)}00000000`,
      good.value.slice(0, -1),
      good.value.toUpperCase().replace('OCI_', 'oci_'),
      expired.value,
      revoked.value,
      usedUp.value,
    ];
    for (const path of ['/v2/oauth/register', '/v2/oauth/register?dry_run=true']) {
      const answers = await Promise.all(keys.map((key) => registry.send(path, { body: {}, key })));
      const said = answers.map(({ status, text, headers }) =>
        [status, headers.get('www-authenticate'), text].join(' '),
      );
      expect(new Set(said).size).toBe(1);
      expect(said[0]).toMatch(/^401 Bearer error="invalid_token", resource_metadata=.*exhausted/);
    }
    expect(await registry.rows('oauth_clients')).toBe(before);
  });

  it('is rejected by all other interfaces', async () => {
    const { value: key } = await registry.createInitialAccessToken();
    const { body } = await registry.register({ redirect_uris: CALLBACK }, key);
    const answers = await Promise.all([
      registry.send('/v2/oauth/clients', { method: 'GET', key }),
      registry.send(`/v2/oauth/register/${body.client_id as string}`, { method: 'GET', key }),
      registry.send('/graphql', { body: { query: '{ __typename }' }, key }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  });

  it('a dry run and a rejected registration do not count', async () => {
    const { value, token } = await registry.createInitialAccessToken({ maxRegistrations: 1 });
    const dryRun = await registry.send('/v2/oauth/register?dry_run=true', { body: {}, key: value });
    const refused = await registry.register({ redirect_uris: ['javascript:alert(1)'] }, value);
    expect([dryRun.status, refused.status, await usesOf(registry, token.id)]).toEqual([200, 400, 0]);
    expect((await registry.register({}, value)).status).toBe(201);
    expect(await usesOf(registry, token.id)).toBe(1);
  });

  describe('restricts', () => {
    it('grants the requested scopes that the operator and the token allow', async () => {
      const registry = await Registry.start(engine, {
        REGISTRATION_ALLOWED_SCOPES: 'read write',
        REGISTRATION_DEFAULT_SCOPES: 'read write',
      });
      const { value } = await registry.createInitialAccessToken({ scopes: ['write', 'admin'] });
      const asked = await registry.register({ scope: 'read write admin' }, value);
      const byDefault = await registry.register({}, value);
      const refused = await registry.register({ scope: 'read admin' }, value);
      await registry.stop();
      expect([asked.body.scope, byDefault.body.scope]).toEqual(['write', 'write']);
      expect(faultsOf(refused)).toEqual({ status: 400, error: 'invalid_client_metadata', fields: ['scope'] });
    });

    it('grant types, also by default', async () => {
      const { value } = await registry.createInitialAccessToken({ grantTypes: ['client_credentials'] });
      const byDefault = await registry.register({}, value);
      const asked = await registry.register(
        { grant_types: ['client_credentials', 'refresh_token'], redirect_uris: CALLBACK },
        value,
      );
      const refused = await registry.register({ grant_types: ['refresh_token'] }, value);
      expect([byDefault.body.grant_types, asked.body.grant_types]).toEqual([
        ['client_credentials'],
        ['client_credentials'],
      ]);
      expect(faultsOf(refused)).toEqual({
        status: 400,
        error: 'invalid_client_metadata',
        fields: ['grant_types'],
      });
    });

    it('redirect hosts, and says which entry is wrong', async () => {
      const { value } = await registry.createInitialAccessToken({
        redirectHosts: ['*.example.com', 'localhost'],
      });
      const good = await registry.register(
        { redirect_uris: [...CALLBACK, 'http://localhost:1/cb'], grant_types: ['authorization_code'] },
        value,
      );
      const refused = await registry.register(
        { redirect_uris: [...CALLBACK, 'https://example.com/cb', 'com.example.app:/cb'] },
        value,
      );
      expect([good.status, faultsOf(refused)]).toEqual([
        201,
        { status: 400, error: 'invalid_redirect_uri', fields: ['redirect_uris'] },
      ]);
      expect(refused.body.invalid_fields.redirect_uris).toEqual([
        'entry 2 must be an https or http URI with an allowed host: *.example.com, localhost',
        'entry 3 must be an https or http URI with an allowed host: *.example.com, localhost',
      ]);
    });

    it('later changes of its clients, also after it has ended (RFC 7592)', async () => {
      const { value, token } = await registry.createInitialAccessToken({
        scopes: ['read'],
        redirectHosts: ['app.example.com'],
        maxRegistrations: 1,
      });
      const { body } = await registry.register({ scope: 'read write', redirect_uris: CALLBACK }, value);
      await tokensOf(registry).revoke(token.id, SYSTEM);
      const { client_id: id, registration_access_token: key } = body as Record<string, string>;
      const put = (metadata: object) =>
        registry.send(`/v2/oauth/register/${id}`, {
          method: 'PUT',
          key,
          body: { client_id: id, redirect_uris: CALLBACK, ...metadata },
        });
      const elsewhere = await put({ redirect_uris: ['https://evil.example/cb'] });
      const wider = await put({ scope: 'read write', client_name: 'still here' });
      expect([body.scope, faultsOf(elsewhere), wider.status, wider.body.scope]).toEqual([
        'read',
        { status: 400, error: 'invalid_redirect_uri', fields: ['redirect_uris'] },
        200,
        'read',
      ]);
    });
  });

  it('with five registrations gives exactly five to fifty concurrent callers on two instances', async () => {
    const first = await Registry.start(engine);
    // SQLite has one process per file
    const second =
      engine === 'postgres' ? await Registry.start(engine, { DATABASE_URL: first.databaseUrl }) : first;
    const { value, token } = await first.createInitialAccessToken({ maxRegistrations: 5 });
    const register = async (registry: Registry): Promise<Answer> => {
      const answer = await registry.register({}, value);
      // On a busy machine, the turn of some comes too late
      return answer.status === 503 ? register(registry) : answer;
    };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => register(i % 2 ? first : second)));
    const [rows, uses] = [await first.rows('oauth_clients'), await usesOf(first, token.id)];
    const secrets = await first.rows('oauth_client_secrets');
    if (second !== first) await second.stop();
    await first.stop();
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(5).fill(201), ...Array<number>(45).fill(401)]);
    expect({ rows, secrets, uses }).toEqual({ rows: 5, secrets: 5, uses: 5 });
  });

  it.each<[string, Partial<InitialAccessTokenDraft>, string[]]>([
    ['no name', { name: ' ' }, ['name']],
    ['no owner', { orgId: '', userId: '\u202e' }, ['orgId', 'userId']],
    ['no registration', { maxRegistrations: 0 }, ['maxRegistrations']],
    ['half a registration', { maxRegistrations: 1.5 }, ['maxRegistrations']],
    ['too many registrations', { maxRegistrations: 1_000_001 }, ['maxRegistrations']],
    ['a time that has passed', { expiresAt: new Date() }, ['expiresAt']],
    ['an invalid time', { expiresAt: new Date(NaN) }, ['expiresAt']],
    [
      'empty lists',
      { scopes: [], grantTypes: [], redirectHosts: [] },
      ['scopes', 'grantTypes', 'redirectHosts'],
    ],
    ['an invalid scope', { scopes: ['a b'] }, ['scopes']],
    ['a grant that is not offered', { grantTypes: ['implicit' as never] }, ['grantTypes']],
    ['a URL for a host', { redirectHosts: ['https://example.com'] }, ['redirectHosts']],
  ])('cannot be created with %s', async (_, overrides, fields) => {
    const error: unknown = await registry
      .createInitialAccessToken(overrides)
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'validation_error' });
    expect(Object.keys((error as { options: { invalidFields: object } }).options.invalidFields)).toEqual(
      fields,
    );
  });
});
