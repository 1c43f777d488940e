import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { createMigratedDatabase, ENGINES } from '../../support/databases.js';
import { freePort } from '../../support/network/free-port.js';
import { Scrape } from '../../support/measurements/metrics.js';
import { Program } from '../../support/process.js';
import { Proxy } from '../../support/network/proxy.js';
import { aClient } from '../../support/registry.js';

const KEY = 'a-bootstrap-key-of-more-than-32-characters';
const DROPPED = 'oauth_registry_log_lines_dropped_total';

let directory: string;
let programs: Program[];
let sockets: Socket[];
let url: string;
let port: number;
let metricsUrl: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-process-faults-'));
  programs = [];
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true, force: true });
});

function run(
  script: 'main.js' | 'cli.js',
  env: Record<string, string>,
  startedBy?: string[],
  args?: string[],
): Program {
  const program = new Program(script, { cwd: directory, env, startedBy, args });
  programs.push(program);
  return program;
}

/** Starts the service in production. Does not read its output to find out where it listens. */
async function serve(env: Record<string, string> = {}, startedBy?: string[]): Promise<Program> {
  port = await freePort();
  const metricsPort = await freePort();
  url = `http://127.0.0.1:${port}`;
  metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
  const fixed = { NODE_ENV: 'production', PORT: String(port), METRICS_PORT: String(metricsPort) };
  const program = run('main.js', { ...fixed, BOOTSTRAP_API_KEY: KEY, ...env }, startedBy);
  let ended = false;
  void program.ended.then(() => (ended = true));
  while ((await get('/health/ready').catch(() => 0)) !== 200) {
    if (ended) throw new Error(`ended: ${program.stderr}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  // The signal handlers come right after
  await new Promise((done) => setTimeout(done, 50));
  return program;
}

/** A connection that is kept would be waited for when the service stops. */
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', connection: 'close' };
const get = async (path: string) =>
  (await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(5_000) })).status;
const create = async (at = url) =>
  (await fetch(`${at}/v2/oauth/clients`, { method: 'POST', headers, body: JSON.stringify(aClient()) }))
    .status;

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await new Promise((done) => socket.once('connect', done));
  return socket;
}

/** Sends requests, ten at a time on a connection, each of which leaves a line of some 600 characters in the log. */
async function sendMany(count: number): Promise<void> {
  const path = `/${'abcdefghijklmnopqrstuvw/'.repeat(10)}`;
  const trace = `traceparent: 00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01\r\n`;
  const ten = `GET ${path} HTTP/1.1\r\nHost: x\r\n${trace}\r\n`.repeat(10);
  const sendTens = async (times: number) => {
    const socket = await open();
    let replies = 0;
    let onTen = () => {};
    socket.on('data', (data) => {
      replies += String(data).split('HTTP/1.1 404').length - 1;
      if (replies >= 10) onTen();
    });
    for (let i = 0; i < times; i++) {
      replies = 0;
      const answered = new Promise<void>((done) => (onTen = done));
      socket.write(ten);
      await answered;
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: 10 }, () => sendTens(count / 100)));
}

const shell = (line: string) => ['sh', '-c', line, 'sh'];
const HAS_DEV_FULL = existsSync('/dev/full');
if (!HAS_DEV_FULL) console.warn('SKIPPED: there is no /dev/full to print to');

describe('The log', () => {
  (HAS_DEV_FULL ? it : it.skip)('stops nothing while standard output is a full disk', async () => {
    const program = await serve({}, shell('exec "$@" > /dev/full'));
    expect(await create()).toBe(201);
    for (let i = 0; i < 20; i++) expect(await get('/health/live')).toBe(200);
    program.signal('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.stderr).toBe('');
  });

  it('does not block while it is unread, drops lines beyond a few megabytes, and reports the number later', async () => {
    const program = await serve();
    program.readOutput(false);
    await sendMany(9_000);
    const dropped = (await Scrape.of(metricsUrl)).value(DROPPED)!;
    expect(dropped).toBeGreaterThan(0);
    program.readOutput(true);
    const line = JSON.parse(await program.says(/\{[^\n]*Log lines were dropped[^\n]*\}/)) as object;
    expect(line).toMatchObject({ level: 40, dropped });
    // Lines are whole, and none is missing without being counted
    const lines = program.stdout.split('\n').filter((text) => text.includes('abcdefghijklmnopqrstuvw'));
    for (const text of lines) expect(JSON.parse(text)).toMatchObject({ msg: 'request', status: 404 });
    expect(lines.length + dropped).toBe(9_000);

    program.closeOutput();
    for (let i = 0; i < 20; i++) expect(await get('/health/live')).toBe(200);
    program.signal('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.stderr).toBe('');
  });
});

const disk = join(tmpdir(), `registry-disk-${process.pid}`);
async function mountDisk(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid!() !== 0) return false;
  await mkdir(disk);
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=700', 'tmpfs', disk]).status === 0;
}
const hasDisk = await mountDisk();
if (!hasDisk) console.warn('SKIPPED: a full disk is not tested, since no file system can be mounted here');
afterAll(async () => {
  if (hasDisk) spawnSync('umount', ['--lazy', disk]);
  await rm(disk, { recursive: true, force: true });
});

/** Takes all space that is left. */
function fillDisk(): void {
  const file = openSync(join(disk, 'ballast'), 'a');
  try {
    for (let piece = Buffer.alloc(65_536); ;) {
      try {
        writeSync(file, piece);
      } catch {
        if (piece.length === 1) return;
        piece = piece.subarray(0, piece.length / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

(hasDisk ? it : it.skip)(
  'with log and SQLite on one full disk, reads go on, commands print one line, and all is well with room',
  async () => {
    const env = { DATABASE_URL: `sqlite:${disk}/registry.sqlite` };
    const program = await serve(env, shell(`exec "$@" > ${disk}/log`));
    expect(await create()).toBe(201);
    fillDisk();
    for (let i = 0; i < 20; i++) {
      expect(await get('/v2/oauth/clients')).toBe(200);
      expect(await get('/health/live')).toBe(200);
    }
    expect(await create()).toBe(503);
    for (const args of [
      ['api-key', 'create', '--name', 'n', '--org', 'o'],
      ['backup', `${disk}/copy`],
    ]) {
      const command = run('cli.js', env, undefined, args);
      expect(await command.ended).toBe(1);
      expect(command.stderr).toMatch(/^[^\n]*(disk is full|no space left)[^\n]*\n$/i);
    }

    await rm(join(disk, 'ballast'));
    while ((await create()) !== 201) await new Promise((done) => setTimeout(done, 100));
    program.signal('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.stderr).toBe('');
  },
);

(HAS_DEV_FULL ? it : it.skip)('commands print one line where standard output is a full disk', async () => {
  const env = { DATABASE_URL: 'sqlite:x.sqlite' };
  expect(await run('cli.js', env, undefined, ['migrate']).ended).toBe(0);
  const commands = [['--help'], ['api-key', 'create', '--name', 'n', '--org', 'o'], ['api-key', 'list']].map(
    (args) => run('cli.js', env, shell('exec "$@" > /dev/full'), args),
  );
  for (const command of commands) {
    expect({ code: await command.ended, stderr: command.stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^Standard output cannot be written: ENOSPC[^\n]*\n$/),
    });
  }
});

it('commands on PostgreSQL wait some seconds for a table that is locked, and say so', async () => {
  const database = await createMigratedDatabase('postgres');
  const operator = new pg.Client(database.url);
  await operator.connect();
  try {
    await operator.query('BEGIN; LOCK TABLE api_keys');
    const commands = [
      ['api-key', 'create', '--name', 'n', '--org', 'o'],
      ['api-key', 'list'],
    ].map((args) => run('cli.js', { DATABASE_URL: database.url }, undefined, args));
    for (const command of commands) {
      expect({ code: await command.ended, stderr: command.stderr }).toEqual({
        code: 1,
        stderr:
          'Another session has locked what this command needs (see pg_locks). Run it again once that has ended.\n',
      });
    }
  } finally {
    await operator.end();
    await database.drop();
  }
});

describe('A page by GraphQL', () => {
  it('keeps serving if one client cannot be serialized and secrets of others cannot be read', async () => {
    const program = await serve();
    expect([await create(), await create()]).toEqual([201, 201]);
    const file = new Database(join(directory, 'data/registry.sqlite'));
    // The last of the page
    file.exec(`UPDATE oauth_clients SET source = 'unknown' WHERE id = (SELECT min(id) FROM oauth_clients)`);
    file.exec('DROP TABLE oauth_client_secrets');
    file.close();
    for (const page of [
      'nodes { source secrets { nodes { id } } }',
      'edges { node { source secrets { nodes { id } } } }',
    ]) {
      const body = JSON.stringify({ query: `{ oauthClients { ${page} } }` });
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
      expect(await response.json()).toMatchObject({
        data: null,
        errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
      });
    }
    expect(await get('/health/live')).toBe(200);
    expect(await program.stop()).toBe(0);
  });
});

/** Registers on a connection that the caller would keep. @returns all that comes until the service closes it */
function registerOnKept(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let reply = '';
  socket.on('error', () => undefined);
  socket.on('data', (data) => (reply += String(data)));
  socket.write(
    'POST /v2/oauth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
  );
  return new Promise((done) => socket.once('close', () => done(reply)));
}

describe('Signals', () => {
  it('SIGHUP lets callers go as SIGTERM does; further signals are ignored, and SIGUSR1 opens no debugger', async () => {
    const program = await serve();
    program.signal('SIGUSR1');
    const body = JSON.stringify(aClient());
    const socket = await open();
    let reply = '';
    socket.on('data', (data) => (reply += String(data)));
    const closed = new Promise((done) => socket.once('close', done));
    socket.write(
      `POST /v2/oauth/clients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );
    await new Promise((done) => setTimeout(done, 200));
    for (const signal of ['SIGHUP', 'SIGHUP', 'SIGTERM', 'SIGINT', 'SIGUSR1'] as const) {
      program.signal(signal);
      await new Promise((done) => setTimeout(done, 100));
    }
    socket.write(body.slice(10));
    await closed;
    expect(reply).toMatch(/^HTTP\/1\.1 201 /);
    expect(await program.ended).toBe(0);
    expect(program.stderr).toBe('');
  });

  it('SIGINT while PostgreSQL is blocked or a table is locked: callers get a 503', async () => {
    const database = await createMigratedDatabase('postgres');
    const { hostname, port: postgresPort } = new URL(database.url);
    const proxy = await Proxy.start({ host: hostname, port: Number(postgresPort || 5432) });
    const behindProxy = Object.assign(new URL(database.url), {
      hostname: '127.0.0.1',
      port: String(proxy.port),
    });
    const admin = new pg.Client(database.url);
    await admin.connect();
    try {
      const instances = [];
      for (const DATABASE_URL of [behindProxy.href, database.url]) {
        const program = await serve({ DATABASE_URL });
        expect(await create()).toBe(201);
        instances.push({ program, url });
      }
      proxy.stall();
      await admin.query('BEGIN; LOCK TABLE oauth_clients');
      const statuses = instances.map(({ url }) => create(url));
      const kept = instances.map(({ url }) => registerOnKept(Number(new URL(url).port)));
      await new Promise((done) => setTimeout(done, 500));
      for (const { program } of instances) program.signal('SIGINT');
      expect(await Promise.all(statuses)).toEqual([503, 503]);
      for (const reply of await Promise.all(kept)) {
        expect(reply).toMatch(/^HTTP\/1\.1 503 /);
        expect(reply).toMatch(/^connection: close\r$/im);
      }
      for (const { program } of instances) program.signal('SIGKILL');
      await Promise.all(instances.map(({ program }) => program.ended));
    } finally {
      await admin.end();
      await proxy.stop();
      await database.drop();
    }
  });
});

const ulimit = (files: number) => shell(`ulimit -n ${files} && exec "$@"`);

(process.platform === 'linux' ? it : it.skip).each(ENGINES)(
  'serves requests with fewer file descriptors than connections, on %s',
  async (engine) => {
    const database = await createMigratedDatabase(engine);
    const program = await serve({ DATABASE_URL: database.url }, ulimit(150));
    expect(await program.says(/The limit of open files [^"]*/)).toContain('allows 50 connections');
    for (let i = 0; i < 300; i++) await open();
    expect(await get('/health/ready')).toBe(200);
    expect(await create()).toBe(201);
    expect(await get('/v2/oauth/clients')).toBe(200);
    program.signal('SIGINT');
    expect(await program.ended).toBe(0);
    expect(program.stderr).toBe('');
    await database.drop();
  },
);

it('A connection that is reset before it is accepted is not logged as a request', async () => {
  const program = await serve();
  program.signal('SIGSTOP');
  for (let i = 0; i < 60; i++) {
    const socket = await open();
    const request = `GET /v2/oauth/clients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x${i}\r\n\r\n`;
    await new Promise((done) => socket.write(request.repeat(2), done));
    socket.resetAndDestroy();
  }
  program.signal('SIGCONT');
  expect(await get('/health/live')).toBe(200);
  const lines = program.stdout.split('\n').filter((line) => line.startsWith('{'));
  expect(lines.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  program.signal('SIGTERM');
  expect(await program.ended).toBe(0);
});
