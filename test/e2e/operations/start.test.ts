import { existsSync } from 'node:fs';
import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loadSqlite } from '../../../src/database/connection/sqlite.js';
import { createDatabase } from '../../support/databases.js';
import { WITHOUT_OVERRIDE } from '../../support/process.js';
import {
  createClient,
  directory,
  KEY,
  start,
  startProgramsPerTest,
  URL_LINE,
} from '../../support/programs.js';

const Database = loadSqlite();

startProgramsPerTest();

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
  it('creates a database, prints the admin key once, and a working curl line for each interface', async () => {
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

  it('logs JSON lines and prints no examples in production', async () => {
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

it('warns of a sign-in that has no effect, because the authorization server is off', async () => {
  const login = { AUTHORIZATION_LOGIN_ISSUER: 'https://login.example', AUTHORIZATION_LOGIN_CLIENT_ID: 'x' };
  const program = start({ NODE_ENV: 'production', BOOTSTRAP_API_KEY: KEY, ...login });
  await program.says(/AUTHORIZATION_LOGIN_ISSUER has no effect while the authorization server is off\./);
  const other = start({ NODE_ENV: 'development', DATABASE_URL: 'sqlite:other.sqlite', ...login });
  await other.says(/documentation/);
  expect(other.stdout).not.toContain('has no effect');
});

describe('a failed start prints one line and exits with 1', () => {
  const refusal = async (env: Record<string, string>, startedBy?: string[]) => {
    const program = start(env, 'main.js', undefined, startedBy);
    const code = await program.ended;
    expect({ code, stdout: program.stdout }).toEqual({ code: 1, stdout: '' });
    expect(program.stderr.trimEnd()).not.toContain('\n');
    return program.stderr;
  };

  it('names each invalid variable and what it takes, in a line each', async () => {
    const faults = [
      ['PORT', 'http', 'a port number'],
      ['PUBLIC_URL', 'registry.example', 'an absolute http or https URL'],
      ['DATABASE_URL', 'mysql://localhost/x', 'sqlite:PATH or postgres://'],
      ['BOOTSTRAP_API_KEY', 'short', 'a secret string'],
      ['AUTH_JWT_ISSUER', 'issuer', 'the https or http URL'],
      ['REGISTRATION_MODE', 'ajar', 'open, statement, token or closed'],
      ['REGISTRATION_METADATA', 'all', 'strict, registered or lenient'],
      ['REGISTRATION_ALLOWED_GRANT_TYPES', 'implicit', 'any of client_credentials'],
      ['RATE_LIMIT_REGISTER', 'many', 'COUNT/DURATION'],
      ['TRUST_PROXY', 'true', 'false, the number of proxies'],
      ['LOG_LEVEL', 'loud', 'fatal, error'],
      ['NODE_ENV', 'prod', 'production, development or test'],
      ['GRAPHQL_EXPLORER', 'maybe', 'on or off'],
      ['REGISTRATION_MODUS', 'open', 'is not a variable of this service'],
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

  it('the file is not a database', async () => {
    await writeFile(join(directory, 'x'), 'not a database, but long enough for one');
    expect(await refusal({ DATABASE_URL: 'sqlite:x' })).toBe(
      'Cannot open the database x: the file is not a SQLite database. See DATABASE_URL.\n',
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

it('four instances that start concurrently on an empty PostgreSQL all become ready', async () => {
  const database = await createDatabase('postgres');
  const instances = Array.from({ length: 4 }, () =>
    start({ DATABASE_URL: database.url, BOOTSTRAP_API_KEY: KEY }),
  );
  const urls = await Promise.all(instances.map((instance) => instance.says(URL_LINE)));
  const statuses = await Promise.all(urls.map(async (url) => (await createClient(url, KEY)).status));
  expect(statuses).toEqual(Array(4).fill(201));
  expect(await Promise.all(instances.map((instance) => instance.stop()))).toEqual(Array(4).fill(0));
  await database.drop();
});
