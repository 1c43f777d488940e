import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  copyFile,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSqlite } from '../../../src/database/connection/sqlite.js';
import { Program } from '../../support/process.js';
import { aClient } from '../../support/registry.js';
import { readStored } from '../../support/stored.js';
import { until } from '../../support/until.js';

const Sqlite = loadSqlite();
const KEY = 'a-bootstrap-key-of-more-than-32-characters';
const CALLERS = 10;

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

let directory: string;
let programs: Program[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-files-'));
  programs = [];
});
afterEach(async () => {
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true, force: true });
});

const at = (name: string) => join(directory, name);
const LIVE = 'live.sqlite';

function start(...args: string[]): Program {
  const program = new Program(args.length > 0 ? 'cli.js' : 'main.js', {
    cwd: directory,
    env: {
      PORT: '0',
      DATABASE_URL: `sqlite:${at(LIVE)}`,
      BOOTSTRAP_API_KEY: KEY,
      RATE_LIMIT_REGISTER: 'off',
      LOG_LEVEL: 'error',
    },
    args,
  });
  programs.push(program);
  return program;
}

async function serve() {
  const program = start();
  const url = await program.says(/Listening on (http:\/\/\S+)/);
  const register = async () => {
    const response = await fetch(`${url}/v2/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const { client_id: id } = (await response.json()) as { client_id: string };
    return { status: response.status, id };
  };
  const ready = async () => (await fetch(`${url}/health/ready`)).status;
  /** Every kind of request that needs the database, and its reply: to retry later. */
  const answers = async (id: string) => {
    const requests: [method: string, path: string, body?: string][] = [
      ['GET', `/v2/oauth/clients/${id}`],
      ['GET', '/v2/oauth/clients'],
      ['GET', '/v2/oauth/clients?filter[name][contains]=x'],
      ['POST', '/v2/oauth/clients', JSON.stringify(aClient())],
      ['POST', '/v2/oauth/register', '{}'],
      ['GET', `/v2/oauth/register/${id}`],
      ['POST', '/graphql', JSON.stringify({ query: '{ apiKeys { nodes { id } } }' })],
      ['POST', '/admin/session', JSON.stringify({ api_key: KEY })],
    ];
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${KEY}`, origin: url };
    return Promise.all(
      requests.map(async ([method, path, body]) => {
        const response = await fetch(url + path, { method, headers, body });
        return `${method} ${path}: ${response.status}, ${response.headers.get('retry-after')}`;
      }),
    );
  };
  return { program, url, register, ready, answers };
}

const isRefusal = (answer: string) => answer.endsWith(': 503, 5');

const said = ({ stdout, stderr }: Program) => stdout + stderr;
/** Its output may come after its replies. */
const untilItSays = async (program: Program, text: string) => {
  while (!said(program).includes(text)) await new Promise((done) => setTimeout(done, 20));
};
const run = async (...args: string[]) => {
  const program = start(...args);
  return { code: await program.ended, said: said(program) };
};
const storedClients = async () => new Set((await readStored(`sqlite:${at(LIVE)}`)).clients);

/** Cached pages are valid until the database changes. */
const touch = () => new Sqlite(at(LIVE)).exec('CREATE TABLE touched (x)').close();

const rootPage = (table: string) => {
  const file = new Sqlite(at(LIVE));
  file.pragma('wal_checkpoint(TRUNCATE)');
  const page = file.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = ?`).pluck().get(table);
  file.close();
  return Number(page);
};
/** In place: a file that is truncated for a moment is found to be replaced. */
const overwrite = async (name: string, from: number, bytes: Buffer) => {
  const file = await open(at(name), 'r+');
  await file.write(bytes, 0, bytes.length, from);
  await file.close();
};
const overwriteRootPage = async (table: string) => {
  await overwrite(LIVE, (rootPage(table) - 1) * 4_096, Buffer.alloc(4_096, 0xff));
  touch();
};

describe('Files that are replaced under a running service', () => {
  it('acknowledges no write while one of them is missing, and continues once it is back', async () => {
    const { program, register, ready } = await serve();
    for (const name of [LIVE, `${LIVE}-wal`, `${LIVE}-shm`]) {
      expect([name, (await register()).status, await ready()]).toEqual([name, 201, 200]);
      await rename(at(name), at('away'));
      const refused = await Promise.all(Array.from({ length: CALLERS }, register));
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
      expect(await ready()).toBe(503);
      await untilItSays(program, `${at(name)} was moved, removed or replaced.`);
      await rename(at('away'), at(name));
    }
    const last = await register();
    expect(last.status).toBe(201);
    await program.stop();
    expect(await storedClients()).toContain(last.id);
  });

  it.each([
    ['a backup', () => new Sqlite(at(LIVE)).exec(`VACUUM INTO '${at('copy')}'`).close()],
    ['the file as it was before the start', () => undefined],
  ])('no write is acknowledged after another file was copied over the database: %s', async (_, backUp) => {
    await run('migrate');
    await copyFile(at(LIVE), at('before'));
    const { program, register, ready } = await serve();
    expect((await register()).status).toBe(201);
    backUp();
    const copy = existsSync(at('copy')) ? at('copy') : at('before');

    let isReplaced = false;
    let isOver = false;
    const after: number[] = [];
    const calling = Array.from({ length: CALLERS }, async () => {
      while (!isOver) {
        const isAfter = isReplaced;
        const { status } = await register();
        if (isAfter) after.push(status);
      }
    });
    await wait(200);
    await copyFile(copy, at(LIVE));
    isReplaced = true;
    await wait(300);
    isOver = true;
    await Promise.all(calling);
    expect(new Set(after)).toEqual(new Set([503]));
    expect(await ready()).toBe(503);
    await untilItSays(program, 'The database file was replaced while it was open.');
    // The end of the process does not touch the new files
    const left = await readFile(at(LIVE));
    program.signal('SIGTERM');
    expect(await program.ended).toBe(0);
    expect((await readFile(at(LIVE))).equals(left)).toBe(true);
  });

  it('once the file is found to be damaged, nothing more is written', async () => {
    const { program, register, ready } = await serve();
    for (let i = 0; i < 20; i++) await register();
    await overwriteRootPage('oauth_clients');
    for (let i = 0; i < 5; i++) await register();
    expect((await register()).status).toBe(503);
    expect(await ready()).toBe(503);
    await untilItSays(program, 'The database is damaged (SQLITE_CORRUPT');
  });
});

describe('Once the file is known to be damaged or replaced', () => {
  it.each<[string, () => Promise<void>]>([
    [
      'another database was copied over it',
      async () => {
        // Another database, without the key of the caller
        new Sqlite(at(LIVE)).exec(`VACUUM INTO '${at('foreign')}'`).close();
        new Sqlite(at('foreign')).exec('DELETE FROM api_keys; DELETE FROM oauth_clients').close();
        await copyFile(at('foreign'), at(LIVE));
      },
    ],
    ['it was truncated', () => truncate(at(LIVE), 0)],
    ['it was overwritten', () => overwrite(LIVE, 0, randomBytes(200_000))],
    ['the pages of its keys were overwritten', () => overwriteRootPage('api_keys')],
    ['its log was overwritten', () => overwrite(`${LIVE}-wal`, 0, randomBytes(200_000))],
  ])('authenticates no caller from it and replies 503 to all: %s', async (_, damage) => {
    const { program, register, ready, answers } = await serve();
    const { id } = await register();
    for (let i = 0; i < 20; i++) await register();
    await damage();
    // Keys are cached for a second; the first read of the damaged file detects the damage
    const statuses = new Set<string>();
    await until(async () => {
      for (const answer of await answers(id)) statuses.add(answer.slice(-6));
      return (await ready()) === 503;
    }, 10_000);
    await wait(1_100);
    for (let i = 0; i < 3; i++)
      expect((await answers(id)).filter((answer) => !isRefusal(answer))).toEqual([]);
    expect([...statuses].filter((status) => status.startsWith('500'))).toEqual([]);
    const left = await readFile(at(LIVE));
    program.signal('SIGTERM');
    expect(await program.ended).toBe(0);
    expect((await readFile(at(LIVE))).equals(left)).toBe(true);
  });

  it('a log that was only removed is written to the database at the end', async () => {
    const { program, register, ready } = await serve();
    const { id } = await register();
    await rm(at(`${LIVE}-wal`));
    await until(async () => (await ready()) === 503);
    program.signal('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(await storedClients()).toContain(id);
  });
});

describe('npm run restore', () => {
  it('rejects a running service and a file that is not a backup; replaces the database with a backup', async () => {
    const first = await serve();
    const before = await first.register();
    expect((await run('backup', at('backup'))).code).toBe(0);
    const later = await first.register();
    const refused = await run('restore', at('backup'));
    expect(refused).toEqual({ code: 1, said: `A process has ${at(LIVE)} open. Stop the service first.\n` });
    expect((await first.register()).status).toBe(201);
    // Leaves a log behind, with what was acknowledged last
    first.program.signal('SIGKILL');
    await first.program.ended;
    expect((await stat(at(`${LIVE}-wal`))).size).toBeGreaterThan(0);

    await writeFile(at('garbage'), 'x'.repeat(10_000));
    new Sqlite(at('foreign')).exec('CREATE TABLE t (x)').close();
    const damaged = await readFile(at('backup'));
    await writeFile(at('damaged'), damaged.fill(0xff, 8_192, damaged.length - 8_192));
    for (const [file, reason] of [
      ['garbage', /is not a backup that can be restored: file is not a database\.$/m],
      ['foreign', /is not a backup that can be restored: it has no tables of this service\.$/m],
      ['damaged', /is not a backup that can be restored: /],
    ] as const) {
      const { code, said } = await run('restore', at(file));
      expect([file, code]).toEqual([file, 1]);
      expect(said).toMatch(reason);
    }
    expect(await storedClients()).toContain(later.id);

    const restored = await run('restore', at('backup'));
    expect(restored).toEqual({
      code: 0,
      said: `${at(LIVE)} is restored from ${at('backup')}. Start the service.\n`,
    });
    expect(
      (await readdir(directory)).filter((name) => name.startsWith('.') || name.endsWith('-wal')),
    ).toEqual([]);
    expect((await stat(at(LIVE))).mode & 0o777).toBe(0o600);
    const second = await serve();
    const made = await second.register();
    expect([made.status, await second.ready()]).toEqual([201, 200]);
    await second.program.stop();
    const clients = await storedClients();
    expect([before, later, made].map(({ id }) => clients.has(id))).toEqual([true, false, true]);
  });
});
