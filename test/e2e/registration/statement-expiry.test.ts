import { SYSTEM } from '../../../src/audit/audit-event.js';
import { RegistrationManagementService } from '../../../src/clients/registration/registration-management.service.js';
import { LapsedClients } from '../../../src/jobs/lapsed-clients.js';
import { FIELD_NAMES } from '../../../src/policy/fields.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';
import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';

const CALLBACK = ['https://example.com/callback'];
const REFUSED = 'invalid_software_statement' as const;
const EXPIRED = 'The software statement of the client has expired.';

type Registered = Record<string, unknown> & {
  client_id: string;
  client_secret: string;
  registration_access_token: string;
};

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const said = ({ status, body }: Answer) => [status, body?.error];

onEachEngine((engine) => {
  let issuer: TokenIssuer;
  let registry: Registry;
  let other: Registry;
  let service: string;
  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    const env = {
      SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${issuer.url}/.well-known/jwks.json`,
      REGISTRATION_MAX_UNUSED: '100',
    };
    registry = await Registry.start(engine, env);
    other = await Registry.start(engine, {
      ...env,
      DATABASE_URL: registry.databaseUrl,
      REGISTRATION_REUSE: 'true',
    });
    service = (await registry.createKey({ role: 'service' })).apiKey;
  });
  afterAll(async () => {
    await other.stop();
    await registry.stop();
    issuer.stop();
  });

  async function aClientUntil(exp: number, at = registry) {
    const software_statement = await issuer.signStatement({ client_name: 'Attested', exp });
    const answer = await at.register({ redirect_uris: CALLBACK, software_statement });
    expect(answer.status).toBe(201);
    return answer.body as Registered;
  }

  /** The client as it is when its statement has expired a moment ago: no test waits for that, or has a clock of its own. */
  async function lapse(client: Registered) {
    const exp = inSeconds(-1);
    const statement = await issuer.signStatement({ client_name: 'Attested', exp });
    const { dataSource } = registry;
    const where = `WHERE id = '${client.client_id}'`;
    const [row] = await dataSource.query<{ metadata: string }[]>(
      `SELECT metadata FROM oauth_clients ${where}`,
    );
    const metadata = { ...(JSON.parse(row!.metadata) as object), softwareStatement: statement };
    await dataSource.query(
      `UPDATE oauth_clients SET metadata = '${JSON.stringify(metadata)}', statement_expires_at = ${exp * 1000} ${where}`,
    );
    return { ...client, statement };
  }
  const anOverClient = async (at = registry) => lapse(await aClientUntil(inSeconds(3600), at));

  const authenticate = async ({ client_id, client_secret }: Registered) => {
    const body = { client_id, client_secret };
    return (await registry.send('/v2/oauth/clients/authenticate', { body, key: service })).body as object;
  };
  const manage = (client: Registered, method: string, body?: object, path = '') =>
    registry.send(`/v2/oauth/register/${client.client_id}${path}`, {
      method,
      body,
      key: client.registration_access_token,
    });
  const put = (client: Registered, members: object = {}) =>
    manage(client, 'PUT', { client_id: client.client_id, redirect_uris: CALLBACK, ...members });
  const runJob = (at = registry) => at.app.get(LapsedClients, { strict: false }).disable();
  const shown = async ({ client_id: id }: Registered) => {
    const { body } = await registry.graphql(
      `query ($id: ID!) { oauthClient(clientId: $id) { status disabledReason softwareStatementExpiresAt version } }`,
      { id },
    );
    return body.data.oauthClient as { softwareStatementExpiresAt: string; version: number };
  };
  const eventsOf = async ({ client_id: id }: Registered) => {
    const { body } = await registry.graphql(
      `query ($id: ID!) { auditEvents(first: 50, filter: { clientId: $id }) { nodes { action channel actor { type } changes { field before after } } } }`,
      { id },
    );
    return body.data.auditEvents.nodes as { action: string; changes: { field: string }[] }[];
  };
  const mutate = async (mutation: string, { client_id: id }: Registered) => {
    const { body } = await registry.graphql(
      `mutation ($id: ID!) { ${mutation}(clientId: $id) { client { status disabledReason } } }`,
      { id },
    );
    return body.errors?.[0].message ?? body.data[mutation].client;
  };

  it('is rejected from the expiry on, before the job ran', async () => {
    const exp = inSeconds(3600);
    const lasting = await aClientUntil(exp);
    expect(await authenticate(lasting)).toMatchObject({ active: true });
    expect(await shown(lasting)).toMatchObject({
      softwareStatementExpiresAt: new Date(exp * 1000).toISOString(),
    });
    const client = await lapse(lasting);
    expect(await authenticate(client)).toMatchObject({
      active: false,
      reason: 'disabled_client',
      description: EXPIRED,
    });
    expect(await shown(client)).toMatchObject({ status: 'DISABLED', disabledReason: 'STATEMENT_EXPIRED' });
    const path = `/v2/oauth/clients/${client.client_id}`;
    const lookedUp = await registry.send(path, { method: 'GET', key: service });
    expect(lookedUp.body.data).toMatchObject({ status: 'disabled' });
    const refused = [403, 'insufficient_scope'];
    expect(said(await manage(client, 'GET'))).toEqual(refused);
    expect(said(await manage(client, 'DELETE'))).toEqual(refused);
    expect(said(await manage(client, 'GET', undefined, '/secrets'))).toEqual(refused);
    expect(said(await manage(client, 'POST', {}, '/secrets'))).toEqual(refused);
    // No tolerance: the client would end before it began
    const again = await registry.register({ redirect_uris: CALLBACK, software_statement: client.statement });
    expect(said(again)).toEqual([400, 'invalid_software_statement']);
  });

  it('is disabled once, with the reason, by two instances at once', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => aClientUntil(inSeconds(3600))));
    const lasting = await aClientUntil(inSeconds(3600));
    const endless = await registry.register({ software_statement: await issuer.signStatement({}) });
    const ids = clients.map(({ client_id }) => `'${client_id}'`).join();
    await registry.dataSource.query(
      `UPDATE oauth_clients SET statement_expires_at = ${Date.now() - 1} WHERE id IN (${ids})`,
    );
    await Promise.all([runJob(), runJob(other), runJob(), runJob(other)]);
    for (const client of clients) {
      expect(await shown(client)).toMatchObject({
        status: 'DISABLED',
        disabledReason: 'STATEMENT_EXPIRED',
        version: 2,
      });
      const [disabled, created, ...others] = await eventsOf(client);
      expect(disabled).toEqual({
        action: 'CLIENT_DISABLED',
        channel: 'JOB',
        actor: { type: 'SYSTEM' },
        changes: [
          { field: 'status', before: 'active', after: 'disabled' },
          { field: 'disabledReason', before: null, after: 'statement_expired' },
        ],
      });
      expect([created!.action, others]).toEqual(['CLIENT_CREATED', []]);
    }
    expect(await authenticate(clients[0]!)).toMatchObject({
      reason: 'disabled_client',
      description: EXPIRED,
    });
    const active = { status: 'ACTIVE', disabledReason: null };
    expect(await shown(lasting)).toMatchObject(active);
    expect(await shown(endless.body as Registered)).toMatchObject({
      ...active,
      softwareStatementExpiresAt: null,
    });
    // Or a flood of them would outgrow REGISTRATION_MAX_UNUSED
    const { body } = await registry.graphql(
      `query ($ids: [ID!]) { oauthClients(filter: { unused: true, status: DISABLED, ids: $ids }) { totalCount } }`,
      { ids: clients.map(({ client_id }) => client_id) },
    );
    expect(body.data.oauthClients.totalCount).toBe(20);
  });

  it('is enabled again by a PUT with a new statement only', async () => {
    const client = await anOverClient();
    const statement = await issuer.signStatement({ client_name: 'Renewed', exp: inSeconds(3600) });
    for (const job of [() => Promise.resolve(), runJob]) {
      await job();
      const refused = [400, 'invalid_software_statement'];
      expect(said(await put(client))).toEqual(refused);
      expect(said(await put(client, { software_statement: client.statement }))).toEqual(refused);
      expect(await authenticate(client)).toMatchObject({ active: false });
    }
    const { status, body } = await put(client, { software_statement: statement });
    expect([status, body.client_name, body.software_statement]).toEqual([200, 'Renewed', statement]);
    expect(await shown(client)).toMatchObject({ status: 'ACTIVE', disabledReason: null });
    expect(await authenticate(client)).toMatchObject({ active: true });
    const events = await eventsOf(client);
    expect(events.map(({ action }) => action)).toEqual([
      'REGISTRATION_TOKEN_ISSUED',
      'CLIENT_UPDATED',
      'CLIENT_ENABLED',
      'CLIENT_DISABLED',
      'CLIENT_CREATED',
    ]);
    expect(events.slice(1, 3).map(({ changes }) => changes.map(({ field }) => field))).toEqual([
      expect.arrayContaining(['name', 'softwareStatement', 'softwareStatementExpiresAt']),
      ['status', 'disabledReason'],
    ]);
    await runJob();
    expect(await authenticate(client)).toMatchObject({ active: true });
    // A later PUT that leaves the statement out keeps its end, too
    const { softwareStatementExpiresAt: end } = await shown(client);
    const kept = await put({ ...client, registration_access_token: body.registration_access_token });
    expect([kept.status, (await shown(client)).softwareStatementExpiresAt]).toEqual([200, end]);
  });

  it('is not replaced by a PUT without a statement that was read before it was renewed', async () => {
    const { client_id: id, registration_access_token: token, ...client } = await anOverClient();
    const software_statement = await issuer.signStatement({ client_name: 'Renewed', exp: inSeconds(3600) });
    const management = registry.app.get(RegistrationManagementService, { strict: false });
    const { client: read } = await management.authenticate(id, token, 'replace');
    const renewWhileRead = async () => {
      const renewed = await put(
        { ...client, client_id: id, registration_access_token: token },
        { software_statement },
      );
      expect(renewed.status).toBe(200);
      const draft = { name: 'Other', redirectUris: CALLBACK };
      const submission = { draft, faults: {}, names: FIELD_NAMES.registration, errorCode: () => REFUSED };
      return { submission, clientId: id, clientSecret: undefined };
    };
    await expect(management.replace(read, token, renewWhileRead, SYSTEM)).rejects.toMatchObject({
      code: REFUSED,
    });
    const [row] = await registry.dataSource.query<{ name: string }[]>(
      `SELECT name FROM oauth_clients WHERE id = '${id}'`,
    );
    expect(row!.name).toBe('Renewed');
  });

  it('is renewed before the job ran, and before it expires', async () => {
    const software_statement = await issuer.signStatement({ exp: inSeconds(7200) });
    for (const client of [await anOverClient(), await aClientUntil(inSeconds(60))]) {
      expect((await put(client, { software_statement })).status).toBe(200);
      expect(await authenticate(client)).toMatchObject({ active: true });
      const actions = (await eventsOf(client)).map(({ action }) => action);
      expect(actions).not.toContain('CLIENT_ENABLED');
    }
  });

  it('an administrator has the last word', async () => {
    const client = await anOverClient();
    await runJob();
    const refusal = expect.stringContaining('The software statement of the client has expired');
    expect(await mutate('enableOAuthClient', client)).toEqual(refusal);
    expect(await mutate('disableOAuthClient', client)).toEqual({ status: 'DISABLED', disabledReason: null });
    const software_statement = await issuer.signStatement({ exp: inSeconds(3600) });
    expect(said(await put(client, { software_statement }))).toEqual([403, 'insufficient_scope']);
    expect(await mutate('enableOAuthClient', client)).toEqual(refusal);
    await runJob();
    expect(await shown(client)).toMatchObject({ status: 'DISABLED', disabledReason: null });
    const description = 'The client is disabled.';
    expect(await authenticate(client)).toMatchObject({ reason: 'disabled_client', description });
  });

  it('a shared client is not shared any more; a new statement registers another', async () => {
    const client = await anOverClient(other);
    const read = () => registry.send(`/v2/oauth/register/${client.client_id}`, { method: 'GET' });
    expect(said(await read())).toEqual([403, 'insufficient_scope']);
    await runJob();
    expect(said(await read())).toEqual([403, 'insufficient_scope']);
    const [row] = await registry.dataSource.query<{ metadata_hash: string | null }[]>(
      `SELECT metadata_hash FROM oauth_clients WHERE id = '${client.client_id}'`,
    );
    expect(row!.metadata_hash).toBeNull();
    const next = await aClientUntil(inSeconds(3600), other);
    expect(next.client_id).not.toBe(client.client_id);
  });

  it('a client of an older release has no end until it sends another statement', async () => {
    const client = await anOverClient();
    await registry.dataSource.query(
      `UPDATE oauth_clients SET statement_expires_at = NULL WHERE id = '${client.client_id}'`,
    );
    await runJob();
    expect(await authenticate(client)).toMatchObject({ active: true });
    const kept = await put(client, { software_statement: client.statement });
    expect(kept.status).toBe(200);
    expect(await shown(client)).toMatchObject({ status: 'ACTIVE', softwareStatementExpiresAt: null });
  });

  if (engine === 'sqlite') {
    it('clients that are due are found by their partial index', async () => {
      const plan = await registry.dataSource.query(
        `EXPLAIN QUERY PLAN SELECT * FROM oauth_clients WHERE "statement_expires_at" IS NOT NULL AND "status" = 'active' AND "deleted_at" IS NULL
         AND "statement_expires_at" >= 0 AND "statement_expires_at" <= 1 ORDER BY statement_expires_at LIMIT 50`,
      );
      expect(JSON.stringify(plan)).toContain('oauth_clients_statement_expires_at');
    });
  }
});
