import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3';
import pg from 'pg';
import { Collector } from '../../support/backing-services/collector.js';
import { createDatabase, type Engine, onEachEngine, type TestDatabase } from '../../support/databases.js';
import { Program } from '../../support/process.js';
import { aClient } from '../../support/registry.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';

const wrong = () => randomBytes(32).toString('base64url');

/** The ways in which text may be written down, on purpose or by mistake. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Base64 of the text inside of other text begins at one of three places
  const encoded = ['', 'a', 'ab'].map((before) =>
    Buffer.concat([Buffer.from(before), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  return [secret, encodeURIComponent(secret), bytes.toString('hex'), ...encoded];
}

/** The secrets that `haystack` contains, in any encoding. */
function leaksIn(haystack: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => formsOf(secret).some((form) => haystack.includes(form)));
}

describe('the search for leaks', () => {
  const secret = wrong();
  it.each([
    ['as it is', `{"token":"${secret}"}`],
    ['in base64', Buffer.from(`Bearer ${secret}`).toString('base64')],
    ['in base64, elsewhere', Buffer.from(`id:${secret}`).toString('base64')],
    ['in base64, elsewhere again', Buffer.from(`my-id:${secret}`).toString('base64')],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
    ['in a URL', `/x?${encodeURIComponent(secret)}`],
  ])('finds one %s', (_, haystack) => {
    expect(leaksIn(haystack, [wrong(), secret])).toEqual([secret]);
  });

  it('finds no leak in a clean text', () => {
    expect(leaksIn(`{"token":"${wrong()}"}`, [secret])).toEqual([]);
  });
});

onEachEngine((engine) => {
  it('no secret, token or key that was ever issued or sent is in the log, the database, the metrics or the traces', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'registry-leaks-'));
    const database = await createDatabase(engine);
    const issuer = await TokenIssuer.start();
    const collector = await Collector.start();
    // With the signs that break paths and patterns
    const bootstrapKey = `a/b+c=${randomBytes(33).toString('base64')}`;
    const collectorKey = wrong();
    const program = new Program('main.js', {
      cwd: directory,
      env: {
        ...issuer.env,
        NODE_ENV: 'production',
        PORT: '0',
        METRICS_PORT: '0',
        LOG_LEVEL: 'trace',
        RATE_LIMIT_REGISTER: 'off',
        REGISTRATION_METADATA: 'registered',
        GRAPHQL_EXPLORER: 'on',
        TRUST_PROXY: '127.0.0.1',
        DATABASE_URL: database.url,
        BOOTSTRAP_API_KEY: bootstrapKey,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${collectorKey}`,
        OTEL_SERVICE_NAME: 'registry-of-acme',
      },
    });
    const secrets = new Set([bootstrapKey, collectorKey]);
    const keep = (secret: string) => {
      secrets.add(secret);
      return secret;
    };
    const url = await program.says(/Listening on (http:\/\/[\d.:]+)/);
    const metricsUrl = await program.says(/Metrics at (http:\/\/[\d.:]+\/metrics)/);

    const statuses: number[] = [];
    let lastCookie = '';
    const send = async (
      method: string,
      path: string,
      authorization: string | null,
      body?: unknown,
      headers: Record<string, string> = {},
    ) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(authorization !== null && { authorization }),
          ...headers,
        },
        body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      });
      statuses.push(response.status);
      lastCookie = response.headers.get('set-cookie') ?? '';
      const text = await response.text();
      return text.startsWith('{') ? JSON.parse(text) : {};
    };
    const admin = `Bearer ${bootstrapKey}`;
    const graphql = async (query: string, authorization = admin, variables: object = {}) =>
      (await send('POST', '/graphql', authorization, { query, variables })).data;

    /** Everything that issues something, and everything that can be done with it. */
    const useEveryInterface = async () => {
      const created = await send(
        'POST',
        '/v2/oauth/clients',
        admin,
        aClient({ name: 'planted in the database' }),
      );
      const id = created.data.client_id as string;
      keep(created.data.client_secret);
      const path = `/v2/oauth/clients/${id}`;
      const issued = await send('POST', `${path}/secrets`, admin, { expire_others_in: 60 });
      keep(issued.data.client_secret);
      await send('GET', path, admin);
      await send('GET', `${path}/secrets`, admin);
      await send('PUT', path, admin, { name: 'Renamed' });

      const registered = await send('POST', '/v2/oauth/register', null, {});
      keep(registered.client_secret);
      const registration = `/v2/oauth/register/${registered.client_id}`;
      const token = keep(registered.registration_access_token);
      await send('GET', registration, `Bearer ${token}`);
      const replaced = await send('PUT', registration, `Bearer ${token}`, {
        client_id: registered.client_id,
        client_secret: registered.client_secret,
        redirect_uris: ['https://a.example/cb'],
      });
      keep(replaced.registration_access_token);
      await send('PUT', registration, `Bearer ${replaced.registration_access_token}`, {
        client_id: registered.client_id,
        client_secret: keep(wrong()),
      });
      const reissued = await graphql(
        `mutation { reissueRegistrationAccessToken(clientId: "${registered.client_id}") { registrationAccessToken } }`,
      );
      keep(reissued.reissueRegistrationAccessToken.registrationAccessToken);

      const made = await graphql(`
        mutation {
          createOAuthClient(
            input: {
              name: "n"
              orgId: "acme"
              clientType: CONFIDENTIAL
              allowedGrantTypes: [CLIENT_CREDENTIALS]
              allowedScopes: ["a"]
            }
          ) {
            clientSecret
            client {
              clientId
            }
          }
          createApiKey(input: { name: "k", orgId: "planted in the log", userId: "u", role: MEMBER }) {
            value
          }
          createInitialAccessToken(
            input: {
              name: "t"
              orgId: "acme"
              userId: "u"
              maxRegistrations: 9
              expiresAt: "2099-01-01T00:00:00Z"
            }
          ) {
            value
          }
        }
      `);
      keep(made.createOAuthClient.clientSecret);
      const apiKey = keep(made.createApiKey.value);
      const initialAccessToken = keep(made.createInitialAccessToken.value);
      const another = await graphql(
        `mutation { issueOAuthClientSecret(clientId: "${made.createOAuthClient.client.clientId}") { clientSecret } }`,
      );
      keep(another.issueOAuthClientSecret.clientSecret);
      keep((await send('POST', '/v2/oauth/clients', `Bearer ${apiKey}`, aClient())).data.client_secret);
      const fleet = await send('POST', '/v2/oauth/register', `Bearer ${initialAccessToken}`, {});
      keep(fleet.client_secret);
      keep(fleet.registration_access_token);
      const jwt = keep(await issuer.sign());
      keep((await send('POST', '/v2/oauth/clients', `Bearer ${jwt}`, aClient())).data.client_secret);
      await graphql('{ auditEvents(first: 50) { nodes { action changes { field after } } } }');
      await send('POST', '/admin/session', null, { api_key: bootstrapKey });
      const cookie = lastCookie.split(';')[0]!;
      keep(/^admin_session=([\w-]{43})$/.exec(cookie)![1]!);
      await send('POST', '/graphql', null, { query: '{ viewer { name } }' }, { cookie });
      await send('DELETE', '/admin/session', null, undefined, { cookie });
      await send('POST', '/admin/session', null, { api_key: bootstrapKey });
      keep(/^admin_session=([\w-]{43});/.exec(lastCookie)![1]!);
      await send('DELETE', path, admin);
      await send(
        'DELETE',
        registration,
        `Bearer ${reissued.reissueRegistrationAccessToken.registrationAccessToken}`,
      );
    };

    /** Secrets where they do not belong. */
    const mistakes = async () => {
      const id = '01a20080-c163-717e-a4ad-7633ebbe7df6';
      await send('GET', `/v2/oauth/clients/${keep(wrong())}`, admin);
      await send('GET', `/v2/oauth/register/${keep(wrong())}`, `Bearer ${keep(wrong())}`);
      await send('GET', `/${keep(wrong())}/${keep(wrong())}?x=${keep(wrong())}`, `Bearer ${keep(wrong())}`);
      await send('GET', `/v2/oauth/clients/%zz${keep(wrong())}`, admin);
      await send('GET', `/v2/oauth/clients?filter[name][contains]=${keep(wrong())}`, admin);
      await send('POST', `/v2/oauth/register?access_token=${keep(wrong())}`, null, {});
      await send('GET', `/v2/oauth/clients/${encodeURIComponent(bootstrapKey)}`, admin);
      await send('GET', `/v2/oauth/clients/${bootstrapKey}`, admin);
      await send('POST', '/v2/oauth/register', null, `{"client_secret": "${keep(wrong())}`);
      await send('POST', '/v2/oauth/register', null, `[${'['.repeat(500)}"${keep(wrong())}"`);
      await send('POST', '/v2/oauth/register', null, { [keep(wrong())]: keep(wrong()) });
      await send('POST', '/v2/oauth/register', null, {
        client_name: { a: keep(wrong()) },
        software_statement: keep(await issuer.sign()),
      });
      await send('POST', '/v2/oauth/clients', admin, aClient({ client_secret: keep(wrong()) }));
      await send(
        'POST',
        '/v2/oauth/clients',
        keep(`Basic ${Buffer.from(`id:${keep(wrong())}`).toString('base64')}`),
        {},
      );
      await send('POST', '/v2/oauth/clients', `Bearer ${keep(wrong())} ${keep(wrong())}`, {});
      const [header, payload] = (await issuer.sign()).split('.');
      await send('GET', '/v2/oauth/clients', `Bearer ${keep(`${header}.${payload}.${wrong()}`)}`);
      await send('GET', '/v2/oauth/clients', admin, undefined, {
        'x-forwarded-for': keep(wrong()),
        'if-match': `"${keep(wrong())}"`,
        cookie: `session=${keep(wrong())}`,
        traceparent: keep(`00-${wrong()}`),
        'x-request-id': keep(wrong()),
      });
      await graphql(`{ oauthClient(clientId: "${keep(wrong())}") { name } }`);
      await graphql(`{ ${keep(`f${randomBytes(20).toString('hex')}`)} }`);
      await graphql(`{ "${keep(wrong())}`);
      await graphql('query($id: ID!) { oauthClient(clientId: $id) { name } }', admin, {
        id: { a: keep(wrong()) },
      });
      await graphql('{ oauthClientStats { total } }', `Bearer ${keep(wrong())}`);
      await send('POST', '/admin/session', null, { api_key: keep(wrong()), [keep(wrong())]: keep(wrong()) });
      await send('POST', '/admin/session', null, { api_key: keep(wrong()) });
      await send(
        'POST',
        '/graphql',
        null,
        { query: '{ viewer { name } }' },
        { cookie: `admin_session=${keep(wrong())}` },
      );
      await send('GET', `/admin/${keep(wrong())}?next=${keep(wrong())}`, null);
      await send('PUT', `/v2/oauth/register/${id}`, `Bearer ${keep(wrong())}`, { client_id: id });
      await unreadable(
        url,
        `GET /${keep(wrong())} NOTHTTP\r\nAuthorization: Bearer ${keep(wrong())}\r\n\r\n`,
      );
      await unreadable(
        url,
        `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ${keep(wrong())}${'x'.repeat(20_000)}\r\n\r\n`,
      );
    };

    await useEveryInterface();
    await mistakes();
    const before = await contentsOf(engine, database);

    // 503, then 500: of everything that writes, reads and looks up keys
    const afterFaults = async () => {
      await Promise.all([
        send('POST', '/v2/oauth/register', null, { client_name: 'x', software_id: keep(wrong()) }),
        send('POST', '/v2/oauth/clients', admin, aClient()),
        send('POST', '/v2/oauth/clients', `Bearer ${keep(wrong())}`, aClient()),
        send(
          'GET',
          `/v2/oauth/register/01a20080-c163-717e-a4ad-7633ebbe7df6?t=${keep(wrong())}`,
          `Bearer ${keep(wrong())}`,
        ),
        graphql(
          `mutation { createApiKey(input: {name: "${keep(wrong())}", orgId: "o", userId: "u", role: MEMBER}) { value } }`,
        ),
      ]);
    };
    const letGo = await makeUnavailable(engine, database);
    await afterFaults();
    await letGo();
    await dropTables(engine, database);
    await afterFaults();
    const metrics = await (await fetch(metricsUrl)).text();
    const after = await contentsOf(engine, database);
    await program.stop();
    const log = program.stdout + program.stderr;
    issuer.stop();
    collector.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });

    // All that was meant to happen did
    expect(secrets.size).toBeGreaterThan(50);
    expect([...new Set(statuses)]).toEqual(
      expect.arrayContaining([200, 201, 204, 400, 401, 404, 422, 500, 503]),
    );
    expect(leaksIn(before, ['planted in the database'])).toHaveLength(1);
    expect(leaksIn(log, ['planted in the log'])).toHaveLength(1);
    expect(log).toMatch(/"level":50,.*"requestId":/);
    expect(metrics).toContain('http_request_duration_seconds_count');
    expect(collector.spans.length).toBeGreaterThan(50);
    expect(collector.headers['x-api-key']).toBe(collectorKey);
    expect(collector.resource['service.name']).toBe('registry-of-acme');

    expect({
      log: leaksIn(log, secrets),
      database: leaksIn(before, secrets),
      afterFaults: leaksIn(after, secrets),
      metrics: leaksIn(metrics, secrets),
      traces: leaksIn(collector.text, secrets),
    }).toEqual({ log: [], database: [], afterFaults: [], metrics: [], traces: [] });
    // Of no line could a caller make much
    expect(Math.max(...log.split('\n').map((line) => line.length))).toBeLessThan(25_000);
  });
});

/** Sends what is not HTTP, and waits until the other side disconnects. */
async function unreadable(url: string, text: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => socket.write(text));
  socket.on('error', () => undefined).resume();
  await new Promise((done) => socket.once('close', done));
}

/** Every byte of the files, or every row of every table. */
async function contentsOf(engine: Engine, { url }: TestDatabase): Promise<string> {
  if (engine === 'sqlite') {
    const folder = dirname(url.slice('sqlite:'.length));
    const files = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')),
    );
    return files.join('\n');
  }
  return onPostgres(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    let text = '';
    for (const { name } of rows) {
      const table = await client.query<{ row: string }>(`SELECT ${name}::text AS row FROM ${name}`);
      text += table.rows.map(({ row }) => `${name} ${row}\n`).join('');
    }
    return text;
  });
}

/** @returns lets it be used again */
async function makeUnavailable(engine: Engine, { url }: TestDatabase): Promise<() => Promise<void>> {
  if (engine === 'sqlite') {
    const other = new Database(url.slice('sqlite:'.length));
    other.exec('BEGIN IMMEDIATE');
    return () => Promise.resolve(void other.close());
  }
  const name = new URL(url).pathname.slice(1);
  const allow = (isAllowed: boolean) =>
    onPostgres(url.replace(/[^/]+$/, 'postgres'), async (client) => {
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${isAllowed}`);
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    });
  await allow(false);
  return () => allow(true);
}

async function dropTables(engine: Engine, { url }: TestDatabase): Promise<void> {
  const sql = ['audit_events', 'oauth_client_secrets', 'admin_sessions', 'api_keys']
    .map((table) => `DROP TABLE ${table};`)
    .join('');
  if (engine === 'sqlite') {
    const other = new Database(url.slice('sqlite:'.length));
    other.exec(sql);
    other.close();
  } else await onPostgres(url, (client) => client.query(sql));
}

async function onPostgres<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
