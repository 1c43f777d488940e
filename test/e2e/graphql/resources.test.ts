import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { CONSENT_PATH } from '../../../src/config/paths.js';
import * as Operation from '../../operator/operations.js';
import { authorizationOf, basic } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Operator, UNKNOWN_ID } from '../../support/graphql/operator.js';
import { aClient, Registry } from '../../support/registry.js';

const CONFIGURED = 'https://configured.example';
const ENV = {
  AUTHORIZATION_RESOURCES: CONFIGURED,
  SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters',
};
const READ = { name: 'read', title: 'Read invoices', description: 'See all of your invoices.' };

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  beforeAll(async () => {
    registry = await Registry.start(engine, ENV);
    operator = new Operator(registry);
  });
  afterAll(() => registry.stop());
  afterEach(async () => {
    const { oauthResources } = await operator.do(Operation.ListResourcesDocument, {});
    for (const { id } of oauthResources) if (id) await operator.do(Operation.DeleteResourceDocument, { id });
  });
  const { token, register, aRequest, ask, decide, aCode, refresh } = authorizationOf(() => registry);

  const create = async (input: Partial<Operation.CreateResourceInput> = {}) => {
    const identifier = `https://${randomUUID()}.example`;
    const all = { identifier, name: 'Invoices', ...input };
    return (await operator.do(Operation.CreateResourceDocument, { input: all })).createResource.resource;
  };
  const update = async (id: string, input: Operation.UpdateResourceInput) =>
    (await operator.do(Operation.UpdateResourceDocument, { id, input })).updateResource.resource;

  /** A client of an organization, and what the token endpoint says to it. */
  async function aService(scopes: string[]) {
    const { body } = await registry.createClient(aClient({ allowed_scopes: scopes }));
    const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
    return async (parameters: Record<string, string> = {}) => {
      const answer = await token({ grant_type: 'client_credentials', ...parameters }, basic(id!, secret!));
      const body = answer.body as Record<string, unknown>;
      return { ...body, status: answer.status } as Record<string, unknown>;
    };
  }

  it('a created resource gets tokens at once, with its format and lifetime', async () => {
    const ask = await aService(['read']);
    const resource = 'https://api.example';
    expect(await ask({ resource })).toMatchObject({ status: 400, error: 'invalid_target' });
    const created = await create({
      identifier: `${resource}/`,
      scopes: [READ],
      tokenFormat: 'JWT',
      accessTokenLifetimeSeconds: 120,
    });
    expect(created).toEqual({
      id: expect.any(String),
      identifier: resource,
      name: 'Invoices',
      scopes: [{ ...READ, restricted: false }],
      tokenFormat: 'JWT',
      accessTokenLifetimeSeconds: 120,
    });
    const reply = await ask({ resource });
    expect(reply).toMatchObject({ status: 200, expires_in: 120, scope: 'read' });
    const { aud, exp, iat } = decodeJwt(reply.access_token as string);
    expect([aud, exp! - iat!]).toEqual([resource, 120]);
    await update(created.id!, { tokenFormat: 'OPAQUE' });
    expect((await ask({ resource })).access_token).toMatch(/^oca_/);
    await operator.do(Operation.DeleteResourceDocument, { id: created.id! });
    expect(await ask({ resource })).toMatchObject({ status: 400, error: 'invalid_target' });
  });

  it('another instance knows a change within seconds', async () => {
    const other = await Registry.start(engine, ENV, {}, () => registry.databaseUrl);
    try {
      const { body } = await registry.createClient(aClient());
      const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
      const resource = 'https://late.example';
      const statusAt = async (instance: Registry) =>
        (
          await authorizationOf(() => instance).token(
            { grant_type: 'client_credentials', resource },
            basic(id!, secret!),
          )
        ).status;
      expect(await statusAt(other)).toBe(400);
      await create({ identifier: resource });
      const since = performance.now();
      while ((await statusAt(other)) !== 200 && performance.now() - since < 10_000) {
        await new Promise((done) => setTimeout(done, 100));
      }
      expect(performance.now() - since).toBeLessThan(7_000);
    } finally {
      await other.stop();
    }
  });

  it('once a resource defines scopes, only defined ones are granted, and each resource gets its own', async () => {
    const ask = await aService(['read', 'write', 'other']);
    expect(await ask()).toMatchObject({ scope: 'read write other' });
    const { identifier: reads } = await create({ scopes: [{ name: 'read' }] });
    const { identifier: writes } = await create({ scopes: [{ name: 'write' }] });
    const { identifier: none } = await create();
    expect(await ask({ resource: reads })).toMatchObject({ scope: 'read' });
    expect(await ask({ resource: writes })).toMatchObject({ scope: 'write' });
    expect(await ask({ resource: none })).toMatchObject({ scope: 'read write' });
    expect(await ask({ resource: CONFIGURED })).toMatchObject({ scope: 'read write' });
    expect(await ask()).toMatchObject({ scope: 'read write' });
    expect(await ask({ scope: 'other' })).toMatchObject({ status: 400, error: 'invalid_scope' });
    expect(await ask({ resource: reads, scope: 'write' })).toMatchObject({ error: 'invalid_scope' });
  });

  it('a restricted scope is granted to verified clients and clients of organizations only', async () => {
    const { identifier } = await create({ scopes: [{ name: 'read' }, { name: 'admin', restricted: true }] });
    const { identifier: free } = await create({ scopes: [{ name: 'admin' }] });
    const client = await register({ scope: 'read admin' });
    const { apiKey } = await registry.createKey();
    const scopeAt = async (resource: string) => {
      const { exchange } = await aCode(client, apiKey, { resource });
      return (await exchange({ resource })).body.scope as string | undefined;
    };
    expect(await scopeAt(identifier)).toBe('read');
    // Some resources accept tokens without a check of their audience
    expect(await scopeAt(free)).toBeUndefined();
    await operator.do(Operation.SetVerifiedDocument, { clientId: client.id, verified: true });
    expect(await scopeAt(identifier)).toBe('read admin');
    expect(await (await aService(['admin']))({ resource: identifier })).toMatchObject({ scope: 'admin' });
  });

  it('a refresh gets no scope that its resource does not define any more', async () => {
    const { id, identifier } = await create({ scopes: [{ name: 'read' }, { name: 'write' }] });
    const client = await register({ scope: 'read write' });
    const { exchange } = await aCode(client, (await registry.createKey()).apiKey, { resource: identifier });
    const { body } = await exchange({ resource: identifier });
    expect(body.scope).toBe('read write');
    await update(id!, { scopes: [{ name: 'read' }] });
    const refreshed = await refresh(client, body.refresh_token as string);
    expect([refreshed.status, refreshed.body.scope]).toEqual([200, 'read']);
  });

  it('a user reads what a scope means at each requested resource', async () => {
    const notes = await create({ name: 'Notes', scopes: [{ name: 'write', title: 'Add to your notes' }] });
    const bank = await create({
      identifier: 'https://bank.example',
      name: 'Bank',
      scopes: [{ name: 'write', title: 'Transfer money' }],
    });
    const client = await register({ scope: 'write' });
    const { parameters } = aRequest(client, { scope: 'write' });
    const query = new URLSearchParams(parameters as Record<string, string>);
    for (const { identifier } of [notes, bank]) query.append('resource', identifier);
    const reply = await fetch(`${registry.url}/v2/oauth/authorize?${query.toString()}`, {
      redirect: 'manual',
    });
    const consentToken = new URL(reply.headers.get('location')!).searchParams.get('consent_token')!;
    const html = await (await fetch(`${registry.url}${CONSENT_PATH}?consent_token=${consentToken}`)).text();
    expect(html).toMatch(/At Notes and Bank, it may[^]*Add to your notes[^]*Transfer money/);
    const { body } = await registry.send(`/v2/oauth/consent/${consentToken}`, {
      method: 'GET',
      key: (await registry.createKey()).apiKey,
    });
    expect(body.data.requested_scopes).toEqual([
      { id: 'write', name: 'Add to your notes', description: null },
      { id: 'write', name: 'Transfer money', description: null },
    ]);
  });

  it('a user reads for which resources a client asks, and later which scopes it has at each', async () => {
    const notes = await create({ name: 'Notes', scopes: [{ name: 'read' }, { name: 'write' }] });
    const bank = await create({
      identifier: 'https://bank.example',
      name: 'Bank',
      scopes: [{ name: 'read' }],
    });
    const client = await register({ scope: 'read write' });
    const { apiKey: key } = await registry.createKey({ userId: 'dora' });
    const first = await ask(client, { scope: 'read write', resource: notes.identifier });
    const second = await ask(client, { scope: 'read', resource: bank.identifier });
    for (const [{ consentToken }, { identifier, name }] of [
      [first, notes],
      [second, bank],
    ] as const) {
      const path = `/v2/oauth/consent/${consentToken}`;
      const { body } = await registry.send(path, { method: 'GET', key });
      expect(body.data.resources).toEqual([{ identifier, name }]);
      await decide(consentToken, true, key);
    }
    const { body } = await registry.send('/v2/oauth/grants', { method: 'GET', key });
    expect(body.data).toMatchObject([
      {
        scopes: ['read', 'write'],
        resources: [
          { identifier: notes.identifier, scopes: ['read', 'write'] },
          { identifier: bank.identifier, scopes: ['read'] },
        ],
      },
    ]);
  });

  it('a user reads titles and descriptions of the requested scopes, in the API and on the page', async () => {
    const { identifier } = await create({ scopes: [READ, { name: 'write' }] });
    const client = await register({ scope: 'read write' });
    const { consentToken } = await ask(client, { resource: identifier });
    const page = await fetch(`${registry.url}${CONSENT_PATH}?consent_token=${consentToken}`);
    const html = await page.text();
    expect(html).toContain(READ.title);
    expect(html).toContain(READ.description);
    const { body } = await registry.send(`/v2/oauth/consent/${consentToken}`, {
      method: 'GET',
      key: (await registry.createKey()).apiKey,
    });
    expect(body.data.requested_scopes).toEqual([
      { id: 'read', name: READ.title, description: READ.description },
      { id: 'write', name: 'write', description: null },
    ]);
  });

  it('the metadata documents list defined scopes, and none before', async () => {
    const scopesIn = async (name: string) =>
      (await registry.send(`/.well-known/${name}`, { method: 'GET' })).body.scopes_supported as unknown;
    const both = async () => [
      await scopesIn('oauth-authorization-server'),
      await scopesIn('oauth-protected-resource'),
    ];
    expect(await both()).toEqual([undefined, undefined]);
    await create({ scopes: [{ name: 'read' }] });
    await create({ identifier: registry.url, scopes: [{ name: 'registry' }] });
    expect(await both()).toEqual([['read', 'registry'], ['registry']]);
  });

  it('lists configured resources, which have no id, before the others', async () => {
    const { id, identifier } = await create();
    const { oauthResources } = await operator.do(Operation.ListResourcesDocument, {});
    expect(oauthResources).toMatchObject([
      { id: null, identifier: CONFIGURED, createdAt: null },
      { id, identifier, createdAt: expect.any(String) },
    ]);
    const read = async (of: string) =>
      (await operator.do(Operation.ReadResourceDocument, { identifier: of })).oauthResource?.id;
    expect(await read(`${identifier}/`)).toBe(id);
    expect(await read(CONFIGURED)).toBeNull();
    expect(await read('https://unknown.example')).toBeUndefined();
  });

  it.each<[string, Partial<Operation.CreateResourceInput>, string[]]>([
    ['no URI', { identifier: 'api' }, ['identifier']],
    ['a fragment', { identifier: 'https://api.example/#x' }, ['identifier']],
    ['a configured identifier', { identifier: `${CONFIGURED}/` }, ['identifier']],
    ['an empty name', { name: ' ' }, ['name']],
    ['a lifetime of a second', { accessTokenLifetimeSeconds: 1 }, ['accessTokenLifetimeSeconds']],
    ['a lifetime of a week', { accessTokenLifetimeSeconds: 604_800 }, ['accessTokenLifetimeSeconds']],
    ['a scope with a space', { scopes: [{ name: 'a b' }] }, ['scopes']],
    ['a scope twice', { scopes: [{ name: 'a' }, { name: 'a' }] }, ['scopes']],
    ['an invisible title', { scopes: [{ name: 'a', title: '\u200b' }] }, ['scopes']],
    ['too many scopes', { scopes: Array.from({ length: 101 }, (_, i) => ({ name: `s${i}` })) }, ['scopes']],
  ])('rejects %s, and stores nothing', async (_, input, fields) => {
    const all = { identifier: 'https://new.example', name: 'New', ...input };
    expect(await operator.refused(Operation.CreateResourceDocument, { input: all })).toEqual({
      code: 'BAD_USER_INPUT',
      fields,
    });
    expect((await operator.do(Operation.ListResourcesDocument, {})).oauthResources).toHaveLength(1);
  });

  it('rejects an identifier that another resource has, and more than 100 resources', async () => {
    const { id, identifier } = await create();
    const other = await create();
    const refusal = { code: 'BAD_USER_INPUT', fields: ['identifier'] };
    const input = { identifier, name: 'Again' };
    expect(await operator.refused(Operation.CreateResourceDocument, { input })).toEqual(refusal);
    const change = { id: other.id!, input: { identifier } };
    expect(await operator.refused(Operation.UpdateResourceDocument, change)).toEqual(refusal);
    for (let i = 2; i < 100; i++) await create();
    const tooMany = { identifier: 'https://101.example', name: '101' };
    expect(await operator.refused(Operation.CreateResourceDocument, { input: tooMany })).toEqual({
      code: 'BAD_USER_INPUT',
    });
    await operator.do(Operation.DeleteResourceDocument, { id: id! });
    await create(tooMany);
  });

  it('audits each change with its fields, and no change without one', async () => {
    const { id, identifier } = await create();
    await update(id!, { name: 'Invoices' });
    await update(id!, { name: 'Bills', scopes: [READ] });
    await operator.do(Operation.DeleteResourceDocument, { id: id! });
    const events = (await operator.events({ channel: 'GRAPHQL' })).filter(({ targetId }) => targetId === id);
    const actions = events.map(({ action }) => action);
    expect(actions).toEqual(['RESOURCE_DELETED', 'RESOURCE_UPDATED', 'RESOURCE_CREATED']);
    const [, updated, created] = events;
    expect(updated!.changes).toMatchObject([
      { field: 'name', before: 'Invoices', after: 'Bills' },
      { field: 'scopes', before: [], after: [{ ...READ, restricted: false }] },
    ]);
    expect(created!.changes).toContainEqual(
      expect.objectContaining({ field: 'identifier', before: null, after: identifier }),
    );
  });

  it.each([UNKNOWN_ID, 'x', CONFIGURED])('changes and deletes no resource with the id %s', async (id) => {
    const input = { name: 'New' };
    expect(await operator.refused(Operation.UpdateResourceDocument, { id, input })).toEqual({
      code: 'NOT_FOUND',
    });
    expect(await operator.refused(Operation.DeleteResourceDocument, { id })).toEqual({ code: 'NOT_FOUND' });
  });
});
