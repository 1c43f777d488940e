import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { loadSqlite } from '../../../src/database/connection/sqlite.js';
import {
  connectTo,
  createDatabase,
  ENGINES,
  onEachEngine,
  type TestDatabase,
} from '../../support/databases.js';
import { Program, WITHOUT_OVERRIDE } from '../../support/process.js';
import { aClient } from '../../support/registry.js';

const Database = loadSqlite();

const KEY = 'a-bootstrap-key-of-more-than-32-characters';
const URL_LINE = /Listening on (http:\/\/\S+)/;

let directory: string;
let programs: Program[];
let umask: number;
// Files that a test makes are for their owner alone, as those of the service are, or it would tell that it narrows their rights
beforeAll(() => {
  umask = process.umask(0o077);
});
afterAll(() => void process.umask(umask));
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-process-'));
  programs = [];
});
afterEach(async () => {
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true, force: true });
});

function start(
  env: Record<string, string> = {},
  script: 'main.js' | 'cli.js' = 'main.js',
  args?: string[],
  startedBy?: string[],
): Program {
  const program = new Program(script, { cwd: directory, env: { PORT: '0', ...env }, args, startedBy });
  programs.push(program);
  return program;
}

const createClient = (url: string, key: string) =>
  fetch(`${url}/v2/oauth/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(aClient()),
  });

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

/** As soon as nobody can connect any more. */
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

/** Does what the shell does with a pasted `curl` line. */
async function paste(line: string): Promise<{ status: number; body: unknown }> {
  const [, url] = /curl -s (\S+)/.exec(line)!;
  const headers = [...line.matchAll(/-H (['"])(.*?)\1/g)].map(
    ([, , header]) => header!.split(': ') as [string, string],
  );
  const [, body] = / -d '(.*)'$/.exec(line)!;
  const response = await fetch(url!, { method: 'POST', headers, body });
  return { status: response.status, body: await response.json() };
}

describe('npm start without any configuration', () => {
  it('makes a database, prints the admin key once, and one curl for each door that works as it is', async () => {
    const first = start();
    const key = await first.says(/shown this once: (ocr_\S+)/);
    const url = await first.says(URL_LINE);
    await first.says(/API documentation: \S+\/docs\n/);
    expect(first.stdout).toContain(`Console: ${url}/admin\n`);
    expect(existsSync(join(directory, 'data/registry.sqlite'))).toBe(true);

    const lines = first.stdout.split('\n').filter((line) => line.includes('curl'));
    expect(lines).toHaveLength(3);
    const answers = [];
    for (const line of lines) answers.push(await paste(line));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 200]);
    expect(answers[2]!.body).toMatchObject({ data: { oauthClients: { totalCount: 2 } } });

    expect(await first.stop()).toBe(0);
    const second = start();
    await second.says(/documentation/);
    expect(second.stdout).not.toContain('ocr_');
    expect(second.stdout).toContain('$API_KEY');
    const url2 = await second.says(URL_LINE);
    expect(url2).not.toBe(url);
    expect((await createClient(url2, key)).status).toBe(201);
  });

  it('reads .env', async () => {
    await writeFile(join(directory, '.env'), `BOOTSTRAP_API_KEY=${KEY}\n`);
    const program = start();
    expect((await createClient(await program.says(URL_LINE), KEY)).status).toBe(201);
    expect(program.stdout).not.toContain(KEY);
  });

  it('in production it logs JSON lines and shows no tour', async () => {
    const program = start({ NODE_ENV: 'production', BOOTSTRAP_API_KEY: KEY });
    const url = await program.says(/Listening on (http:\/\/[^\s"]+)/);
    expect((await createClient(url, KEY)).status).toBe(201);
    await program.stop();
    const lines = program.stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object).at(-1)).toMatchObject({
      msg: 'request',
      method: 'POST',
      path: '/v2/oauth/clients',
      status: 201,
      orgId: 'default',
    });
    expect(program.stdout).not.toContain(KEY);
  });
});

describe('a start that cannot succeed is one clear line and exit code 1', () => {
  const refusal = async (env: Record<string, string>, startedBy?: string[]) => {
    const program = start(env, 'main.js', undefined, startedBy);
    const code = await program.ended;
    expect({ code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
    expect(program.stderr.trimEnd()).not.toContain('\n');
    return program.stderr;
  };

  it('each variable at fault: names it and what it takes, in a line each', async () => {
    const faults = [
      ['PORT', 'http', 'a port number'],
      ['PUBLIC_URL', 'registry.example', 'an absolute http or https URL'],
      ['DATABASE_URL', 'mysql://localhost/x', 'sqlite:PATH or postgres://'],
      ['BOOTSTRAP_API_KEY', 'short', 'a secret string'],
      ['AUTH_JWT_ISSUER', 'issuer', 'the https or http URL'],
      ['REGISTRATION_MODE', 'ajar', 'open, token or closed'],
      ['REGISTRATION_METADATA', 'all', 'strict, registered or lenient'],
      ['REGISTRATION_ALLOWED_GRANT_TYPES', 'implicit', 'any of client_credentials'],
      ['RATE_LIMIT_REGISTER', 'many', 'COUNT/DURATION'],
      ['TRUST_PROXY', 'true', 'false, the number of proxies'],
      ['LOG_LEVEL', 'loud', 'fatal, error'],
      ['NODE_ENV', 'prod', 'production, development or test'],
      ['GRAPHQL_EXPLORER', 'maybe', 'on or off'],
      ['REGISTRATION_MODUS', 'open', 'is no variable of this service'],
    ] as const;
    const program = start(Object.fromEntries(faults.map(([variable, value]) => [variable, value])));
    expect({ code: await program.ended, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
    const lines = program.stderr.trimEnd().split('\n');
    for (const [variable, , takes] of faults) {
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${variable}\\b.*${takes}`)));
    }
    expect(lines).toHaveLength(faults.length);
    expect(program.stderr).not.toContain('short');
  });

  it('PORT=70000', async () => {
    expect(await refusal({ PORT: '70000' })).toMatch(/^PORT takes a port number/);
  });

  it('an issuer without an audience', async () => {
    expect(await refusal({ AUTH_JWT_ISSUER: 'https://issuer.example' })).toMatch(/^AUTH_JWT_AUDIENCE takes /);
  });

  it('the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => other.once('listening', done));
    const { port } = other.address() as AddressInfo;
    const program = start({ PORT: String(port) });
    const code = await program.ended;
    other.close();
    expect({ code, stderr: program.stderr }).toEqual({
      code: 1,
      stderr: `Cannot listen: port ${port} on 127.0.0.1 is taken; stop the other program or set PORT\n`,
    });
    // The admin key is shown once, as soon as it is made, and works from then on
    const [, key] = /^\nAdmin API key, shown this once: (ocr_\S+)\n$/.exec(program.stdout)!;
    const next = start();
    expect((await createClient(await next.says(URL_LINE), key!)).status).toBe(201);
    expect(next.stdout).not.toContain('ocr_');
  });

  it.each([
    [
      'nothing listens at the PostgreSQL address',
      'postgres://u:sesame@127.0.0.1:1/x',
      /127\.0\.0\.1:1\/x: nothing listens there/,
    ],
    ['the file system is read-only', 'sqlite:/sys/registry.sqlite', /\/sys\/registry\.sqlite: /],
    ['the directory is a file', 'sqlite:/dev/null/registry.sqlite', /\/dev\/null\/registry\.sqlite: /],
    [
      'the path is below a file',
      'sqlite:/dev/null/data/x.sqlite',
      /data\/x\.sqlite: a part of the path is a file/,
    ],
    ['the path is a directory', 'sqlite:/etc', /\/etc: it is not a file/],
    [
      'no directory can be created',
      'sqlite:/proc/nope/x.sqlite',
      /nope\/x\.sqlite: the directory cannot be created/,
    ],
    [
      'a directory is a broken link',
      'sqlite:broken/x.sqlite',
      /broken\/x\.sqlite: the directory cannot be created/,
    ],
  ])('%s', async (_, url, expected) => {
    await symlink('nowhere', join(directory, 'broken'));
    const line = await refusal({ DATABASE_URL: url, BOOTSTRAP_API_KEY: KEY });
    expect(line).toMatch(/^Cannot open the database /);
    expect(line).toMatch(expected);
    expect(line).not.toContain('sesame');
  });

  it('the file is no database', async () => {
    await writeFile(join(directory, 'x'), 'not a database, but long enough for one');
    expect(await refusal({ DATABASE_URL: 'sqlite:x' })).toBe(
      'Cannot open the database x: the file is no SQLite database. See DATABASE_URL.\n',
    );
  });

  it('the file is damaged', async () => {
    const path = join(directory, 'damaged.sqlite');
    new Database(path).exec('CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))').close();
    await truncate(path, 8_192);
    expect(await refusal({ DATABASE_URL: 'sqlite:damaged.sqlite' })).toBe(
      'Cannot open the database damaged.sqlite: the file is damaged; restore a backup. See DATABASE_URL.\n',
    );
  });

  if (!WITHOUT_OVERRIDE)
    console.warn('SKIPPED: permissions of files are not tested, since root has no setpriv here to obey them');

  (WITHOUT_OVERRIDE ? it : it.skip).each([
    ['the file', 0o400, 0o700, 'the file or its directory is read-only'],
    ['the directory', 0o600, 0o500, 'the file cannot be opened or created'],
  ])('%s may not be written to', async (_, fileMode, directoryMode, reason) => {
    const path = join(directory, 'guarded', 'x.sqlite');
    await mkdir(join(directory, 'guarded'));
    if (fileMode === 0o400) new Database(path).exec('CREATE TABLE t (x)').close();
    if (fileMode === 0o400) await chmod(path, fileMode);
    await chmod(join(directory, 'guarded'), directoryMode);
    expect(await refusal({ DATABASE_URL: 'sqlite:guarded/x.sqlite' }, WITHOUT_OVERRIDE)).toBe(
      `Cannot open the database guarded/x.sqlite: ${reason}. See DATABASE_URL.\n`,
    );
  });

  it('another process has locked the file', async () => {
    const other = new Database(join(directory, 'locked.sqlite'));
    other.pragma('journal_mode = WAL');
    other.exec('BEGIN EXCLUSIVE; CREATE TABLE t (x)');
    const line = await refusal({ DATABASE_URL: 'sqlite:locked.sqlite' });
    other.close();
    expect(line).toBe(
      'Cannot open the database locked.sqlite: another process has locked it. See DATABASE_URL.\n',
    );
  });

  it('an empty PostgreSQL without BOOTSTRAP_API_KEY', async () => {
    const database = await createDatabase('postgres');
    const line = await refusal({ DATABASE_URL: database.url });
    await database.drop();
    expect(line).toMatch(/^BOOTSTRAP_API_KEY takes .*; the first start on PostgreSQL requires it\n$/);
  });
});

describe('commands', () => {
  const run = async (line: string, env: Record<string, string> = {}) => {
    const program = start(env, 'cli.js', line.split(' '));
    return { code: await program.ended, stdout: program.stdout, stderr: program.stderr };
  };
  const COMMANDS = [
    'api-key create --name n --org o',
    'api-key list',
    'api-key revoke ID',
    'initial-access-token create --name n --org o --max 1 --expires-in 1d',
    'initial-access-token list',
    'initial-access-token revoke ID',
    'expire-unused --older-than 30d --dry-run',
    'expire-unused --older-than 30d',
  ];

  it.each([...COMMANDS, 'migrate', 'backup copy'])('%s: a bad DATABASE_URL is one line', async (line) => {
    expect(await run(line, { DATABASE_URL: 'mysql://x' })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^.*DATABASE_URL.*sqlite:PATH or postgres:\/\/.*\n$/),
    });
  });

  it.each(COMMANDS)('%s: makes no database', async (line) => {
    expect(await run(line, { DATABASE_URL: 'sqlite:data/x.sqlite' })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no database data/x.sqlite: run "npm run migrate" first, or set DATABASE_URL.\n',
    });
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  it('expire-unused takes REGISTRATION_UNUSED_TTL from .env', async () => {
    await writeFile(
      join(directory, '.env'),
      'REGISTRATION_UNUSED_TTL=30d\nDATABASE_URL=sqlite:of-env.sqlite\n',
    );
    expect((await run('expire-unused')).stderr).toMatch(/^There is no database of-env\.sqlite/);
  });

  describe.each(ENGINES)('on %s', (engine) => {
    let database: TestDatabase;
    let dataSource: DataSource;
    beforeAll(async () => {
      database = await createDatabase(engine);
      dataSource = await connectTo(database.url);
      await dataSource.undoLastMigration({ transaction: engine === 'postgres' ? 'all' : 'none' });
    });
    afterAll(async () => {
      await dataSource.destroy();
      await database.drop();
    });
    const applied = () => dataSource.query<object[]>('SELECT name FROM migrations ORDER BY id');

    it.each(COMMANDS)('%s: leaves an older schema as it is, and says what to run', async (line) => {
      const before = await applied();
      expect(await run(line, { DATABASE_URL: database.url })).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^The schema of \S+ is older than this release: run "npm run migrate" first\.\n$/,
        ),
      });
      expect(await applied()).toEqual(before);
    });
  });

  it('an empty PostgreSQL is not migrated by a list', async () => {
    const database = await createDatabase('postgres');
    const { code, stderr } = await run('api-key list', { DATABASE_URL: database.url });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('"npm run migrate" first') });
    const admin = new pg.Client(database.url);
    await admin.connect();
    const { rows } = await admin.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`);
    await admin.end();
    await database.drop();
    expect(rows).toEqual([]);
  });
});

onEachEngine((engine) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(engine);
  });
  afterEach(() => database.drop());
  const env = () => ({ DATABASE_URL: database.url, BOOTSTRAP_API_KEY: KEY });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: finishes the running request, closes the database, exits with 0',
    async (signal) => {
      const program = start(env());
      const { hostname, port } = new URL(await program.says(URL_LINE));
      const body = JSON.stringify(aClient());
      const socket = connect(Number(port), hostname);
      let answer = '';
      socket.on('data', (data) => (answer += data.toString()));
      const closed = new Promise((done) => socket.once('close', done));
      socket.write(
        `POST /v2/oauth/clients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
      );
      await new Promise((done) => setTimeout(done, 200));
      program.signal(signal);
      await new Promise((done) => setTimeout(done, 300));
      socket.write(body.slice(10));
      expect(await program.ended).toBe(0);
      await closed;
      expect(answer).toMatch(/^HTTP\/1\.1 201 /);
      expect(program.stderr).toBe('');
      // SQLite removes its log when the last connection closes properly
      if (engine === 'sqlite') expect(existsSync(`${database.url.slice('sqlite:'.length)}-wal`)).toBe(false);
    },
  );

  it('SIGTERM: refuses new connections, answers what comes on open ones as the last there, and exits once they are gone', async () => {
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
      /^HTTP\/1\.1 503 [^]*connection: close[^]*"error_description":"The service stops\."/i,
    );
    await Promise.all([used!, unused!, checking!, proxy!].map(({ closed }) => closed));
    const goneAt = Date.now();
    expect(await program.ended).toBe(0);
    // It does not wait for the end of the time that callers are given
    expect(Date.now() - goneAt).toBeLessThan(3_000);
    expect(program.stderr).toBe('');
  });

  it.each([
    // Five seconds are left to callers
    ['SIGTERM', 4_900, 10_000],
    ['SIGINT', 0, 4_900],
  ] as const)(
    '%s: connections that ask for nothing do not hold up the end for long',
    async (signal, fromMs, toMs) => {
      const program = start(env());
      const url = new URL(await program.says(URL_LINE));
      const sockets = await Promise.all(Array.from({ length: 3 }, () => open(url)));
      ['', 'GET / HTTP/1.1\r\nHos', 'no http at all\r\n\r\n'].forEach((sent, i) => sockets[i]!.send(sent));
      await new Promise((done) => setTimeout(done, 200));
      const before = Date.now();
      program.signal(signal);
      expect(await program.ended).toBe(0);
      expect(Date.now() - before).toBeGreaterThanOrEqual(fromMs);
      expect(Date.now() - before).toBeLessThan(toMs);
      await Promise.all(sockets.map(({ closed }) => closed));
    },
  );

  it('api-key creates, lists and revokes keys that the running service knows', async () => {
    const url = await start(env()).says(URL_LINE);
    const cli = async (...args: string[]) => {
      const program = start(env(), 'cli.js', ['api-key', ...args]);
      return { code: await program.ended, output: program.stdout + program.stderr };
    };
    const created = await cli('create', '--name', 'ci', '--org', 'acme', '--expires-in', '90d');
    expect(created.code).toBe(0);
    const [, id] = /API key (\S+),/.exec(created.output)!;
    const [apiKey] = /ocr_\S+/.exec(created.output)!;
    const client = (await (await createClient(url, apiKey)).json()) as { data: object };
    expect(client.data).toMatchObject({ org_id: 'acme', user_id: 'ci' });

    const listed = await cli('list');
    expect(listed.output).toContain(id);
    expect(listed.output).toContain(`…${apiKey.slice(-4)}`);
    expect(listed.output).not.toContain(apiKey);

    expect((await cli('revoke', id!)).code).toBe(0);
    // The service may remember it for a second
    await new Promise((done) => setTimeout(done, 1_100));
    expect((await createClient(url, apiKey)).status).toBe(401);
    expect(await cli('revoke', id!)).toEqual({
      code: 1,
      output: 'There is no such key, or it is revoked already.\n',
    });
  });

  it('expire-unused tells which clients nobody uses, and removes them unless it is a dry run', async () => {
    const service = start(env());
    const url = await service.says(URL_LINE);
    const register = async () => {
      const response = await fetch(`${url}/v2/oauth/register`, { method: 'POST' });
      return ((await response.json()) as { client_id: string }).client_id;
    };
    const [old, fresh] = [await register(), await register()];
    const dataSource = await connectTo(database.url);
    await dataSource.query(`UPDATE oauth_clients SET created_at = created_at - 7200000 WHERE id = '${old}'`);
    const clients = () => dataSource.query<{ id: string }[]>('SELECT id FROM oauth_clients');
    const cli = async (ttl: Record<string, string>, ...args: string[]) => {
      const program = start({ ...env(), ...ttl }, 'cli.js', ['expire-unused', ...args]);
      return { code: await program.ended, output: program.stdout + program.stderr };
    };
    expect(await cli({}, '--older-than', '3h')).toEqual({
      code: 0,
      output: expect.stringMatching(/^Nothing to do: no anonymous client was .* never used\.\n$/),
    });
    const told = await cli({}, '--older-than', '1h', '--dry-run');
    expect(told).toEqual({
      code: 0,
      output: expect.stringMatching(/^1 anonymous clients .* never used.*\n$/),
    });
    expect((await clients()).length).toBe(2);
    const done = await cli({ REGISTRATION_UNUSED_TTL: '1h' });
    expect(done).toEqual({ code: 0, output: expect.stringContaining('\n1 are removed.\n') });
    expect(await clients()).toEqual([{ id: fresh }]);
    const events = await dataSource.query<object[]>(
      `SELECT door FROM audit_events WHERE action = 'unused_clients.removed'`,
    );
    expect(events).toEqual([{ door: 'cli' }]);
    await dataSource.destroy();
  });

  it('initial-access-token creates, lists and revokes tokens that the running service knows', async () => {
    const url = await start(env()).says(URL_LINE);
    const cli = async (...args: string[]) => {
      const program = start(env(), 'cli.js', ['initial-access-token', ...args]);
      return { code: await program.ended, output: program.stdout + program.stderr };
    };
    const register = async (token: string) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${url}/v2/oauth/register`, {
        method: 'POST',
        headers,
        body: '{"scope":"read write"}',
      });
      return { status: response.status, scope: ((await response.json()) as { scope?: string }).scope };
    };
    const options = ['--name', 'fleet', '--org', 'acme', '--max', '2', '--expires-in', '1h'];
    const created = await cli('create', ...options, '--scopes', 'read, list');
    expect(created.code).toBe(0);
    const [, id] = /Initial access token (\S+),/.exec(created.output)!;
    const [token] = /oci_\S+/.exec(created.output)!;
    expect(await register(token)).toEqual({ status: 201, scope: 'read' });

    const listed = await cli('list');
    expect(listed.output).toContain(id);
    expect(listed.output).toContain('1 of 2');
    expect(listed.output).not.toContain(token);

    expect((await cli('revoke', id!)).code).toBe(0);
    expect((await register(token)).status).toBe(401);
    expect((await cli('revoke', id!)).code).toBe(1);
  });

  it('lists fit 100 columns whatever is in them, and are whole as JSON', async () => {
    const dataSource = await connectTo(database.url);
    await dataSource.destroy();
    const cli = async (...args: string[]) => {
      const program = start(env(), 'cli.js', args);
      expect({ code: await program.ended, stderr: program.stderr }).toEqual({ code: 0, stderr: '' });
      return program.stdout;
    };
    const [name, org] = ['長い名前'.repeat(60), 'an organization with a name of some length'.repeat(6)];
    const owner = ['--name', name, '--org', org];
    const lists = {
      'api-key': await cli('api-key', 'create', ...owner, '--expires-in', '90d'),
      'initial-access-token': await cli(
        ...[
          'initial-access-token',
          'create',
          ...owner,
          '--max',
          '500',
          '--expires-in',
          '90d',
          '--scopes',
          'a b',
        ],
      ),
    };
    for (const [noun, created] of Object.entries(lists)) {
      const [, id, value] = / (\S+), shown this once:\n(\S+)/.exec(created)!;
      const table = (await cli(noun, 'list')).trimEnd().split('\n');
      expect(table).toHaveLength(2);
      expect(table[1]).toMatch(
        new RegExp(`^${id}  長い.*…  .*…${value!.slice(-4)}  an org.*…  .*20\\d\\d-\\d\\d-\\d\\d$`),
      );
      // A character of these takes two columns
      for (const line of table) expect(line.replace(/[長い名前]/g, '##').length).toBeLessThanOrEqual(100);
      const [listed, ...others] = JSON.parse(await cli(noun, 'list', '--json')) as object[];
      expect(others).toEqual([]);
      expect(listed).toMatchObject({
        id,
        name,
        orgId: org,
        userId: name,
        hint: value!.slice(-4),
        revokedAt: null,
      });
      expect(JSON.stringify(listed)).not.toMatch(/hash/i);
    }
  });

  it('migrate brings the database up to date', async () => {
    const program = start(env(), 'cli.js', ['migrate']);
    expect(await program.ended).toBe(0);
    expect(program.stdout).toBe('The database is up to date.\n');
  });
});

describe('the command line, without a database,', () => {
  const run = async (line: string) => {
    // Where nothing listens
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' };
    const program = start(env, 'cli.js', line.split(' ').filter(Boolean));
    return { code: await program.ended, stdout: program.stdout, stderr: program.stderr };
  };

  it.each([
    ['', /Say one of: api-key create, api-key list/, 'npm run migrate'],
    ['api-key', /Say one of: api-key create, api-key list, api-key revoke\.\n/, 'npm run api-key -- list'],
    ['api-key toString', /Say one of: api-key create/, 'npm run api-key -- list'],
    ['api-key create --name x', /^--org is required\.\n\n/, 'npm run api-key -- create'],
    ['api-key create', /^--name is required\.\n--org is required\.\n\n/, 'npm run api-key -- create'],
    [
      'api-key create --name x --org y --role owner',
      /--role takes member or admin/,
      'npm run api-key -- create',
    ],
    ['api-key create --name x --org y --expires-in soon', /--expires-in takes/, 'npm run api-key -- create'],
    ['api-key create --nmae x', /Unknown option '--nmae'/, 'npm run api-key -- create'],
    ['api-key revoke', /^ID is required\./, 'npm run api-key -- revoke ID'],
    ['api-key list all', /Unexpected argument: all\./, 'npm run api-key -- list [--json]'],
    ['initial-access-token create --org o --max 1 --expires-in 1d', /^--name is required\./, '--name NAME'],
    [
      'initial-access-token create --name n --org o',
      /^--max is required\.\n--expires-in is required\./,
      '--max COUNT',
    ],
    [
      'initial-access-token create --name n --org o --max x --expires-in 1d',
      /--max must be a whole/,
      '--max COUNT',
    ],
    [
      'initial-access-token create --name n --org o --max 1 --expires-in 0d',
      /--expires-in takes/,
      '--max COUNT',
    ],
    ['expire-unused', /--older-than 30d, or set REGISTRATION_UNUSED_TTL/, 'npm run expire-unused'],
    ['expire-unused --older-than soon', /--older-than takes/, 'npm run expire-unused'],
    ['expire-unused --dryrun', /dryrun/, 'npm run expire-unused'],
    ['backup', /^FILE is required\./, 'npm run backup -- FILE'],
    ['restore', /^FILE is required\./, 'npm run restore -- FILE'],
    [
      'initial-access-token create --name n --org o --max 1 --expires-in 1d --grant-types x --scopes ,',
      /--scopes must name.*\n--grant-types must name/,
      '--grant-types',
    ],
  ])(
    'says what is wrong with %j, and shows the usage of that command alone',
    async (line, expected, usage) => {
      const { code, stdout, stderr } = await run(line);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(expected);
      expect(stderr).toContain(usage);
      expect(stderr).not.toContain('    at ');
      if (line.includes(' '))
        expect(stderr.match(/npm run/g)).toHaveLength(line === 'api-key toString' ? 3 : 1);
    },
  );

  it.each([
    [
      '--help',
      [
        'api-key -- create',
        'initial-access-token -- revoke ID',
        'expire-unused',
        'migrate',
        'backup',
        'restore',
      ],
    ],
    ['api-key --help', ['api-key -- create', 'api-key -- list', 'api-key -- revoke']],
    ['api-key create --help', ['api-key -- create']],
    ['api-key create --name x -h', ['api-key -- create']],
    ['initial-access-token create --help', ['initial-access-token -- create']],
    ['expire-unused --help', ['expire-unused']],
    ['migrate --help', ['migrate']],
    ['backup --help', ['backup -- FILE']],
  ])('%s prints the usage and exits with 0', async (line, usages) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const usage of usages) expect(stdout).toContain(`npm run ${usage}`);
    if (usages.length < 5) expect(stdout.match(/npm run/g)).toHaveLength(usages.length);
    for (const printed of stdout.split('\n')) expect(printed.length).toBeLessThanOrEqual(100);
  });

  it.each(['api-key', 'initial-access-token', 'expire-unused', 'migrate', 'backup', 'restore'])(
    'npm run %s says before a build how to make one',
    async (script) => {
      for (const file of ['package.json', 'cli.js']) await copyFile(file, join(directory, file));
      const { status, stderr } = spawnSync('npm', ['run', '--silent', script, '--', 'list'], {
        cwd: directory,
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: 'The service is not built yet: run "npm start" first, or "npm run build".\n',
      });
    },
  );
});

it('ten instances that start at once on an empty PostgreSQL all come up', async () => {
  const database = await createDatabase('postgres');
  const instances = Array.from({ length: 10 }, () =>
    start({ DATABASE_URL: database.url, BOOTSTRAP_API_KEY: KEY }),
  );
  const urls = await Promise.all(instances.map((instance) => instance.says(URL_LINE)));
  const statuses = await Promise.all(urls.map(async (url) => (await createClient(url, KEY)).status));
  expect(statuses).toEqual(Array(10).fill(201));
  expect(await Promise.all(instances.map((instance) => instance.stop()))).toEqual(Array(10).fill(0));
  await database.drop();
});

onEachEngine((engine) => {
  it('a kill in the middle of a bulk operation leaves it done or not done, and the audit trail says which', async () => {
    const CLIENTS = 3_000;
    const database = await createDatabase(engine);
    const env = { DATABASE_URL: database.url, BOOTSTRAP_API_KEY: KEY, LOG_LEVEL: 'silent' };
    const outcomes: number[] = [];
    let url = await start(env).says(URL_LINE);
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
      url = await start(env).says(URL_LINE);
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
    await database.drop();
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
