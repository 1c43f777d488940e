import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { readConfig } from '../../../src/config/variables.js';
import { openDatabase } from '../../../src/database/connection/open-database.js';
import { PERSISTENCE } from '../../../src/persistence.js';
import { createDatabase } from '../../support/databases.js';
import { freePort } from '../../support/network/free-port.js';
import { Program } from '../../support/process.js';
import { aClient } from '../../support/registry.js';

const KEY = 'a-bootstrap-key-of-more-than-32-characters';

let directory: string;
let programs: Program[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-bootstrap-'));
  programs = [];
});
afterEach(async () => {
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true, force: true });
});

function start(env: Record<string, string>): Program {
  const program = new Program('main.js', { cwd: directory, env: { PORT: '0', ...env } });
  programs.push(program);
  return program;
}

const listeningUrl = (program: Program) => program.says(/Listening on (http:\/\/[^\s"]+)/);

const createClient = async (url: string, key: string) =>
  (
    await fetch(`${url}/v2/oauth/clients`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(aClient()),
    })
  ).status;

const isListening = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => done(false));
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
  });

describe('The first admin key', () => {
  it('works as soon as the service listens', async () => {
    const database = await createDatabase('postgres');
    await (await openDatabase(readConfig({ DATABASE_URL: database.url }).database, PERSISTENCE)).destroy();
    const other = new pg.Client(database.url);
    await other.connect();
    // Keys can be read, and not written
    await other.query('BEGIN; LOCK TABLE api_keys IN EXCLUSIVE MODE');
    const port = await freePort();
    const program = start({ PORT: String(port), DATABASE_URL: database.url, BOOTSTRAP_API_KEY: KEY });
    const waiting = `SELECT 1 FROM pg_locks WHERE relation = 'api_keys'::regclass AND NOT granted`;
    while ((await other.query(waiting)).rowCount === 0) await new Promise((done) => setTimeout(done, 20));
    expect(await isListening(port)).toBe(false);
    await other.query('COMMIT');
    await other.end();
    expect(await createClient(await listeningUrl(program), KEY)).toBe(201);
    await program.stop();
    await database.drop();
  });

  it('missing on PostgreSQL ends the start before anything listens', async () => {
    const database = await createDatabase('postgres');
    const port = await freePort();
    const program = start({ PORT: String(port), DATABASE_URL: database.url });
    let hasEnded = false;
    void program.ended.then(() => (hasEnded = true));
    let listened = false;
    while (!hasEnded) {
      listened ||= await isListening(port);
      await new Promise((done) => setTimeout(done, 1));
    }
    expect({ code: await program.ended, listened, stdout: program.stdout }).toEqual({
      code: 1,
      listened: false,
      stdout: '',
    });
    await database.drop();
  });

  it('is made in addition to keys of members', async () => {
    const cli = (...args: string[]) => new Program('cli.js', { cwd: directory, env: {}, args }).ended;
    expect(await cli('migrate')).toBe(0);
    expect(await cli('api-key', 'create', '--name', 'ci', '--org', 'acme')).toBe(0);
    const program = start({});
    const key = await program.says(/shown this once: (\S+)/);
    expect(await createClient(await listeningUrl(program), key)).toBe(201);
    await program.stop();
  });

  it('in production without a terminal is in a file of its own, and not in the log', async () => {
    const program = start({ NODE_ENV: 'production' });
    const url = await listeningUrl(program);
    const file = join(directory, 'data/registry.sqlite.admin-key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const key = await readFile(file, 'utf8');
    expect(key).toMatch(/^ocr_\S+\n$/);
    expect(await createClient(url, key.trim())).toBe(201);
    await program.stop();
    expect(program.stdout).toContain('The first admin API key is in data/registry.sqlite.admin-key');
    expect(program.stdout + program.stderr).not.toContain('ocr_');

    // Once: it is neither made nor written again
    await rm(file);
    const second = start({ NODE_ENV: 'production' });
    await listeningUrl(second);
    await second.stop();
    await expect(stat(file)).rejects.toThrow('ENOENT');
    expect(second.stdout).not.toContain('admin-key');
  });

  it('that cannot be written leaves the existing file unchanged, and no key is created', async () => {
    const file = join(directory, 'registry.sqlite.admin-key');
    await writeFile(file, 'of another process');
    const env = { NODE_ENV: 'production', DATABASE_URL: 'sqlite:registry.sqlite' };
    const program = start(env);
    expect(await program.ended).toBe(1);
    expect(program.stderr).toBe(
      'Cannot write the first admin key to registry.sqlite.admin-key: it exists already; remove it, or set BOOTSTRAP_API_KEY\n',
    );
    expect(await readFile(file, 'utf8')).toBe('of another process');
    await rm(file);
    await listeningUrl(start(env));
    expect(await readFile(file, 'utf8')).toMatch(/^ocr_/);
  });
});
