import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.js';

const DEBIAN = '/usr/lib/postgresql';
const PROGRAMS = ['initdb', 'postgres', 'pg_dump', 'pg_restore'];

/** Where a PostgreSQL is installed with its client programs, which the one that the tests bring along has not. */
export function findInstalledPostgres(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((name) => join(DEBIAN, name, 'bin')) : [];
  return [...(process.env.PATH ?? '').split(delimiter), ...versions].find((directory) =>
    PROGRAMS.every((program) => existsSync(join(directory, program))),
  );
}

/** A server of that installation, for its clients refuse newer ones. */
export async function startInstalledPostgres(bin: string): Promise<{ url: string; stop(): Promise<void> }> {
  const directory = join(tmpdir(), `registry-installed-postgres-${randomUUID()}`);
  mkdirSync(directory);
  // PostgreSQL refuses to run as root
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres']).toString());
  const user = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : undefined;
  if (user) chownSync(directory, user.uid, user.gid);
  const flags = ['-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  execFileSync(join(bin, 'initdb'), ['-D', directory, ...flags], { ...user, stdio: 'pipe' });
  const port = await freePort();
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', directory, '-k', directory, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
    { ...user, stdio: 'ignore' },
  );
  const closed = new Promise((done) => server.once('close', done));
  const stop = async () => {
    // It ends its connections by itself
    server.kill('SIGINT');
    await closed;
    await rm(directory, { recursive: true, force: true });
  };
  const url = `postgres://postgres@127.0.0.1:${port}`;
  while (!(await answers(`${url}/postgres`))) {
    if (server.exitCode !== null) throw new Error(`${bin}/postgres ended with ${server.exitCode}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  return { url, stop };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
