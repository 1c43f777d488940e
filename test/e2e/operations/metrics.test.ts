import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildApp } from '../../../src/app.js';
import { readConfig } from '../../../src/config/variables.js';
import { Retention } from '../../../src/jobs/retention.js';
import { Statistics } from '../../../src/jobs/planner-statistics.js';
import { createDatabase, onEachEngine } from '../../support/databases.js';
import { freePort } from '../../support/network/free-port.js';
import { Scrape } from '../../support/measurements/metrics.js';
import { aClient, Registry } from '../../support/registry.js';

const HTTP_COUNT = 'http_request_duration_seconds_count';
const REGISTER = '/v2/oauth/register';
const MS_PER_DAY = 86_400_000;

onEachEngine((engine) => {
  let registry: Registry;
  let url: string;
  beforeEach(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/metrics`;
    registry = await Registry.start(engine, { METRICS_PORT: String(port) });
  });
  afterEach(() => registry.stop());
  const scrape = () => Scrape.of(url);

  it('counts requests by route, method and status', async () => {
    const { body } = await registry.createClient(aClient());
    for (let i = 0; i < 3; i++) {
      await registry.send(`/v2/oauth/clients/${body.data.client_id}`, {
        method: 'GET',
        key: registry.adminKey,
      });
    }
    await registry.createClient({});
    await registry.createClient(aClient(), 'no-key');
    const metrics = await scrape();
    const count = (method: string, route: string, status: string) =>
      metrics.value(HTTP_COUNT, { method, route, status });
    expect({
      created: count('POST', '/v2/oauth/clients', '201'),
      rejected: count('POST', '/v2/oauth/clients', '422'),
      unknownKey: count('POST', '/v2/oauth/clients', '401'),
      read: count('GET', '/v2/oauth/clients/:client_id', '200'),
      inFlight: metrics.value('http_requests_in_flight'),
    }).toEqual({ created: 1, rejected: 1, unknownKey: 1, read: 3, inFlight: 0 });
    expect(metrics.value('http_request_duration_seconds_sum')).toBeGreaterThan(0);
  });

  it('keeps the number of series bounded for any requests', async () => {
    for (const path of ['/a', '/b?c=d', '/.env', '/v2/oauth/nothing', '/v2/oauth/clients/x/y/z']) {
      await registry.send(path, { method: 'GET' });
      await registry.send(path, { method: 'PROPFIND' });
    }
    for (const member of ['one', 'two', 'client_name#', '__proto__', 'client_name#ja']) {
      await registry.register(`{"${member}": 1}`);
    }
    const metrics = await scrape();
    expect(metrics.labelValues(HTTP_COUNT, 'route')).toEqual([REGISTER, 'none']);
    expect(metrics.labelValues(HTTP_COUNT, 'method')).toEqual(['GET', 'POST', 'other']);
    expect(metrics.labelValues('oauth_registry_registration_invalid_members_total', 'member')).toEqual([
      'client_name',
      'unknown_member',
    ]);
  });

  it('counts registrations by result, and rejected ones by invalid member', async () => {
    await registry.register({});
    await registry.register({ redirect_uris: ['https://a.example/cb'], token_endpoint_auth_method: 'none' });
    await registry.send(`${REGISTER}?dry_run=true`, { body: {} });
    await registry.register({ redirect_uris: ['not a uri'], colour: 'red', size: 1 });
    await registry.register({ scope: 7 });
    await registry.register('no json');
    await registry.register({}, 'no-key');
    const metrics = await scrape();
    const registrations = (result: string) => metrics.value('oauth_registry_registrations_total', { result });
    expect([registrations('registered'), registrations('reused'), registrations('rejected')]).toEqual([
      2, 0, 4,
    ]);
    const rejections = (code: string) =>
      metrics.value('oauth_registry_registration_rejections_total', { code });
    expect({
      invalid_redirect_uri: rejections('invalid_redirect_uri'),
      invalid_client_metadata: rejections('invalid_client_metadata'),
      invalid_request: rejections('invalid_request'),
      invalid_token: rejections('invalid_token'),
    }).toEqual({ invalid_redirect_uri: 1, invalid_client_metadata: 1, invalid_request: 1, invalid_token: 1 });
    const invalidMembers = (member: string) =>
      metrics.value('oauth_registry_registration_invalid_members_total', { member });
    expect([
      invalidMembers('redirect_uris'),
      invalidMembers('unknown_member'),
      invalidMembers('scope'),
    ]).toEqual([1, 1, 1]);
  });

  it('labels GraphQL operations by their root fields', async () => {
    await registry.graphql('{ oauthClientStats { total } }');
    await registry.graphql(
      'query { a: oauthClients { totalCount } ...F } fragment F on Query { oauthClients(first: 1) { totalCount } auditEvents { nodes { at } } }',
    );
    await registry.graphql(
      'mutation { disableOAuthClient(clientId: "01a20080-c163-717e-a4ad-7633ebbe7df6") { client { name } } }',
    );
    await registry.graphql('{ nothingOfTheKind }');
    await registry.graphql('subscription { unknown }');
    await registry.graphql('{');
    const metrics = await scrape();
    const count = (operation: string, field: string, outcome: string) =>
      metrics.value('oauth_registry_graphql_duration_seconds_count', { operation, field, outcome });
    expect(metrics.labelValues('oauth_registry_graphql_duration_seconds_count', 'field')).toEqual([
      'auditEvents',
      'disableOAuthClient',
      'invalid',
      'oauthClientStats',
      'oauthClients',
    ]);
    expect({
      stats: count('query', 'oauthClientStats', 'ok'),
      clients: count('query', 'oauthClients', 'ok'),
      events: count('query', 'auditEvents', 'ok'),
      disabled: count('mutation', 'disableOAuthClient', 'error'),
      invalid: count('invalid', 'invalid', 'error'),
    }).toEqual({ stats: 1, clients: 1, events: 1, disabled: 1, invalid: 3 });
  });

  it('shows batches, queues and database connections', async () => {
    await Promise.all(Array.from({ length: 20 }, () => registry.register({})));
    const metrics = await scrape();
    const batch = 'insert oauth_clients';
    expect(metrics.value('oauth_registry_batch_size_sum', { batch })).toBe(20);
    expect(metrics.value('oauth_registry_batch_size_count', { batch })).toBeLessThanOrEqual(20);
    expect(metrics.value('oauth_registry_batch_waiting', { batch })).toBe(0);
    const max = metrics.value('oauth_registry_database_connections_max')!;
    expect(max).toBe(engine === 'sqlite' ? 1 : 10);
    expect(metrics.value('oauth_registry_database_connections')).toBeGreaterThanOrEqual(1);
    expect(metrics.value('oauth_registry_database_connections')).toBeLessThanOrEqual(max);
    expect(metrics.value('oauth_registry_database_waiting')).toBe(0);
    expect(metrics.value('oauth_registry_ready')).toBe(1);
    expect(metrics.value('nodejs_eventloop_lag_p99_seconds')).not.toBeNull();
  });

  it('shows a database that is not migrated as not ready', async () => {
    await registry.dataSource.query('DELETE FROM migrations WHERE id = (SELECT MAX(id) FROM migrations)');
    expect((await scrape()).value('oauth_registry_ready')).toBe(0);
  });

  it('counts the runs of jobs, failed ones too, and the rows that they did something to', async () => {
    const { body } = await registry.createClient(aClient());
    await registry.send(`/v2/oauth/clients/${body.data.client_id}`, {
      method: 'DELETE',
      key: registry.adminKey,
    });
    await registry.dataSource.query('UPDATE oauth_clients SET deleted_at = 1');
    await registry.app.get(Retention, { strict: false }).run();
    await registry.app.get(Statistics, { strict: false }).refresh();
    await registry.dataSource.query('DROP TABLE oauth_client_secrets');
    await registry.dataSource.query('DROP TABLE oauth_grants');
    await registry.dataSource.query('DROP TABLE oauth_clients');
    await registry.app.get(Retention, { strict: false }).run();
    const metrics = await scrape();
    const runs = (job: string, outcome: string) =>
      metrics.value('oauth_registry_job_runs_total', { name: job, outcome });
    expect([
      runs('purge_deleted_clients', 'done'),
      runs('purge_deleted_clients', 'failed'),
      runs('refresh_statistics', 'done'),
      metrics.value('oauth_registry_job_rows_total', { name: 'purge_deleted_clients' }),
    ]).toEqual([1, 1, 1, 1]);
    const last = metrics.value('oauth_registry_job_last_success_timestamp_seconds', {
      name: 'purge_deleted_clients',
    })!;
    expect(Math.abs(last - Date.now() / 1000)).toBeLessThan(30);
  });

  it('serves nothing else there, and no metrics on the port of the service', async () => {
    const base = url.slice(0, -'/metrics'.length);
    const statusOf = async (target: string, method = 'GET') => (await fetch(target, { method })).status;
    expect([
      await statusOf(`${base}/`),
      await statusOf(`${base}/v2/oauth/register`),
      await statusOf(url, 'POST'),
      await statusOf(`${registry.url}/metrics`),
    ]).toEqual([404, 404, 405, 404]);
  });

  it('stops with the service', async () => {
    await registry.app.close();
    await expect(scrape()).rejects.toThrow();
  });
});

onEachEngine((engine) => {
  it('counts clients by source, status and owner, and last secrets that are about to expire', async () => {
    const first = await Registry.start(engine);
    const { dataSource } = first;
    const soon = (days: number) => new Date(Date.now() + days * MS_PER_DAY).toISOString();
    const create = async () => (await first.createClient(aClient())).body.data.client_id as string;
    const secretsOf = (id: string, body: object) =>
      first.send(`/v2/oauth/clients/${id}/secrets`, { body, key: first.adminKey });
    // One whose only secrets end soon, one that was rotated, one that is disabled, one that is deleted
    const ending = await create();
    expect((await secretsOf(ending, { expires_at: soon(3), expire_others_in: 60 })).status).toBe(201);
    expect((await secretsOf(await create(), { expire_others_in: 60 })).status).toBe(201);
    const disabled = await create();
    await secretsOf(disabled, { expires_at: soon(1), expire_others_in: 60 });
    await first.graphql(`mutation { disableOAuthClient(clientId: "${disabled}") { client { name } } }`);
    const deleted = await create();
    await secretsOf(deleted, { expires_at: soon(1), expire_others_in: 60 });
    await first.send(`/v2/oauth/clients/${deleted}`, { method: 'DELETE', key: first.adminKey });
    await first.register({});
    await first.register({}, first.adminKey);
    // More than one step of the count
    const row = (i: number) =>
      `('01a20000-0000-7000-8000-${i.toString(16).padStart(12, '0')}', 'c', 'public', 'none', '', '', '[]', ` +
      `${engine === 'sqlite' ? '0' : 'false'}, '{}', 'dynamic', 'active', ${engine === 'sqlite' ? '0' : 'false'}, 1, 0, 0)`;
    await dataSource.query(
      `INSERT INTO oauth_clients (id, name, client_type, token_endpoint_auth_method, grant_types, scopes, redirect_uris,
         require_pkce, metadata, source, status, verified, version, created_at, updated_at)
       VALUES ${Array.from({ length: 1_200 }, (_, i) => row(i)).join()}`,
    );
    const port = await freePort();
    const second = await buildApp(
      readConfig({ LOG_LEVEL: 'silent', DATABASE_URL: first.databaseUrl, METRICS_PORT: String(port) }),
    );
    let metrics: Scrape;
    do metrics = await Scrape.of(`http://127.0.0.1:${port}/metrics`);
    while (metrics.value('oauth_registry_clients') === null);
    await second.close();
    await first.stop();
    expect(
      metrics.samples
        .filter(({ name }) => name === 'oauth_registry_clients')
        .map(({ labels, value }) => ({
          ...labels,
          value,
        })),
    ).toEqual(
      expect.arrayContaining([
        { source: 'api', status: 'active', owned: 'true', value: 2 },
        { source: 'api', status: 'disabled', owned: 'true', value: 1 },
        { source: 'api', status: 'deleted', owned: 'true', value: 1 },
        { source: 'dynamic', status: 'active', owned: 'true', value: 1 },
        { source: 'dynamic', status: 'active', owned: 'false', value: 1_201 },
      ]),
    );
    const expiring = (within: string) => metrics.value('oauth_registry_secrets_expiring', { within });
    expect([expiring('1d'), expiring('7d'), expiring('30d')]).toEqual([0, 1, 1]);
  });
});

it('a used port stops the start, with one line', async () => {
  const database = await createDatabase('sqlite');
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => other.once('listening', done));
  const { port } = other.address() as AddressInfo;
  const config = readConfig({
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    METRICS_PORT: String(port),
  });
  await expect(buildApp(config)).rejects.toThrow(
    `Cannot listen: port ${port} on 127.0.0.1 is taken; stop the other program or set METRICS_PORT`,
  );
  other.close();
  await database.drop();
});

it('loads no code for metrics and traces that are off', async () => {
  const database = await createDatabase('sqlite');
  const loaded = async (env: Record<string, string>) => {
    const program = `
      const { buildApp } = await import('./dist/src/app.js');
      const { readConfig } = await import('./dist/src/config/variables.js');
      const app = await buildApp(readConfig(process.env));
      const { _cache } = (await import('node:module')).default;
      console.log(JSON.stringify(Object.keys(_cache).filter((path) => /prom-client|@opentelemetry/.test(path)).length));
      await app.close();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: resolve('.'),
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, LOG_LEVEL: 'silent', ...env },
    });
    return Number(stdout);
  };
  expect(await loaded({})).toBe(0);
  // Such files would be seen if there were any
  expect(await loaded({ METRICS_PORT: '0' })).toBeGreaterThan(10);
  await database.drop();
});
