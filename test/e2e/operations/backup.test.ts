import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../../bench/postgres.js';
import { loadSqlite } from '../../../src/database/connection/sqlite.js';
import { type Acknowledgement, callUntilItDies } from '../../support/callers.js';
import { freePort } from '../../support/network/free-port.js';
import { findInstalledPostgres } from '../../support/backing-services/installed-postgres.js';
import { Program } from '../../support/process.js';
import { readStored } from '../../support/stored.js';

const Sqlite = loadSqlite();

const run = promisify(execFile);

const CALLERS = 20;
/** Number of clients when the backup begins. */
const CLIENTS_BEFORE = 500;
const KEY = 'a-bootstrap-key-of-more-than-32-characters';
const URL_LINE = /Listening on (http:\/\/\S+)/;

/** What SQLite does, with an attacker in between: it makes the path absolute, and opens it. */
const REPLACE_FOLDER = `
const { readdirSync, renameSync, symlinkSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { SQLITE_MODULE, SHARED, THEIRS } = process.env;
const { prototype } = require(SQLITE_MODULE);
const { prepare } = prototype;
prototype.prepare = function (sql) {
  const statement = prepare.call(this, sql);
  if (!sql.startsWith('VACUUM')) return statement;
  const run = (path) => {
    const absolute = resolve(path);
    const folder = join(SHARED, readdirSync(SHARED).find((name) => name.startsWith('.backup-')));
    renameSync(folder, join(SHARED, 'moved'));
    symlinkSync(THEIRS, folder);
    return statement.run(absolute);
  };
  return { run };
};
`;

/** The folder that a command has just made is replaced by a link to a folder of another user. */
const REPLACE_NEW_FOLDER = `
const fs = require('node:fs');
const { mkdtempSync } = fs;
fs.mkdtempSync = (prefix) => {
  const folder = mkdtempSync(prefix);
  fs.renameSync(folder, folder + '.moved');
  fs.symlinkSync(process.env.THEIRS, folder);
  return folder;
};
require('node:module').syncBuiltinESMExports();
`;

let directory: string;
let programs: Program[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-backup-'));
  programs = [];
});
afterEach(async () => {
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true, force: true });
});

function start(databaseUrl: string, args?: string[], more: Record<string, string> = {}): Program {
  const env = {
    PORT: '0',
    DATABASE_URL: databaseUrl,
    BOOTSTRAP_API_KEY: KEY,
    RATE_LIMIT_REGISTER: 'off',
    ...more,
  };
  const program = new Program(args ? 'cli.js' : 'main.js', {
    cwd: directory,
    env: { ...env, LOG_LEVEL: 'silent' },
    args,
  });
  programs.push(program);
  return program;
}

/** Backs up under load, restores, and looks for what had been acknowledged before. */
async function backUpAndRestore(
  databaseUrl: string,
  backUp: () => Promise<unknown>,
  restore: () => Promise<string>,
) {
  const service = start(databaseUrl);
  const url = await service.says(URL_LINE);
  const told: Acknowledgement[] = [];
  const calling = Array.from({ length: CALLERS }, (_, i) =>
    callUntilItDies(url, KEY, i % 2 === 0, (acknowledgement) => told.push(acknowledgement)),
  );
  while (told.length < CLIENTS_BEFORE) await new Promise((done) => setTimeout(done, 10));

  const before = told.slice();
  await backUp();
  const during = told.slice(before.length);
  service.signal('SIGKILL');
  await Promise.all([...calling, service.ended]);

  expect(new Set(told.map(({ status }) => status))).toEqual(new Set([201]));
  // Requests did not wait for it to end
  expect(during.length).toBeGreaterThan(CALLERS);

  const restored = await restore();
  const stored = await readStored(restored);
  const isThere = new Set(stored.clients);
  expect(before.filter(({ id }) => !isThere.has(id))).toEqual([]);
  // It is of one moment: each client has its secret and its event, and is counted
  expect(stored.ofSecrets).toEqual(stored.clients);
  expect(stored.ofEvents).toEqual(stored.clients);
  expect(stored.counted).toBe(stored.owned);

  // The service takes up where it was: keys, tokens and counts work
  const url2 = await start(restored).says(URL_LINE);
  const { body: registration } = before.find(({ body }) => body.registration_access_token)!;
  const managed = await fetch(`${url2}/v2/oauth/register/${registration.client_id}`, {
    headers: { authorization: `Bearer ${registration.registration_access_token}` },
  });
  expect(managed.status).toBe(200);
  const created = before.find(({ body }) => body.data)!;
  const read = await fetch(`${url2}/v2/oauth/clients/${created.id}`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  expect({ status: read.status, body: await read.json() }).toEqual({
    status: 200,
    body: { data: { ...created.body.data, client_secret: null } },
  });
}

describe('on sqlite', () => {
  const at = (name: string) => join(directory, name);

  it('a backup under load has every client that was acknowledged before it began', async () => {
    await backUpAndRestore(
      `sqlite:${at('live.sqlite')}`,
      async () => expect(await start(`sqlite:${at('live.sqlite')}`, ['backup', at('copy')]).ended).toBe(0),
      async () => {
        const copy = new Sqlite(at('copy'));
        expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
        copy.close();
        await copyFile(at('copy'), at('restored.sqlite'));
        return `sqlite:${at('restored.sqlite')}`;
      },
    );
    // Only its owner can read it, and no temporary files remain
    expect((await stat(at('copy'))).mode & 0o777).toBe(0o600);
    expect(existsSync(at('copy.unfinished'))).toBe(false);
  });

  it('leaves the database as it is, and writes over no file', async () => {
    new Sqlite(at('empty.sqlite')).exec('CREATE TABLE migrations (of_an_older_release)').close();
    const backup = () => start(`sqlite:${at('empty.sqlite')}`, ['backup', at('copy')]);
    expect(await backup().ended).toBe(0);
    for (const file of ['empty.sqlite', 'copy']) {
      const database = new Sqlite(at(file));
      expect(database.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['migrations']);
      database.close();
    }
    const second = backup();
    expect(await second.ended).toBe(1);
    expect(second.stderr).toBe(`${at('copy')} exists already.\n`);
  });

  it('neither follows nor overwrites files of others next to it', async () => {
    new Sqlite(at('live.sqlite')).exec('CREATE TABLE migrations (id)').close();
    await mkdir(at('shared'), { mode: 0o777 });
    await chmod(at('shared'), 0o777);
    const victim = at('victim');
    await writeFile(victim, 'precious');
    await symlink(victim, at('shared/copy.unfinished'));
    await symlink(at('nowhere'), at('shared/planted'));
    const backUp = (name: string) => start(`sqlite:${at('live.sqlite')}`, ['backup', at(`shared/${name}`)]);
    expect(await backUp('copy').ended).toBe(0);
    expect((await stat(at('shared/copy'))).mode & 0o777).toBe(0o600);
    expect(await readFile(victim, 'utf8')).toBe('precious');
    const planted = backUp('planted');
    expect(await planted.ended).toBe(1);
    expect(planted.stderr).toBe(`${at('shared/planted')} exists already.\n`);
    expect((await lstat(at('shared/planted'))).isSymbolicLink()).toBe(true);
    expect(existsSync(at('nowhere'))).toBe(false);
    // Nothing is left of how it was made, and what was planted is there as before
    expect((await readdir(at('shared'))).sort()).toEqual(['copy', 'copy.unfinished', 'planted']);
  });

  it('is not readable for others who replace its folder between the moment when SQLite reads the path and when it opens the file', async () => {
    await start(`sqlite:${at('live.sqlite')}`, ['migrate']).ended;
    await mkdir(at('shared'));
    await mkdir(at('theirs'));
    await writeFile(at('theirs/copy'), '');
    await writeFile(at('attack.cjs'), REPLACE_FOLDER);
    const backup = start(`sqlite:${at('live.sqlite')}`, ['backup', at('shared/copy')], {
      NODE_OPTIONS: `--require ${JSON.stringify(at('attack.cjs'))}`,
      SQLITE_MODULE: createRequire(import.meta.url).resolve('better-sqlite3'),
      SHARED: at('shared'),
      THEIRS: at('theirs'),
    });
    expect(await backup.ended).toBe(1);
    expect(backup.stderr).toMatch(/unable to open database/);
    expect(await readdir(at('theirs'))).toEqual(['copy']);
    expect((await stat(at('theirs/copy'))).size).toBe(0);
    expect(existsSync(at('shared/copy'))).toBe(false);
  });

  it.each(['backup', 'restore'])(
    '%s writes nothing to a folder that takes the place of its own',
    async (name) => {
      await start(`sqlite:${at('live.sqlite')}`, ['migrate']).ended;
      expect(await start(`sqlite:${at('live.sqlite')}`, ['backup', at('copy')]).ended).toBe(0);
      await mkdir(at('theirs'));
      await writeFile(at('attack.cjs'), REPLACE_NEW_FOLDER);
      const before = await readFile(at('live.sqlite'));
      const program = start(`sqlite:${at('live.sqlite')}`, [name, at(name === 'backup' ? 'other' : 'copy')], {
        NODE_OPTIONS: `--require ${JSON.stringify(at('attack.cjs'))}`,
        THEIRS: at('theirs'),
      });
      expect(await program.ended).toBe(1);
      expect(program.stderr).toMatch(/was replaced by another process/);
      expect(await readdir(at('theirs'))).toEqual([]);
      expect(await readFile(at('live.sqlite'))).toEqual(before);
    },
  );

  it('of two concurrent backups to one file, one succeeds and the other reports that the file exists', async () => {
    await start(`sqlite:${at('live.sqlite')}`, ['migrate']).ended;
    const both = [0, 1].map(() => start(`sqlite:${at('live.sqlite')}`, ['backup', at('copy')]));
    expect((await Promise.all(both.map(({ ended }) => ended))).sort()).toEqual([0, 1]);
    expect(both.map(({ stdout, stderr }) => stdout + stderr).sort()).toEqual([
      `${at('copy')} exists already.\n`,
      `${at('copy')} is written.\n`,
    ]);
    // Nothing is left of how they were made
    expect((await readdir(directory)).filter((name) => !name.startsWith('live'))).toEqual(['copy']);
    const copy = new Sqlite(at('copy'), { readonly: true });
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
    copy.close();
  });

  it('names a folder that does not exist', async () => {
    new Sqlite(at('live.sqlite')).close();
    const program = start(`sqlite:${at('live.sqlite')}`, ['backup', at('missing/copy')]);
    expect(await program.ended).toBe(1);
    expect(program.stderr).toBe(`The folder ${at('missing')} does not exist. Create it first.\n`);
  });

  it.each([
    ['sqlite:/dev/null', /^Cannot open the database \/dev\/null: .+\. See DATABASE_URL\.\n$/],
    ['sqlite:/dev', /^Cannot open the database \/dev: .+\. See DATABASE_URL\.\n$/],
    [
      'sqlite:/etc/passwd',
      /^Cannot open the database \/etc\/passwd: the file is not a SQLite database\. See DATABASE_URL\.\n$/,
    ],
    ['sqlite:missing.sqlite', /^There is no database missing\.sqlite\. See DATABASE_URL\.\n$/],
    ['postgres://nobody@127.0.0.1:9/none', /^PostgreSQL is backed up by its own pg_dump/],
  ])('says in one line why %s cannot be backed up', async (url, expected) => {
    const program = start(url, ['backup', at('copy')]);
    expect(await program.ended).toBe(1);
    expect(program.stderr).toMatch(expected);
    expect(program.stderr.trimEnd()).not.toContain('\n');
    expect(existsSync(at('copy'))).toBe(false);
  });
});

describe('files that the service and its commands make', () => {
  const at = (name: string) => join(directory, name);
  const modeOf = async (name: string) => ((await stat(at(name))).mode & 0o777).toString(8);
  const FILES = ['live.sqlite', 'live.sqlite-wal', 'live.sqlite-shm'];

  it('are readable by their owner only, with any umask', async () => {
    const before = process.umask(0o000);
    try {
      const service = start(`sqlite:${at('data/of/live.sqlite')}`);
      await service.says(URL_LINE);
      const modes = await Promise.all(
        ['data', 'data/of', ...FILES.map((file) => `data/of/${file}`)].map(modeOf),
      );
      expect(modes).toEqual(['700', '700', '600', '600', '600']);
      expect(await start(`sqlite:${at('other/live.sqlite')}`, ['migrate']).ended).toBe(0);
      expect([await modeOf('other'), await modeOf('other/live.sqlite')]).toEqual(['700', '600']);
    } finally {
      process.umask(before);
    }
  });

  it('lose the permissions of other users, and keep those of the group', async () => {
    const migrate = () => start(`sqlite:${at('live.sqlite')}`, ['migrate']);
    await migrate().ended;
    await chmod(at('live.sqlite'), 0o644);
    const narrowed = migrate();
    expect(await narrowed.ended).toBe(0);
    expect(await modeOf('live.sqlite')).toBe('600');
    expect(narrowed.stderr).toContain(
      `Other users could access ${at('live.sqlite')}. Its permissions are now restricted to the owner.`,
    );
    await chmod(at('live.sqlite'), 0o640);
    const left = migrate();
    expect(await left.ended).toBe(0);
    expect({ mode: await modeOf('live.sqlite'), told: left.stderr }).toEqual({ mode: '640', told: '' });
    await chmod(directory, 0o777);
    const told = migrate();
    expect(await told.ended).toBe(0);
    expect(told.stderr).toContain(`Other users can write to ${directory}`);
  });
});

describe('on postgres', () => {
  const bin = findInstalledPostgres();
  if (!bin)
    console.warn('SKIPPED: the backup of PostgreSQL is not tested, since pg_dump is not installed here');

  (bin ? it : it.skip)(
    'a backup under load has every client that was acknowledged before it began',
    async () => {
      const server = await startPostgres(bin!, await freePort());
      const create = async () => {
        const client = new pg.Client(`${server.url}/postgres`);
        const name = `registry_${randomUUID().replaceAll('-', '')}`;
        await client.connect();
        await client.query(`CREATE DATABASE ${name}`);
        await client.end();
        return `${server.url}/${name}`;
      };
      const file = join(directory, 'copy.dump');
      try {
        const live = await create();
        await backUpAndRestore(
          live,
          () => run(join(bin!, 'pg_dump'), ['--format=custom', `--file=${file}`, live]),
          async () => {
            const empty = await create();
            await run(join(bin!, 'pg_restore'), ['--no-owner', '--exit-on-error', `--dbname=${empty}`, file]);
            return empty;
          },
        );
      } finally {
        for (const program of programs) program.signal('SIGKILL');
        await server.stop();
      }
    },
  );
});
