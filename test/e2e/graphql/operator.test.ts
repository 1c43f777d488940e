import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ApiKeysService } from '../../../src/auth/api-keys/api-keys.service.js';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { type DocumentNode, type FieldNode, Kind, parse } from 'graphql';
import { ClientError, GraphQLClient } from 'graphql-request';
import { AuditTrail } from '../../../src/audit/audit-trail.js';
import { SYSTEM } from '../../../src/audit/audit-event.js';
import { ClientsService } from '../../../src/clients/registry/clients.service.js';
import { AdminKeys } from '../../../src/jobs/admin-keys.js';
import { Retention } from '../../../src/jobs/retention.js';
import * as Operation from '../../operator/operations.js';
import { TypedDocumentString } from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';
import { statementsOf } from '../../support/statements.js';

const UNKNOWN_ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';
const CALLBACK = ['https://example.com/callback'];

/** What the hourly look at the admin keys warns of. */
async function warningsOf(registry: Registry): Promise<string[]> {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  try {
    await registry.app.get(AdminKeys, { strict: false }).check();
    return warn.mock.calls.map(([line]) => String(line));
  } finally {
    warn.mockRestore();
  }
}

/** How an operator works: with a client that knows the schema. */
class Operator {
  private readonly client: GraphQLClient;

  constructor(
    readonly registry: Registry,
    key = registry.adminKey,
  ) {
    this.client = new GraphQLClient(`${registry.url}/graphql`, {
      headers: { authorization: `Bearer ${key}` },
    });
  }

  do<T, V extends object>(operation: TypedDocumentString<T, V>, variables: V): Promise<T> {
    return this.client.request<T>(operation.toString(), variables);
  }

  /** The code of the refusal, and the fields that it names. */
  async refused<T, V extends object>(operation: TypedDocumentString<T, V>, variables: V) {
    const error: unknown = await this.do(operation, variables).catch((error: unknown) => error);
    if (!(error instanceof ClientError)) throw new Error('It was not refused.');
    const { code, invalid_fields: fields } = error.response.errors![0]!.extensions;
    return { code, ...(fields ? { fields: Object.keys(fields) } : {}) };
  }

  async create(input: Partial<Operation.CreateOAuthClientInput> = {}) {
    const { createOAuthClient } = await this.do(Operation.CreateClientDocument, {
      input: {
        orgId: 'acme',
        name: 'My client',
        clientType: 'CONFIDENTIAL',
        allowedGrantTypes: ['CLIENT_CREDENTIALS'],
        ...input,
      },
    });
    return createOAuthClient;
  }

  async read(clientId: string) {
    return (await this.do(Operation.ReadClientDocument, { clientId })).oauthClient;
  }

  /** Events about a client, the latest first. */
  async events(filter: Operation.AuditEventFilter) {
    const { auditEvents } = await this.do(Operation.ReadEventsDocument, { filter, first: 100 });
    return auditEvents.nodes;
  }

  async actions(clientId: string) {
    return (await this.events({ clientId })).map(({ action }) => action);
  }
}

const isoSoon = (seconds = 3600) => new Date(Date.now() + seconds * 1000).toISOString();

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  let adminKeyId: string;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    operator = new Operator(registry);
    adminKeyId = (await operator.do(Operation.ListKeysDocument, { first: 1 })).apiKeys.nodes[0]!.id;
  });
  afterAll(() => registry.stop());

  const byOperator = () => ({
    actor: { type: 'API_KEY', id: adminKeyId },
    door: 'GRAPHQL',
    address: '127.0.0.1',
    requestId: expect.any(String),
  });

  describe('creates', () => {
    it('a client for any organization, with its secret this once', async () => {
      const { client, clientSecret } = await operator.create({ orgId: 'other-org', userId: 'bob' });
      expect(clientSecret).toMatch(/^[\w-]{43}$/);
      expect(client).toMatchObject({ orgId: 'other-org', userId: 'bob', source: 'ADMIN', version: 1 });
      const { apiKey } = await registry.createKey({ orgId: 'other-org' });
      const seen = await registry.send(`/v2/oauth/clients/${client.clientId}`, {
        method: 'GET',
        key: apiKey,
      });
      expect(seen.body.data).toMatchObject({ client_id: client.clientId, client_secret: null });
      const [event] = await operator.events({ clientId: client.clientId });
      expect(event).toMatchObject({
        ...byOperator(),
        action: 'CLIENT_CREATED',
        clientId: client.clientId,
        targetId: client.clientId,
      });
      expect(event!.changes).toEqual(
        expect.arrayContaining([
          { field: 'name', before: null, after: 'My client' },
          { field: 'clientType', before: null, after: 'confidential' },
          { field: 'allowedGrantTypes', before: null, after: ['client_credentials'] },
        ]),
      );
    });

    it('a public one, without a secret, with everything that can be said of it', async () => {
      const input = {
        clientType: 'PUBLIC',
        tokenEndpointAuthMethod: 'NONE',
        allowedGrantTypes: ['AUTHORIZATION_CODE'],
        allowedScopes: ['read'],
        redirectUris: CALLBACK,
        requirePkce: true,
        logoUri: 'https://example.com',
        policyUri: 'https://example.com/p',
        tosUri: 'https://example.com/t',
        clientUri: 'https://example.com',
        contacts: ['ops@example.com'],
        jwksUri: 'https://example.com/jwks',
        softwareId: 's',
        softwareVersion: '1',
        applicationType: 'NATIVE',
        translations: [{ member: 'client_name#ja', value: 'クライアント' }],
      } as const;
      const { client, clientSecret } = await operator.create(input as never);
      expect(clientSecret).toBeNull();
      // An address comes back exactly as it was given
      expect(client).toMatchObject(input);
    });

    it('takes an address from the query itself as from a variable, and nothing but a text for one', async () => {
      const create = (address: string) =>
        registry.graphql(`mutation { createOAuthClient(input: {
          orgId: "acme", name: "n", clientType: PUBLIC, allowedGrantTypes: [REFRESH_TOKEN], logoUri: ${address}
        }) { client { logoUri } } }`);
      const good = await create('"https://example.com"');
      expect(good.body.data.createOAuthClient.client).toEqual({ logoUri: 'https://example.com' });
      const none = await create('null');
      expect(none.body.data.createOAuthClient.client).toEqual({ logoUri: null });
      for (const address of ['1', 'true', '{}', '[1]', 'ENUM']) {
        const { status, body } = await create(address);
        expect([status, body.errors[0].extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
      }
      for (const logoUri of [1, true, {}, [1]]) {
        const { body } = await registry.graphql(
          'mutation ($u: URL) { createOAuthClient(input: {orgId: "a", name: "n", clientType: PUBLIC, allowedGrantTypes: [REFRESH_TOKEN], logoUri: $u}) { clientSecret } }',
          { u: logoUri },
        );
        expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
      }
    });

    it('nothing that breaks a rule, and names every field at fault as it is called here', async () => {
      const before = [await registry.rows('oauth_clients'), await registry.rows('audit_events')];
      expect(
        await operator.refused(Operation.CreateClientDocument, {
          input: {
            orgId: ' ',
            userId: '\u202e',
            name: '',
            clientType: 'PUBLIC',
            tokenEndpointAuthMethod: 'CLIENT_SECRET_BASIC',
            allowedGrantTypes: ['AUTHORIZATION_CODE'],
            allowedScopes: ['a b'],
            redirectUris: ['javascript:alert(1)'],
            logoUri: 'ftp://example.com',
            jwks: { keys: [] },
            translations: [{ member: 'client_name', value: 'x' }],
          },
        }),
      ).toEqual({
        code: 'BAD_USER_INPUT',
        fields: expect.arrayContaining([
          'orgId',
          'userId',
          'name',
          'tokenEndpointAuthMethod',
          'allowedScopes',
          'redirectUris',
          'logoUri',
          'jwks',
          'translations',
        ]),
      });
      expect([await registry.rows('oauth_clients'), await registry.rows('audit_events')]).toEqual(before);
    });
  });

  describe('updates', () => {
    it('what is named, takes away what is null, and keeps the rest', async () => {
      const { client } = await operator.create({ logoUri: 'https://example.com/l', contacts: ['a@b'] });
      const { updateOAuthClient } = await operator.do(Operation.UpdateClientDocument, {
        clientId: client.clientId,
        version: 1,
        input: { name: 'Renamed', logoUri: null, allowedScopes: ['read'] },
      });
      expect(updateOAuthClient.client).toEqual({
        ...client,
        name: 'Renamed',
        logoUri: null,
        allowedScopes: ['read'],
        version: 2,
        updatedAt: expect.any(String),
      });
      const [event] = await operator.events({ clientId: client.clientId, action: 'CLIENT_UPDATED' });
      expect(event).toMatchObject(byOperator());
      expect(event!.changes).toEqual([
        { field: 'name', before: 'My client', after: 'Renamed' },
        { field: 'allowedScopes', before: [], after: ['read'] },
        { field: 'logoUri', before: 'https://example.com/l', after: null },
      ]);
    });

    it('nothing where the version is stale, the input is bad, or there is no such client', async () => {
      const { client } = await operator.create();
      const { clientId } = client;
      const update = (version: number, input: Operation.UpdateOAuthClientInput, id = clientId) =>
        operator.refused(Operation.UpdateClientDocument, { clientId: id, version, input });
      expect(await update(2, { name: 'x' })).toEqual({ code: 'PRECONDITION_FAILED' });
      expect(await update(1, { name: '' })).toEqual({ code: 'BAD_USER_INPUT', fields: ['name'] });
      expect(await update(1, { name: null, allowedGrantTypes: null })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['name', 'allowedGrantTypes'],
      });
      expect(await update(1, { name: 'x' }, UNKNOWN_ID)).toEqual({ code: 'NOT_FOUND' });
      expect(await update(1, { name: 'x' }, 'nonsense')).toEqual({ code: 'NOT_FOUND' });
      expect(await operator.actions(clientId)).toEqual(['CLIENT_CREATED']);
    });

    it('of ten at once with the same version, one wins', async () => {
      const { client } = await operator.create();
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, (_, i) =>
          operator.do(Operation.UpdateClientDocument, {
            clientId: client.clientId,
            version: 1,
            input: { name: `n${i}` },
          }),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await operator.actions(client.clientId)).toEqual(['CLIENT_UPDATED', 'CLIENT_CREATED']);
    });
  });

  describe('disables and enables', () => {
    it('a client, which keeps its data, and is told apart by every door', async () => {
      const { body } = await registry.register({ redirect_uris: CALLBACK }, registry.adminKey);
      const clientId = body.client_id as string;
      const atRegister = (method: string) =>
        registry.send(`/v2/oauth/register/${clientId}`, {
          method,
          key: body.registration_access_token as string,
          body: method === 'PUT' ? { client_id: clientId } : undefined,
        });
      const atRest = () =>
        registry.send(`/v2/oauth/clients/${clientId}`, { method: 'GET', key: registry.adminKey });
      expect((await atRest()).body.data).not.toHaveProperty('status');

      const { disableOAuthClient } = await operator.do(Operation.DisableClientDocument, {
        clientId,
        version: 1,
      });
      expect(disableOAuthClient.client).toMatchObject({ status: 'DISABLED', version: 2 });
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const { status, body } = await atRegister(method);
        expect({ status, error: body.error }).toEqual({ status: 403, error: 'insufficient_scope' });
      }
      expect((await atRest()).body.data).toMatchObject({ client_id: clientId, status: 'disabled' });
      expect((await operator.read(clientId))!.status).toBe('DISABLED');

      // Nothing happens, and nothing is written down, where it is disabled already
      const again = await operator.do(Operation.DisableClientDocument, { clientId });
      expect(again.disableOAuthClient.client.version).toBe(2);
      const { enableOAuthClient } = await operator.do(Operation.EnableClientDocument, { clientId });
      expect(enableOAuthClient.client).toMatchObject({ status: 'ACTIVE', version: 3 });
      expect((await atRegister('GET')).status).toBe(200);
      expect(await operator.actions(clientId)).toEqual([
        'CLIENT_ENABLED',
        'CLIENT_DISABLED',
        'CLIENT_CREATED',
      ]);
      const [, disabled] = await operator.events({ clientId });
      expect(disabled).toMatchObject(byOperator());
      expect(disabled!.changes).toEqual([{ field: 'status', before: 'active', after: 'disabled' }]);
    });

    it.each([
      ['disable', Operation.DisableClientDocument],
      ['enable', Operation.EnableClientDocument],
      ['delete', Operation.DeleteClientDocument],
    ] as [string, TypedDocumentString<unknown, Operation.DisableClientMutationVariables>][])(
      '%s: nothing where the version is stale, or there is no such client',
      async (_, operation) => {
        const { client } = await operator.create();
        expect(await operator.refused(operation, { clientId: client.clientId, version: 7 })).toEqual({
          code: 'PRECONDITION_FAILED',
        });
        expect(await operator.refused(operation, { clientId: UNKNOWN_ID })).toEqual({ code: 'NOT_FOUND' });
        expect(await operator.actions(client.clientId)).toEqual(['CLIENT_CREATED']);
      },
    );
  });

  it('vouches for a client, and no longer', async () => {
    const { client } = await operator.create();
    const { clientId } = client;
    const set = (verified: boolean) => operator.do(Operation.SetVerifiedDocument, { clientId, verified });
    expect((await set(true)).setOAuthClientVerified.client).toMatchObject({ verified: true, version: 2 });
    expect((await set(false)).setOAuthClientVerified.client).toMatchObject({ verified: false, version: 3 });
    expect(await operator.actions(clientId)).toEqual([
      'CLIENT_UNVERIFIED',
      'CLIENT_VERIFIED',
      'CLIENT_CREATED',
    ]);
    const stale = { clientId, verified: true, version: 1 };
    expect(await operator.refused(Operation.SetVerifiedDocument, stale)).toEqual({
      code: 'PRECONDITION_FAILED',
    });
    expect(
      await operator.refused(Operation.SetVerifiedDocument, { clientId: UNKNOWN_ID, verified: true }),
    ).toEqual({ code: 'NOT_FOUND' });
  });

  describe('secrets', () => {
    it('are issued with an overlap, told once, listed without themselves, and revoked', async () => {
      const { client, clientSecret } = await operator.create();
      const { clientId } = client;
      const { issueOAuthClientSecret: issued } = await operator.do(Operation.IssueSecretDocument, {
        clientId,
        expireOthersIn: 3600,
      });
      expect(issued.clientSecret).toMatch(/^[\w-]{43}$/);
      const read = (await operator.read(clientId))!;
      expect(read.secrets.nodes).toEqual([
        issued.secret,
        {
          id: expect.any(String),
          hint: clientSecret!.slice(-4),
          createdAt: expect.any(String),
          expiresAt: expect.any(String),
          lastUsedAt: null,
        },
      ]);
      expect(JSON.stringify(read)).not.toContain(clientSecret);
      await operator.do(Operation.RevokeSecretDocument, { clientId, secretId: read.secrets.nodes[1]!.id });
      expect((await operator.read(clientId))!.secrets.nodes).toEqual([issued.secret]);
      const events = await operator.events({ clientId });
      expect(events.map(({ action, targetId }) => [action, targetId])).toEqual([
        ['CLIENT_SECRET_REVOKED', read.secrets.nodes[1]!.id],
        ['CLIENT_SECRET_ISSUED', issued.secret.id],
        ['CLIENT_CREATED', clientId],
      ]);
      expect(events[1]).toMatchObject({
        ...byOperator(),
        changes: [{ field: 'othersExpireAt', before: null, after: read.secrets.nodes[1]!.expiresAt }],
      });
    });

    it('are refused to public clients, for the past, and where they are the last', async () => {
      const { client: publicClient } = await operator.create({ clientType: 'PUBLIC' });
      const { client } = await operator.create();
      const { clientId } = client;
      const issue = (variables: Operation.IssueSecretMutationVariables) =>
        operator.refused(Operation.IssueSecretDocument, variables);
      expect(await issue({ clientId: publicClient.clientId })).toEqual({ code: 'BAD_USER_INPUT' });
      expect(await issue({ clientId, expiresAt: isoSoon(-1), expireOthersIn: -1 })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['expiresAt', 'expireOthersIn'],
      });
      expect(await issue({ clientId: UNKNOWN_ID })).toEqual({ code: 'NOT_FOUND' });
      const [secret] = (await operator.read(clientId))!.secrets.nodes;
      const last = { clientId, secretId: secret!.id };
      expect(await operator.refused(Operation.RevokeSecretDocument, last)).toEqual({
        code: 'BAD_USER_INPUT',
      });
      expect(
        await operator.refused(Operation.RevokeSecretDocument, { clientId, secretId: UNKNOWN_ID }),
      ).toEqual({ code: 'NOT_FOUND' });
      expect(await operator.actions(clientId)).toEqual(['CLIENT_CREATED']);
      await operator.do(Operation.RevokeSecretDocument, { ...last, force: true });
      expect((await operator.read(clientId))!.secrets.nodes).toEqual([]);
    });
  });

  describe('deletes and restores', () => {
    it('a client: gone for every door, and back with secret and token', async () => {
      const { body } = await registry.register({ redirect_uris: CALLBACK }, registry.adminKey);
      const clientId = body.client_id as string;
      const doors = async () => [
        (await registry.send(`/v2/oauth/clients/${clientId}`, { method: 'GET', key: registry.adminKey }))
          .status,
        (
          await registry.send(`/v2/oauth/register/${clientId}`, {
            method: 'GET',
            key: body.registration_access_token as string,
          })
        ).status,
        (await operator.read(clientId)) === null,
      ];
      const before = (await operator.read(clientId))!;
      const deleted = await operator.do(Operation.DeleteClientDocument, { clientId });
      expect(deleted.deleteOAuthClient.client.deletedAt).toEqual(expect.any(String));
      expect(await doors()).toEqual([404, 401, true]);
      const gone = await operator.do(Operation.FindClientsDocument, { filter: { deleted: true } });
      expect(gone.oauthClients.nodes.map((client) => client.clientId)).toContain(clientId);

      const { restoreOAuthClient } = await operator.do(Operation.RestoreClientDocument, { clientId });
      expect(restoreOAuthClient.client).toMatchObject({ clientId, deletedAt: null, version: 3 });
      expect(await doors()).toEqual([200, 200, false]);
      expect((await operator.read(clientId))!.secrets).toEqual(before.secrets);
      expect(await operator.actions(clientId)).toEqual([
        'CLIENT_RESTORED',
        'CLIENT_DELETED',
        'CLIENT_CREATED',
      ]);
      const [restored] = await operator.events({ clientId });
      expect(restored).toMatchObject(byOperator());
    });

    it('what lives, or never was, cannot be restored; what is deleted cannot be changed', async () => {
      const { client } = await operator.create();
      const { clientId } = client;
      expect(await operator.refused(Operation.RestoreClientDocument, { clientId })).toEqual({
        code: 'NOT_FOUND',
      });
      expect(await operator.refused(Operation.RestoreClientDocument, { clientId: UNKNOWN_ID })).toEqual({
        code: 'NOT_FOUND',
      });
      await operator.do(Operation.DeleteClientDocument, { clientId });
      for (const refused of [
        operator.refused(Operation.UpdateClientDocument, { clientId, version: 2, input: { name: 'x' } }),
        operator.refused(Operation.DeleteClientDocument, { clientId }),
        operator.refused(Operation.IssueSecretDocument, { clientId }),
        operator.refused(Operation.EnableClientDocument, { clientId }),
      ]) {
        expect(await refused).toEqual({ code: 'NOT_FOUND' });
      }
    });

    it('for good once their time is up, on any number of instances at once', async () => {
      const registry = await Registry.start(engine, { DELETED_CLIENT_RETENTION: '1d' });
      // SQLite has one process per file
      const second =
        engine === 'postgres'
          ? await Registry.start(engine, { DATABASE_URL: registry.databaseUrl })
          : registry;
      const operator = new Operator(registry);
      const clients = await Promise.all(
        Array.from({ length: 30 }, (_, i) => operator.create({ name: `c${i}`, allowedScopes: ['s'] })),
      );
      const ids = clients.map(({ client }) => client.clientId);
      const [old, fresh, alive] = [ids.slice(0, 20), ids.slice(20, 25), ids.slice(25)];
      await Promise.all(
        [...old, ...fresh].map((clientId) => operator.do(Operation.DeleteClientDocument, { clientId })),
      );
      const yesterday = Date.now() - 86_400_001;
      await registry.dataSource.query(
        `UPDATE oauth_clients SET deleted_at = ${yesterday} WHERE id IN (${old.map((id) => `'${id}'`).join()})`,
      );
      await Promise.all([registry, second].map((each) => each.app.get(Retention, { strict: false }).run()));
      const left = await registry.dataSource.query<{ id: string }[]>('SELECT id FROM oauth_clients');
      const secrets = await registry.rows('oauth_client_secrets');
      const purged = await operator.events({ action: 'CLIENT_PURGED' });
      const refused = await operator.refused(Operation.RestoreClientDocument, { clientId: old[0]! });
      const history = await operator.actions(old[0]!);
      if (second !== registry) await second.stop();
      await registry.stop();
      expect(left.map(({ id }) => id).sort()).toEqual([...fresh, ...alive].sort());
      expect(secrets).toBe(10);
      expect(purged.map(({ clientId }) => clientId).sort()).toEqual([...old].sort());
      expect(purged[0]).toMatchObject({ actor: { type: 'SYSTEM', id: null }, door: 'SYSTEM' });
      expect(refused).toEqual({ code: 'NOT_FOUND' });
      // An event outlives what it is about
      expect(history).toEqual(['CLIENT_PURGED', 'CLIENT_DELETED', 'CLIENT_CREATED']);
    });
  });

  describe('a registration access token', () => {
    it('is replaced for software that lost it', async () => {
      const { body } = await registry.register({ redirect_uris: CALLBACK });
      const clientId = body.client_id as string;
      const { reissueRegistrationAccessToken: reissued } = await operator.do(Operation.ReissueTokenDocument, {
        clientId,
      });
      expect(reissued.registrationClientUri).toBe(body.registration_client_uri);
      const withToken = async (key: string) =>
        (await registry.send(`/v2/oauth/register/${clientId}`, { method: 'GET', key })).status;
      expect(await withToken(body.registration_access_token as string)).toBe(401);
      expect(await withToken(reissued.registrationAccessToken)).toBe(200);
      const events = await operator.events({ clientId });
      expect(events.map(({ action, actor }) => [action, actor.type])).toEqual([
        ['REGISTRATION_TOKEN_ISSUED', 'API_KEY'],
        ['CLIENT_CREATED', 'ANONYMOUS'],
      ]);
      expect(JSON.stringify(events)).not.toContain(reissued.registrationAccessToken);
    });

    it('is refused for clients that did not register themselves', async () => {
      const { client } = await operator.create();
      const refused = (clientId: string) => operator.refused(Operation.ReissueTokenDocument, { clientId });
      expect(await refused(client.clientId)).toEqual({ code: 'BAD_USER_INPUT' });
      expect(await refused(UNKNOWN_ID)).toEqual({ code: 'NOT_FOUND' });
    });
  });

  describe.each([
    ['disable', Operation.DisableClientsDocument, 'disableOAuthClients', 'CLIENT_DISABLED'],
    ['delete', Operation.DeleteClientsDocument, 'deleteOAuthClients', 'CLIENT_DELETED'],
  ] as const)('many at once: %s', (_, operation, field, action) => {
    type Variables = Operation.DisableClientsMutationVariables;
    const run = async (variables: Variables) =>
      ((await operator.do(operation as typeof Operation.DisableClientsDocument, variables)) as never)[
        field
      ] as { count: number; dryRun: boolean };
    const refused = (variables: Variables) =>
      operator.refused(operation as typeof Operation.DisableClientsDocument, variables);

    it('first counts them, then does it to just as many', async () => {
      const orgId = `bulk-${field}`;
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.push((await operator.create({ orgId })).client.clientId);
      const filter = { orgId };
      expect(await run({ filter })).toEqual({ count: 5, dryRun: true });
      expect(await operator.actions(ids[0]!)).toEqual(['CLIENT_CREATED']);
      expect(await refused({ filter, dryRun: false, expectedCount: 4 })).toEqual({
        code: 'PRECONDITION_FAILED',
      });
      expect(await operator.actions(ids[0]!)).toEqual(['CLIENT_CREATED']);

      expect(await run({ filter, dryRun: false, expectedCount: 5 })).toEqual({ count: 5, dryRun: false });
      for (const id of ids) expect(await operator.actions(id)).toEqual([action, 'CLIENT_CREATED']);
      const events = (await operator.events({ action })).filter(({ clientId }) => ids.includes(clientId!));
      // One request did all of it
      expect(new Set(events.map(({ requestId }) => requestId)).size).toBe(1);
      expect(events[0]).toMatchObject(byOperator());
      // What is done is not done again
      expect(await run({ filter, dryRun: false })).toEqual({ count: 0, dryRun: false });
    });

    it('only those that match: who asks for disabled ones gets no active ones', async () => {
      const orgId = `status-${field}`;
      const active = (await operator.create({ orgId })).client.clientId;
      const disabled = (await operator.create({ orgId })).client.clientId;
      await operator.do(Operation.DisableClientDocument, { clientId: disabled });
      const filter = { orgId, status: 'DISABLED' } as const;
      const count = action === 'CLIENT_DELETED' ? 1 : 0;
      expect(await run({ filter })).toEqual({ count, dryRun: true });
      expect(await run({ filter, dryRun: false })).toEqual({ count, dryRun: false });
      expect((await operator.read(active))!.status).toBe('ACTIVE');
    });

    it('never all clients for want of a condition', async () => {
      const answer = { code: 'BAD_USER_INPUT', fields: ['filter'] };
      // To disable active clients says no more than to disable clients
      if (action === 'CLIENT_DISABLED') {
        expect(await refused({ filter: { status: 'ACTIVE' } })).toEqual(answer);
      }
      expect(await refused({ filter: {}, dryRun: false })).toEqual(answer);
      expect(await refused({ filter: { orgId: null }, dryRun: false })).toEqual(answer);
      expect(await refused({ filter: { deleted: true }, dryRun: false })).toEqual(answer);
    });

    it('no more than 10,000', async () => {
      const registry = await Registry.start(engine);
      const operator = new Operator(registry);
      const { client } = await operator.create({ orgId: 'huge' });
      await copies(registry, client.clientId, 10_000);
      const filter = { orgId: 'huge' };
      const counted = await operator.do(operation as typeof Operation.DisableClientsDocument, { filter });
      const refusal = await operator.refused(operation as typeof Operation.DisableClientsDocument, {
        filter,
        dryRun: false,
      });
      await registry.dataSource.query(`DELETE FROM oauth_clients WHERE id = '${client.clientId}'`);
      const done = await operator.do(operation as typeof Operation.DisableClientsDocument, {
        filter,
        dryRun: false,
      });
      const events = await registry.rows('audit_events');
      await registry.stop();
      expect(counted).toEqual({ [field]: { count: 10_001, dryRun: true } });
      expect(refusal).toEqual({ code: 'BAD_USER_INPUT', fields: ['filter'] });
      expect(done).toEqual({ [field]: { count: 10_000, dryRun: false } });
      // The key, the client, and each of the 10,000
      expect(events).toBe(10_002);
    });
  });

  /** Rows like that of the client, with other ids. */
  async function copies(registry: Registry, clientId: string, count: number): Promise<void> {
    const columns = `name, org_id, user_id, client_type, token_endpoint_auth_method, grant_types, scopes, redirect_uris,
      require_pkce, metadata, source, status, verified, version, created_at, updated_at`;
    const id = (n: string) => `'01a20000-0000-7000-8000-' || ${n}`;
    const series =
      engine === 'postgres'
        ? { from: `generate_series(1, ${count}) i`, hex: `lpad(to_hex(i), 12, '0')` }
        : {
            from: `(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${count}) SELECT i FROM s)`,
            hex: `printf('%012x', i)`,
          };
    await registry.dataSource.query(
      `INSERT INTO oauth_clients (id, ${columns}) SELECT ${id(series.hex)}, ${columns}
       FROM oauth_clients, ${series.from} WHERE oauth_clients.id = '${clientId}'`,
    );
  }

  describe('API keys', () => {
    it('are made, told once, listed without themselves, and revoked at once', async () => {
      const { createApiKey } = await operator.do(Operation.CreateKeyDocument, {
        input: { name: 'ci', orgId: 'acme', userId: 'bob', expiresAt: isoSoon() },
      });
      const { id } = createApiKey.apiKey;
      expect(createApiKey.apiKey).toEqual({ id, name: 'ci', role: 'MEMBER', orgId: 'acme' });
      expect((await registry.createClient(aClient(), createApiKey.value)).status).toBe(201);
      const { apiKeys } = await operator.do(Operation.ListKeysDocument, {});
      expect(apiKeys.nodes[0]).toMatchObject({ id, hint: createApiKey.value.slice(-4), revokedAt: null });
      expect(JSON.stringify(apiKeys)).not.toContain(createApiKey.value);
      expect(apiKeys.totalCount).toBe(await registry.rows('api_keys'));

      const { revokeApiKey } = await operator.do(Operation.RevokeKeyDocument, { id });
      expect(revokeApiKey.apiKey).toEqual({ id, revokedAt: expect.any(String) });
      expect((await registry.createClient(aClient(), createApiKey.value)).status).toBe(401);
      expect(await operator.refused(Operation.RevokeKeyDocument, { id })).toEqual({ code: 'NOT_FOUND' });
      const events = (await operator.events({ actorId: adminKeyId })).filter(
        ({ targetId }) => targetId === id,
      );
      expect(events.map(({ action }) => action)).toEqual(['API_KEY_REVOKED', 'API_KEY_CREATED']);
      expect(events[1]!.changes).toEqual(
        expect.arrayContaining([{ field: 'orgId', before: null, after: 'acme' }]),
      );
      expect(JSON.stringify(events)).not.toContain(createApiKey.value);
    });

    it('that break a rule are refused, with every field at fault', async () => {
      const input = { name: '', orgId: ' ', userId: '\u0000', expiresAt: isoSoon(-1) };
      expect(await operator.refused(Operation.CreateKeyDocument, { input })).toEqual({
        code: 'BAD_USER_INPUT',
        fields: ['name', 'orgId', 'userId', 'expiresAt'],
      });
    });

    it('the last admin key cannot be revoked, not even by two admins at once', async () => {
      const registry = await Registry.start(engine);
      const operator = new Operator(registry);
      const [own] = (await operator.do(Operation.ListKeysDocument, {})).apiKeys.nodes;
      const alone = await operator.refused(Operation.RevokeKeyDocument, { id: own!.id });
      const { createApiKey: other } = await operator.do(Operation.CreateKeyDocument, {
        input: { name: 'other', orgId: 'acme', userId: 'bob', role: 'ADMIN' },
      });
      const second = new Operator(registry, other.value);
      const results = await Promise.allSettled([
        operator.do(Operation.RevokeKeyDocument, { id: other.apiKey.id }),
        second.do(Operation.RevokeKeyDocument, { id: own!.id }),
      ]);
      const valid = await registry.dataSource.query<object[]>(
        `SELECT id FROM api_keys WHERE role = 'admin' AND revoked_at IS NULL`,
      );
      await registry.stop();
      expect(alone).toEqual({ code: 'BAD_USER_INPUT' });
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(valid).toHaveLength(1);
    });
  });

  it('the last admin key that lasts cannot be revoked: one that ends within 7 days is none', async () => {
    const registry = await Registry.start(engine);
    const operator = new Operator(registry);
    const [own] = (await operator.do(Operation.ListKeysDocument, {})).apiKeys.nodes;
    const create = (endsInMs: number) =>
      registry.createKey({ role: 'admin', expiresAt: new Date(Date.now() + endsInMs) });
    const days = 86_400_000;
    const ending = await create(2_000);
    await create(7 * days - 60_000);
    const refused = await operator.refused(Operation.RevokeKeyDocument, { id: own!.id });
    // Nor may those go that end soon, once they are all there is
    await registry.dataSource.query(
      `UPDATE api_keys SET expires_at = ${Date.now() + days} WHERE id = '${own!.id}'`,
    );
    const refusedToo = await operator.refused(Operation.RevokeKeyDocument, { id: ending.id });
    const isLasting = registry.app.get(ApiKeysService, { strict: false });
    const before = await isLasting.hasLastingAdmin();
    const warnedBefore = await warningsOf(registry);
    await create(7 * days + 60_000);
    const after = await isLasting.hasLastingAdmin();
    const warnedAfter = await warningsOf(registry);
    const revoked = await operator.do(Operation.RevokeKeyDocument, { id: own!.id });
    await registry.stop();
    expect([refused, refusedToo]).toEqual([{ code: 'BAD_USER_INPUT' }, { code: 'BAD_USER_INPUT' }]);
    expect({ before, after }).toEqual({ before: false, after: true });
    // The log says so each hour, before nobody can sign in any more
    expect(warnedBefore).toEqual([
      'No admin key is valid for another 7 days. Make one: npm run api-key -- create --name NAME --org ORG --role admin',
    ]);
    expect(warnedAfter).toEqual([]);
    expect(revoked.revokeApiKey.apiKey.id).toBe(own!.id);
  });

  it('initial access tokens are made, told once, listed, found again in their clients, and revoked', async () => {
    const { createInitialAccessToken } = await operator.do(Operation.CreateTokenDocument, {
      input: {
        name: 'fleet',
        orgId: 'acme',
        userId: 'bob',
        maxRegistrations: 2,
        expiresAt: isoSoon(),
        scopes: ['read'],
        grantTypes: ['AUTHORIZATION_CODE'],
        redirectHosts: ['localhost'],
      },
    });
    const { id } = createInitialAccessToken.initialAccessToken;
    const { value } = createInitialAccessToken;
    const { body } = await registry.register({ scope: 'read write' }, value);
    expect(body.scope).toBe('read');
    const listed = await operator.do(Operation.ListTokensDocument, {});
    expect(listed.initialAccessTokens.nodes[0]).toMatchObject({
      id,
      hint: value.slice(-4),
      registrations: 1,
      scopes: ['read'],
      grantTypes: ['AUTHORIZATION_CODE'],
      redirectHosts: ['localhost'],
    });
    expect(JSON.stringify(listed)).not.toContain(value);
    const found = await operator.do(Operation.FindClientsDocument, { filter: { initialAccessTokenId: id } });
    expect(found.oauthClients.nodes.map(({ clientId }) => clientId)).toEqual([body.client_id]);
    const [created] = await operator.events({ clientId: body.client_id as string });
    expect(created).toMatchObject({ actor: { type: 'INITIAL_ACCESS_TOKEN', id }, door: 'REGISTRATION' });

    await operator.do(Operation.RevokeTokenDocument, { id });
    expect((await registry.register({}, value)).status).toBe(401);
    expect(await operator.refused(Operation.RevokeTokenDocument, { id })).toEqual({ code: 'NOT_FOUND' });
    const events = (await operator.events({ actorId: adminKeyId })).filter(({ targetId }) => targetId === id);
    expect(events.map(({ action }) => action)).toEqual([
      'INITIAL_ACCESS_TOKEN_REVOKED',
      'INITIAL_ACCESS_TOKEN_CREATED',
    ]);
    const bad = {
      name: '',
      orgId: '',
      userId: 'u',
      maxRegistrations: 0,
      expiresAt: isoSoon(-1),
      scopes: [],
      redirectHosts: ['*'],
    };
    expect(await operator.refused(Operation.CreateTokenDocument, { input: bad })).toEqual({
      code: 'BAD_USER_INPUT',
      fields: ['name', 'orgId', 'maxRegistrations', 'expiresAt', 'scopes', 'redirectHosts'],
    });
  });

  describe('the audit trail', () => {
    it('knows what was done through the other doors, and by whom', async () => {
      const { apiKey, id: keyId } = await registry.createKey();
      const { body } = await registry.createClient(aClient(), apiKey);
      const clientId = body.data.client_id as string;
      const path = `/v2/oauth/clients/${clientId}`;
      const put = await registry.send(path, { method: 'PUT', key: apiKey, body: { name: 'Renamed' } });
      expect(put.status).toBe(200);
      const secret = await registry.send(`${path}/secrets`, { key: apiKey, body: {} });
      await registry.send(`${path}/secrets/${secret.body.data.id as string}`, {
        method: 'DELETE',
        key: apiKey,
      });
      await registry.send(path, { method: 'DELETE', key: apiKey });
      const events = await operator.events({ clientId });
      expect(events.map(({ action }) => action)).toEqual([
        'CLIENT_DELETED',
        'CLIENT_SECRET_REVOKED',
        'CLIENT_SECRET_ISSUED',
        'CLIENT_UPDATED',
        'CLIENT_CREATED',
      ]);
      for (const event of events) {
        expect(event).toMatchObject({
          actor: { type: 'API_KEY', id: keyId },
          door: 'REST',
          address: '127.0.0.1',
          requestId: expect.any(String),
        });
      }
      expect(events[3]!.changes).toEqual([{ field: 'name', before: 'My OAuth client', after: 'Renamed' }]);
    });

    it('knows software that manages itself', async () => {
      const { body } = await registry.register({ redirect_uris: CALLBACK });
      const clientId = body.client_id as string;
      const path = `/v2/oauth/register/${clientId}`;
      const put = await registry.send(path, {
        method: 'PUT',
        key: body.registration_access_token as string,
        body: { client_id: clientId, redirect_uris: CALLBACK, client_name: 'n' },
      });
      await registry.send(path, { method: 'DELETE', key: put.body.registration_access_token as string });
      const events = await operator.events({ clientId });
      expect(events.map(({ action, actor }) => [action, actor.type, actor.id])).toEqual([
        ['CLIENT_DELETED', 'REGISTRATION_TOKEN', clientId],
        ['REGISTRATION_TOKEN_ISSUED', 'REGISTRATION_TOKEN', clientId],
        ['CLIENT_UPDATED', 'REGISTRATION_TOKEN', clientId],
        ['CLIENT_CREATED', 'ANONYMOUS', null],
      ]);
    });

    it('holds no secret, token, key or hash', async () => {
      const { clientSecret, client } = await operator.create();
      const { body } = await registry.register({ redirect_uris: CALLBACK });
      const { createApiKey } = await operator.do(Operation.CreateKeyDocument, {
        input: { name: 'ci', orgId: 'acme', userId: 'bob' },
      });
      const { value } = await registry.createInitialAccessToken();
      const issued = await operator.do(Operation.IssueSecretDocument, { clientId: client.clientId });
      const all = JSON.stringify(await registry.dataSource.query('SELECT * FROM audit_events'));
      for (const secret of [
        clientSecret,
        body.client_secret,
        body.registration_access_token,
        createApiKey.value,
        value,
        issued.issueOAuthClientSecret.clientSecret,
        registry.adminKey,
        'sha256:',
      ] as string[]) {
        expect(all).not.toContain(secret);
      }
      expect(all).toContain(client.clientId);
    });

    it('is filtered by time, door, action and actor, and read page by page', async () => {
      const registry = await Registry.start(engine);
      const operator = new Operator(registry);
      await operator.create({ name: 'before' });
      await new Promise((done) => setTimeout(done, 20));
      const since = new Date().toISOString();
      const ids: string[] = [];
      for (let i = 0; i < 7; i++) ids.unshift((await operator.create({ name: `c${i}` })).client.clientId);
      await new Promise((done) => setTimeout(done, 20));
      const until = new Date().toISOString();
      await new Promise((done) => setTimeout(done, 20));
      await registry.register({});
      const during = await operator.events({ since, until });
      const byDoor = await operator.events({ door: 'REGISTRATION' });
      const anonymous = await operator.events({ actorType: 'ANONYMOUS' });
      const nobody = await operator.events({ actorId: 'nobody' });
      const walked: string[] = [];
      let after: string | null | undefined;
      do {
        const { auditEvents } = await operator.do(Operation.ReadEventsDocument, {
          filter: { action: 'CLIENT_CREATED', since, until },
          first: 3,
          after,
        });
        expect(auditEvents.pageInfo.hasPreviousPage).toBe(after !== undefined);
        walked.push(...auditEvents.nodes.map(({ clientId }) => clientId!));
        after = auditEvents.pageInfo.hasNextPage ? auditEvents.pageInfo.endCursor : null;
      } while (after);
      const foreign = await operator.refused(Operation.ReadEventsDocument, { after: 'nonsense' });
      await registry.stop();
      expect(during.map(({ clientId }) => clientId)).toEqual(ids);
      expect(walked).toEqual(ids);
      expect([byDoor.length, anonymous.length, nobody.length]).toEqual([1, 1, 0]);
      for (const { at } of during) expect(at >= since && at < until).toBe(true);
      expect(foreign).toEqual({ code: 'BAD_USER_INPUT', fields: ['after'] });
    });

    it('can be changed or removed by no operation of any door', async () => {
      const { schema } = registry.app.get(GraphQLSchemaHost, { strict: false });
      const names = Object.keys(schema.getMutationType()!.getFields());
      expect(names.filter((name) => /audit|event|history/i.test(name))).toEqual([]);
      for (const method of ['POST', 'PUT', 'DELETE', 'GET']) {
        const answer = await registry.send('/v2/audit_events', { method, key: registry.adminKey });
        expect(answer.status).toBe(404);
      }
    });

    it('is forgotten where the operator says so, and only what is old enough', async () => {
      const registry = await Registry.start(engine, { AUDIT_RETENTION: '1d' });
      const operator = new Operator(registry);
      const { client } = await operator.create();
      // An id of two days ago
      const old = (Date.now() - 2 * 86_400_000).toString(16).padStart(12, '0');
      await registry.dataSource.query(
        `UPDATE audit_events SET id = '${old.slice(0, 8)}-${old.slice(8)}' || substr(id, 14) WHERE action <> 'client.created'`,
      );
      await registry.app.get(Retention, { strict: false }).run();
      const left = await operator.events({});
      await registry.stop();
      expect(left.map(({ action, clientId }) => [action, clientId])).toEqual([
        ['CLIENT_CREATED', client.clientId],
      ]);
    });

    it('and a change are there together, or neither is', async () => {
      const registry = await Registry.start(engine);
      const clients = registry.app.get(ClientsService, { strict: false });
      const operator = new Operator(registry);
      const { client } = await operator.create();
      const before = [await registry.rows('audit_events'), await registry.rows('oauth_clients')];
      const tooLong = { ...SYSTEM, requestId: null, door: 'system' as const, address: null };
      // An actor that the database cannot store: the change must not stay without its event
      const unstorable = { ...tooLong, actor: { type: 'jwt' as const, id: '\0'.repeat(300) } };
      const byUnstorable = clients
        .remove({ id: client.clientId }, null, engine === 'postgres' ? unstorable : (null as never))
        .catch((error: unknown) => error);
      expect(await byUnstorable).toBeInstanceOf(Error);
      const after = [await registry.rows('audit_events'), await registry.rows('oauth_clients')];
      const still = await operator.read(client.clientId);
      await registry.stop();
      expect(after).toEqual(before);
      expect(still!.deletedAt).toBeNull();
    });
  });

  describe('lists load what belongs to their entries at once', () => {
    const CLIENTS = 100;
    let registry: Registry;
    let operator: Operator;
    beforeAll(async () => {
      registry = await Registry.start(engine);
      operator = new Operator(registry);
      for (let i = 0; i < CLIENTS; i++) {
        const { client } = await operator.create({ name: `c${i}` });
        if (i % 10 === 0) await operator.do(Operation.IssueSecretDocument, { clientId: client.clientId });
      }
      // The first use of a key is written down
      await operator.events({});
    });
    afterAll(() => registry.stop());

    // Beside the one for the key, which is not looked up again within the second
    const statements = async (work: () => Promise<unknown>) =>
      (await statementsOf(registry.dataSource, work)).filter((statement) => !statement.includes('api_keys'));

    it('a page of 100 clients with their secrets costs two statements', async () => {
      let page: Operation.PageWithChildrenQuery | undefined;
      const asked = await statements(async () => {
        page = await operator.do(Operation.PageWithChildrenDocument, { first: CLIENTS });
      });
      expect(asked).toHaveLength(2);
      const counts = page!.oauthClients.nodes.map(({ secrets }) => secrets.nodes.length);
      expect([counts.length, counts.reduce((sum, n) => sum + n)]).toEqual([CLIENTS, CLIENTS + 10]);
    });

    it('so does one with their history, each page by page', async () => {
      const variables = { first: CLIENTS, events: 1 };
      let page: Operation.PageWithHistoryQuery | undefined;
      const asked = await statements(async () => {
        page = await operator.do(Operation.PageWithHistoryDocument, variables);
      });
      expect(asked).toHaveLength(2);
      const [last] = page!.oauthClients.nodes.filter(({ history }) => history.pageInfo.hasNextPage);
      expect(last!.history.edges.map(({ node }) => node.action)).toEqual(['CLIENT_SECRET_ISSUED']);
      const next = await operator.do(Operation.PageWithHistoryDocument, {
        ...variables,
        after: last!.history.pageInfo.endCursor,
      });
      const same = next.oauthClients.nodes.find(({ clientId }) => clientId === last!.clientId)!;
      expect(same.history.edges.map(({ node }) => node.action)).toEqual(['CLIENT_CREATED']);
      expect(same.history.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    });

    it('the trail pages one statement, whatever its length', async () => {
      const trail = registry.app.get(AuditTrail, { strict: false });
      const asked = await statements(() => trail.page({}, { size: 50, after: null }));
      expect(asked).toHaveLength(1);
    });
  });

  it('what an operator vouched for is no longer vouched for once somebody else changes it', async () => {
    const { body } = await registry.register(
      { redirect_uris: CALLBACK, client_name: 'Honest' },
      registry.adminKey,
    );
    const clientId = body.client_id as string;
    const verify = () => operator.do(Operation.SetVerifiedDocument, { clientId, verified: true });
    const verified = async () => (await operator.read(clientId))!.verified;
    const atRest = (change: object) =>
      registry.send(`/v2/oauth/clients/${clientId}`, { method: 'PUT', key: registry.adminKey, body: change });
    await verify();
    await atRest({ name: 'Bank' });
    expect(await verified()).toBe(false);
    const [event] = await operator.events({ clientId });
    expect(event!.changes).toEqual([
      { field: 'name', before: 'Honest', after: 'Bank' },
      { field: 'verified', before: true, after: false },
    ]);
    await verify();
    await registry.send(`/v2/oauth/register/${clientId}`, {
      method: 'PUT',
      key: body.registration_access_token as string,
      body: { client_id: clientId, client_name: 'Bank', redirect_uris: ['https://evil.example/cb'] },
    });
    expect(await verified()).toBe(false);
    await verify();
    const { version } = (await operator.read(clientId))!;
    await operator.do(Operation.UpdateClientDocument, { clientId, version, input: { name: 'Checked' } });
    expect(await verified()).toBe(true);
  });

  it.each<[string, object, boolean]>([
    ['fewer scopes', { allowed_scopes: ['read'] }, true],
    ['PKCE from now on', { require_pkce: true }, true],
    ['fewer redirect URIs', { redirect_uris: ['https://a.example/2'] }, true],
    ['another scope', { allowed_scopes: ['read', 'write', 'admin'] }, false],
    ['another grant', { allowed_grant_types: ['authorization_code', 'client_credentials'] }, false],
  ])(
    'a member who changes a client to %s keeps it verified only if that narrows it',
    async (_, to, stays) => {
      const { apiKey: key } = await registry.createKey();
      const { body } = await registry.createClient(
        {
          name: 'App',
          client_type: 'confidential',
          allowed_grant_types: ['authorization_code'],
          allowed_scopes: ['read', 'write'],
          redirect_uris: ['https://a.example/1', 'https://a.example/2'],
        },
        key,
      );
      const clientId = body.data.client_id as string;
      await operator.do(Operation.SetVerifiedDocument, { clientId, verified: true });
      const put = await registry.send(`/v2/oauth/clients/${clientId}`, { method: 'PUT', key, body: to });
      expect(put.status).toBe(200);
      expect((await operator.read(clientId))!.verified).toBe(stays);
      const [event] = await operator.events({ clientId });
      expect(event!.changes.some(({ field }) => field === 'verified')).toBe(!stays);
    },
  );

  it.each<[string, object, boolean]>([
    ['fewer scopes and grants', { scope: 'read', grant_types: ['authorization_code'] }, true],
    ['another scope', { scope: 'read write admin' }, false],
    ['another authentication method', { token_endpoint_auth_method: 'client_secret_post' }, false],
    ['another type', { token_endpoint_auth_method: 'none' }, false],
    ['keys', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }] } }, false],
    ['other contacts', { contacts: ['evil@evil.example'] }, false],
    ['another software id', { software_id: 'other' }, false],
  ])(
    'software that changes its registration to %s keeps it verified only if that narrows it',
    async (_, to, stays) => {
      const sent = {
        redirect_uris: CALLBACK,
        client_name: 'Honest',
        scope: 'read write',
        grant_types: ['authorization_code', 'refresh_token'],
        contacts: ['ops@a.example'],
        software_id: 'app',
      };
      const { body } = await registry.register(sent);
      const clientId = body.client_id as string;
      await operator.do(Operation.SetVerifiedDocument, { clientId, verified: true });
      const put = await registry.send(`/v2/oauth/register/${clientId}`, {
        method: 'PUT',
        key: body.registration_access_token as string,
        body: { client_id: clientId, ...sent, ...to },
      });
      expect(put.status).toBe(200);
      expect((await operator.read(clientId))!.verified).toBe(stays);
    },
  );

  it('a change that changes nothing is none', async () => {
    const { client } = await operator.create();
    const { clientId } = client;
    const same = { name: client.name, allowedScopes: client.allowedScopes, logoUri: null };
    await operator.do(Operation.UpdateClientDocument, { clientId, version: 1, input: same });
    expect((await operator.read(clientId))!.version).toBe(1);
    await operator.do(Operation.UpdateClientDocument, { clientId, version: 1, input: {} });
    expect(await operator.actions(clientId)).toEqual(['CLIENT_CREATED']);
  });

  it('each mutation of a request sees what those before it did', async () => {
    const { client } = await operator.create();
    await operator.do(Operation.IssueSecretDocument, { clientId: client.clientId });
    const ids = (await operator.read(client.clientId))!.secrets.nodes.map(({ id }) => id);
    const { body } = await registry.graphql(
      `mutation ($c: ID!, $a: ID!, $b: ID!) {
        a: revokeOAuthClientSecret(clientId: $c, secretId: $a) { client { secrets { nodes { id } } } }
        b: revokeOAuthClientSecret(clientId: $c, secretId: $b, force: true) { client { secrets { nodes { id } } } }
        c: disableOAuthClient(clientId: $c) { client { history(first: 1) { nodes { action } } } }
      }`,
      { c: client.clientId, a: ids[0], b: ids[1] },
    );
    expect(body.data).toEqual({
      a: { client: { secrets: { nodes: [{ id: ids[1] }] } } },
      b: { client: { secrets: { nodes: [] } } },
      c: { client: { history: { nodes: [{ action: 'CLIENT_DISABLED' }] } } },
    });
  });

  it('an id that is none is not found, and a bad inner page is refused, like everywhere', async () => {
    const { client } = await operator.create();
    const { clientId } = client;
    for (const id of ['\u0000', 'x'.repeat(1000), '']) {
      expect(await operator.refused(Operation.RevokeKeyDocument, { id })).toEqual({ code: 'NOT_FOUND' });
      expect(await operator.refused(Operation.RevokeTokenDocument, { id })).toEqual({ code: 'NOT_FOUND' });
      const secret = { clientId, secretId: id };
      expect(await operator.refused(Operation.RevokeSecretDocument, secret)).toEqual({ code: 'NOT_FOUND' });
    }
    for (const page of ['first: 0', 'first: -5', 'first: 101', 'after: "nonsense"']) {
      for (const list of ['secrets', 'history']) {
        const { body } = await registry.graphql(
          `{ oauthClient(clientId: "${clientId}") { ${list}(${page}) { nodes { id } } } }`,
        );
        expect(body.errors[0].extensions).toEqual({
          code: 'BAD_USER_INPUT',
          invalid_fields: { [page.split(':')[0]!]: [expect.any(String)] },
        });
      }
    }
  });

  it('where a proxy passes on no address, its own is written down, and nobody is refused', async () => {
    const registry = await Registry.start(engine, { TRUST_PROXY: '1' });
    const operator = new Operator(registry);
    const addresses: (string | null)[] = [];
    for (const from of ['x'.repeat(100), '192.0.2.7:4711', '[2001:db8::1]:443', '2001:DB8:0::1']) {
      const { status, body } = await registry.send('/v2/oauth/register', {
        body: {},
        headers: { 'x-forwarded-for': from },
      });
      expect(status).toBe(201);
      addresses.push((await operator.events({ clientId: body.client_id as string }))[0]!.address ?? null);
    }
    await registry.stop();
    expect(addresses).toEqual(['127.0.0.1', '192.0.2.7', '2001:db8::1', '2001:db8::1']);
  });

  it('finds a part of a name, whatever is in it', async () => {
    for (const name of ['Invoices 100%', 'invoices_2027', 'back\\slash'])
      await operator.create({ name, orgId: 'find' });
    const find = async (nameContains: string) => {
      const filter = { nameContains, orgId: 'find' };
      const { oauthClients } = await operator.do(Operation.FindClientsDocument, { filter });
      return oauthClients.nodes.map(({ name }) => name).sort();
    };
    expect(await find('INVOICES')).toEqual(['Invoices 100%', 'invoices_2027']);
    expect(await find('0%')).toEqual(['Invoices 100%']);
    expect(await find('s_2')).toEqual(['invoices_2027']);
    expect(await find('k\\s')).toEqual(['back\\slash']);
  });

  describe('is nobody but an admin', () => {
    /** Every operation, with values for its variables that would do. */
    const VARIABLES: Record<string, unknown> = {
      clientId: UNKNOWN_ID,
      clientIds: [UNKNOWN_ID],
      unused: true,
      secretId: UNKNOWN_ID,
      id: UNKNOWN_ID,
      version: 1,
      verified: true,
      first: 1,
      events: 1,
      dryRun: false,
      filter: { orgId: 'acme' },
    };
    const INPUTS: Record<string, unknown> = {
      CreateClient: { orgId: 'acme', name: 'n', clientType: 'PUBLIC', allowedGrantTypes: ['REFRESH_TOKEN'] },
      UpdateClient: { name: 'n' },
      CreateKey: { name: 'n', orgId: 'acme', userId: 'u' },
      CreateToken: { name: 'n', orgId: 'acme', userId: 'u', maxRegistrations: 1, expiresAt: isoSoon() },
    };
    const DOCUMENTS = Object.values(Operation as Record<string, unknown>).filter(
      (value) => value instanceof TypedDocumentString,
    );
    const operationOf = (document: DocumentNode) =>
      document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!;
    const NAMED = DOCUMENTS.map((text) => ({ text: text.toString(), document: parse(text.toString()) }))
      .filter(({ document }) => document.definitions[0]!.kind === Kind.OPERATION_DEFINITION)
      .map(({ text, document }): [string, string, DocumentNode] => [
        operationOf(document).name!.value,
        text,
        document,
      ]);

    it('the operations of this test reach every query and mutation there is', () => {
      const { schema } = registry.app.get(GraphQLSchemaHost, { strict: false });
      const fields = [schema.getQueryType()!, schema.getMutationType()!].flatMap((type) =>
        Object.keys(type.getFields()),
      );
      const used = NAMED.flatMap(([, , document]) =>
        operationOf(document).selectionSet.selections.map((field) => (field as FieldNode).name.value),
      );
      // The statistics are read in another test
      expect(new Set([...used, 'oauthClientStats'])).toEqual(new Set(fields));
    });

    it.each(NAMED)('%s: anonymous, member, revoked, expired', async (name, text, document) => {
      const { variableDefinitions = [] } = operationOf(document);
      const names = variableDefinitions.map(({ variable }) => variable.name.value);
      const variables = Object.fromEntries(
        names.map((variable) => [variable, variable === 'input' ? INPUTS[name] : VARIABLES[variable]]),
      );
      const { apiKey: member } = await registry.createKey();
      const { apiKey: revoked, id } = await registry.createKey({ role: 'admin' });
      await operator.do(Operation.RevokeKeyDocument, { id });
      const { value: initialAccessToken } = await registry.createInitialAccessToken();
      const rows = async () => [
        await registry.rows('oauth_clients'),
        await registry.rows('api_keys'),
        await registry.rows('audit_events'),
      ];
      const before = await rows();
      const answers = [];
      for (const key of [null, member, revoked, initialAccessToken]) {
        const { status, body } = await registry.graphql(text, variables, key);
        answers.push([status, body.errors[0].extensions.code, body.data]);
      }
      expect(answers).toEqual([
        [401, 'UNAUTHENTICATED', undefined],
        [403, 'FORBIDDEN', undefined],
        [401, 'UNAUTHENTICATED', undefined],
        [401, 'UNAUTHENTICATED', undefined],
      ]);
      // And nothing happens but that the member's attempt is recorded
      const [clients, keys, events] = before;
      expect(await rows()).toEqual([clients, keys, events! + 1]);
    });
  });
});
