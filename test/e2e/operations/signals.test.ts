import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { connectTo, createDatabase, onEachEngine, type TestDatabase } from '../../support/databases.js';
import { aClient } from '../../support/registry.js';
import { KEY, programs, start, startProgramsPerTest, URL_LINE } from '../../support/programs.js';

startProgramsPerTest();

/** A connection on which nothing is sent that a test does not send. */
async function open({ hostname, port }: URL) {
  const socket = connect(Number(port), hostname);
  await new Promise((done) => socket.once('connect', done));
  socket.on('error', () => undefined);
  socket.setEncoding('utf8');
  // Or its end would not be noticed
  socket.resume();
  return {
    closed: new Promise((done) => socket.once('close', done)),
    send: (text: string) => socket.write(text),
    /** What came first in answer. */
    ask: (text: string) =>
      new Promise<string>((done, fail) => {
        socket.once('data', (data) => done(String(data)));
        const closed = () => fail(new Error('closed without an answer'));
        if (socket.closed) closed();
        else socket.once('close', closed);
        socket.write(text);
      }),
  };
}

/** As soon as connections are refused. */
async function refused({ hostname, port }: URL): Promise<void> {
  const isRefused = () =>
    new Promise<boolean>((done) => {
      const socket = connect(Number(port), hostname);
      socket.once('error', () => done(true));
      socket.once('connect', () => {
        socket.destroy();
        done(false);
      });
    });
  while (!(await isRefused())) await new Promise((done) => setTimeout(done, 20));
}

onEachEngine((engine) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(engine);
  });
  afterEach(() => database.drop());
  const env = () => ({ DATABASE_URL: database.url, BOOTSTRAP_API_KEY: KEY });

  it.each([
    // Five seconds are left to callers
    ['SIGTERM', 4_900, 10_000],
    ['SIGINT', 0, 4_900],
  ] as const)(
    '%s: finishes the running request, waits for idle connections no longer than callers are given, closes the database, exits with 0',
    async (signal, fromMs, toMs) => {
      const program = start(env());
      const url = new URL(await program.says(URL_LINE));
      const idle = await Promise.all(Array.from({ length: 3 }, () => open(url)));
      ['', 'GET / HTTP/1.1\r\nHos', 'no http at all\r\n\r\n'].forEach((sent, i) => idle[i]!.send(sent));
      const running = await open(url);
      const body = JSON.stringify(aClient());
      running.send(
        `POST /v2/oauth/clients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
      );
      await new Promise((done) => setTimeout(done, 200));
      const signalledAt = Date.now();
      program.signal(signal);
      await refused(url);
      expect(await running.ask(body.slice(10))).toMatch(/^HTTP\/1\.1 201 /);
      expect(await program.ended).toBe(0);
      expect(Date.now() - signalledAt).toBeGreaterThanOrEqual(fromMs);
      expect(Date.now() - signalledAt).toBeLessThan(toMs);
      await Promise.all([...idle, running].map(({ closed }) => closed));
      expect(program.stderr).toBe('');
      // SQLite removes its log when the last connection closes properly
      if (engine === 'sqlite') expect(existsSync(`${database.url.slice('sqlite:'.length)}-wal`)).toBe(false);
    },
  );

  it('SIGTERM: refuses new connections, answers the last request of each open one, and exits once they are closed', async () => {
    const program = start(env());
    const url = new URL(await program.says(URL_LINE));
    const [used, unused, checking, proxy] = await Promise.all(Array.from({ length: 4 }, () => open(url)));
    expect(await used!.ask('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 200 [^]*connection: keep-alive/i,
    );
    program.signal('SIGTERM');
    await refused(url);

    const body = JSON.stringify(aClient());
    const create =
      `POST /v2/oauth/clients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const query = JSON.stringify({ query: '{ oauthClients(first: 10) { totalCount } }' });
    const list =
      `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${query.length}\r\n\r\n${query}`;
    // At once: connections are closed after five seconds
    const [first, second, listed, ready] = await Promise.all([
      used!.ask(create),
      unused!.ask(create),
      checking!.ask(list),
      proxy!.ask('GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n'),
    ]);
    for (const answer of [first, second]) expect(answer).toMatch(/^HTTP\/1\.1 201 [^]*connection: close/i);
    expect(listed).toMatch(/connection: close[^]*"totalCount":[012]\b/i);
    expect(ready).toMatch(
      /^HTTP\/1\.1 503 [^]*connection: close[^]*"error_description":"The service is shutting down\."/i,
    );
    await Promise.all([used!, unused!, checking!, proxy!].map(({ closed }) => closed));
    const goneAt = Date.now();
    expect(await program.ended).toBe(0);
    // It does not wait for the end of the time that callers are given
    expect(Date.now() - goneAt).toBeLessThan(3_000);
    expect(program.stderr).toBe('');
  });

  it('SIGKILL in the middle of a bulk operation leaves all or nothing of it, as the audit log shows', async () => {
    const CLIENTS = 3_000;
    const quietly = { ...env(), LOG_LEVEL: 'silent' };
    const outcomes: number[] = [];
    let url = await start(quietly).says(URL_LINE);
    const post = async (body: object) => {
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await response.json()) as { data: Record<string, { count: number; totalCount: number }> };
    };
    const count = async (filter: string) => {
      const query = `{ oauthClients(first: 1, filter: {${filter}}) { totalCount } }`;
      return (await post({ query })).data.oauthClients!.totalCount;
    };
    const bulk = {
      query: `mutation { disableOAuthClients(filter: {orgId: "bulk"}, dryRun: false) { count } }`,
    };
    await fill(database.url, CLIENTS);
    for (const delayMs of [20, 120, 400]) {
      const running = post(bulk).then(
        ({ data }) => data.disableOAuthClients!.count,
        () => null,
      );
      await new Promise((done) => setTimeout(done, delayMs));
      programs.at(-1)!.signal('SIGKILL');
      const acknowledged = await running;
      url = await start(quietly).says(URL_LINE);
      const disabled = await count('orgId: "bulk", status: DISABLED');
      const written = await eventsOf(database.url);
      expect({ disabled, written }).toEqual(
        disabled === 0 ? { disabled: 0, written: 0 } : { disabled: CLIENTS, written: CLIENTS },
      );
      if (acknowledged !== null) expect(disabled).toBe(CLIENTS);
      outcomes.push(disabled);
      if (disabled > 0) break;
    }
    await programs.at(-1)!.stop();
    // Killed in time at least once, or there was nothing to see
    expect(outcomes).toContain(0);
  });

  const CLIENT_COLUMNS = `id, name, org_id, user_id, client_type, token_endpoint_auth_method, grant_types, scopes, redirect_uris,
    require_pkce, metadata, source, status, verified, version, created_at, updated_at`;

  async function onDatabase<T>(url: string, work: (query: (sql: string) => Promise<T[]>) => Promise<T[]>) {
    const dataSource = await connectTo(url);
    try {
      return await work((sql) => dataSource.query<T[]>(sql));
    } finally {
      await dataSource.destroy();
    }
  }

  const fill = (url: string, clients: number) =>
    onDatabase(url, (query) => {
      const no = engine === 'sqlite' ? '0' : 'false';
      const row = (i: number) =>
        `('01a20000-0000-7000-8000-${i.toString(16).padStart(12, '0')}', 'c', 'bulk', 'u', 'public', 'none', '', '', '[]', ` +
        `${no}, '{}', 'api', 'active', ${no}, 1, 0, 0)`;
      const rows = Array.from({ length: clients }, (_, i) => row(i)).join();
      return query(`INSERT INTO oauth_clients (${CLIENT_COLUMNS}) VALUES ${rows}`);
    });

  const eventsOf = async (url: string) => {
    const [row] = await onDatabase<{ n: number | string }>(url, (query) =>
      query(`SELECT COUNT(*) AS n FROM audit_events WHERE action = 'client.disabled'`),
    );
    return Number(row!.n);
  };
});
