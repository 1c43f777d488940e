import { Retention } from '../../../src/jobs/retention.js';
import * as Operation from '../../operator/operations.js';
import { type TypedDocumentString } from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { CALLBACK, Operator, UNKNOWN_ID } from '../../support/graphql/operator.js';

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  let origin: Awaited<ReturnType<Operator['origin']>>;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    operator = new Operator(registry);
    origin = await operator.origin();
  });
  afterAll(() => registry.stop());

  describe('disables and enables', () => {
    it('a client, which keeps its data, and every interface shows its status', async () => {
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
      expect(disabled).toMatchObject(origin);
      expect(disabled!.changes).toEqual([{ field: 'status', before: 'active', after: 'disabled' }]);
    });

    it.each([
      ['disable', Operation.DisableClientDocument],
      ['enable', Operation.EnableClientDocument],
      ['delete', Operation.DeleteClientDocument],
    ] as [string, TypedDocumentString<unknown, Operation.DisableClientMutationVariables>][])(
      '%s: changes nothing if the version is stale, or there is no such client',
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

  describe('deleted clients', () => {
    it('are shown by no interface until they are restored, with their secret and token', async () => {
      const { body } = await registry.register({ redirect_uris: CALLBACK }, registry.adminKey);
      const clientId = body.client_id as string;
      const readEverywhere = async () => [
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
      expect(await readEverywhere()).toEqual([404, 401, true]);
      const gone = await operator.do(Operation.FindClientsDocument, { filter: { deleted: true } });
      expect(gone.oauthClients.nodes.map((client) => client.clientId)).toContain(clientId);

      const { restoreOAuthClient } = await operator.do(Operation.RestoreClientDocument, { clientId });
      expect(restoreOAuthClient.client).toMatchObject({ clientId, deletedAt: null, version: 3 });
      expect(await readEverywhere()).toEqual([200, 200, false]);
      expect((await operator.read(clientId))!.secrets).toEqual(before.secrets);
      expect(await operator.actions(clientId)).toEqual([
        'CLIENT_RESTORED',
        'CLIENT_DELETED',
        'CLIENT_CREATED',
      ]);
      const [restored] = await operator.events({ clientId });
      expect(restored).toMatchObject(origin);
    });

    it('cannot be changed; a client that is not deleted cannot be restored', async () => {
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

    it('are purged after the retention time, by any number of instances at once', async () => {
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
      expect(purged[0]).toMatchObject({ actor: { type: 'SYSTEM', id: null }, channel: 'JOB' });
      expect(refused).toEqual({ code: 'NOT_FOUND' });
      // An event outlives what it is about
      expect(history).toEqual(['CLIENT_PURGED', 'CLIENT_DELETED', 'CLIENT_CREATED']);
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

    it('counts them in a dry run, then changes exactly as many', async () => {
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
      expect(events[0]).toMatchObject(origin);
      // What is done is not done again
      expect(await run({ filter, dryRun: false })).toEqual({ count: 0, dryRun: false });
    });

    it('changes only clients that match: a filter for disabled ones leaves active ones alone', async () => {
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

    it('rejects a filter without a condition', async () => {
      const answer = { code: 'BAD_USER_INPUT', fields: ['filter'] };
      // To disable active clients says no more than to disable clients
      if (action === 'CLIENT_DISABLED') {
        expect(await refused({ filter: { status: 'ACTIVE' } })).toEqual(answer);
      }
      expect(await refused({ filter: {}, dryRun: false })).toEqual(answer);
      expect(await refused({ filter: { orgId: null }, dryRun: false })).toEqual(answer);
      expect(await refused({ filter: { deleted: true }, dryRun: false })).toEqual(answer);
    });

    it('rejects more than 10,000', async () => {
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
});
