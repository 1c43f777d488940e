import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { changeOwner, makeDirectory, unprivilegedUser } from '../../../bench/postgres.js';
import { freePort } from '../network/free-port.js';

/** Debian's directory for such programs is on the path of root only. */
const PGBOUNCER = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  .map((directory) => join(directory, 'pgbouncer'))
  .find((path) => existsSync(path));

/** Why tests with a real PgBouncer cannot run; null if they can. */
export const NO_PGBOUNCER = PGBOUNCER ? null : 'SKIPPED, no PgBouncer: put pgbouncer on the PATH';

/** A PgBouncer in transaction mode, in front of the PostgreSQL of the tests, that knows no prepared statements. */
export async function startPgBouncer({ poolSize = 20 } = {}): Promise<{
  /** The same database, through PgBouncer. */
  through: (databaseUrl: string) => string;
  stop: () => Promise<void>;
}> {
  const user = unprivilegedUser();
  const directory = makeDirectory('registry-pgbouncer-', user);
  const [, minor] = /(\d+)\.\d+\s*$/m.exec(
    spawnSync(PGBOUNCER!, ['--version'], { encoding: 'utf8' }).stdout,
  )!;
  const postgres = new URL(process.env.TEST_POSTGRES_URL!);
  const port = await freePort();
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: poolSize,
    max_client_conn: 500,
    ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout',
    // On where it is known (1.21), and not said otherwise
    ...(Number(minor) >= 21 && { max_prepared_statements: 0 }),
  };
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(
    file,
    [
      '[databases]',
      `* = host=${postgres.hostname} port=${postgres.port} user=${postgres.username} password=${postgres.password}`,
      '[pgbouncer]',
      ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
      '',
    ].join('\n'),
  );
  if (user) changeOwner(directory, user);
  const server = spawn(PGBOUNCER!, ['-q', file], {
    ...user,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const closed = new Promise((done) => server.once('close', done));
  while (!(await listens(port))) {
    if (server.exitCode !== null) throw new Error(`pgbouncer ended with ${server.exitCode}: ${said}`);
    await new Promise((done) => setTimeout(done, 20));
  }
  return {
    through: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.port = String(port);
      return url.href;
    },
    stop: async () => {
      // At once, also with open connections
      server.kill('SIGTERM');
      await closed;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
