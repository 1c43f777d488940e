import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { whenEnding } from './cleanup.js';

const HERE = import.meta.dirname;
const ARGUMENTS = {
  // As docs/operations/deployment.md runs it in production
  registry: ['--max-semi-space-size=8', resolve(HERE, '../dist/main.js')],
  'node-oidc-provider': [resolve(HERE, 'servers/node-oidc-provider.js')],
  bare: [resolve(HERE, 'servers/bare.js')],
} as const;

/** What is measured. */
export type ServerName = keyof typeof ARGUMENTS;
export const SERVER_NAMES = Object.keys(ARGUMENTS) as ServerName[];

/** Of an admin of the registry. */
export const API_KEY = process.env.BENCH_API_KEY ?? randomBytes(30).toString('base64url');

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 25_000;
const POLL_INTERVAL_MS = 20;

/** A server under measurement: a process of its own. */
export interface Server {
  name: ServerName;
  url: string;
  /** As the server takes it. */
  databaseUrl: string;
  pid: number;
  /** From its start until it listens. */
  startMs: number;
  /** Of clients that it has. */
  ids: string[];
  /** @returns its exit code, null if a signal ended it */
  stop(): Promise<number | null>;
}

/**
 * @param directory where its log goes, and where it runs
 * @param nodeOptions for Node.js, before those that it is run with anyway
 */
export async function startServer(
  name: ServerName,
  databaseUrl: string,
  directory: string,
  env: Record<string, string> = {},
  nodeOptions: readonly string[] = [],
): Promise<Server> {
  const cwd = mkdtempSync(join(directory, `${name}-`));
  // A file, as a log collector would have it: a pipe would cost this process time
  const logPath = join(cwd, 'log');
  const log = openSync(logPath, 'w');
  const since = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, ...ARGUMENTS[name]], {
    cwd,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      PORT: '0',
      RATE_LIMIT_REGISTER: 'off',
      RATE_LIMIT_REGISTRATION_READ: 'off',
      RATE_LIMIT_FAILED_AUTH: 'off',
      RATE_LIMIT_GRAPHQL: 'off',
      RATE_LIMIT_ORG: 'off',
      RATE_LIMIT_AUTHORIZE: 'off',
      RATE_LIMIT_TOKEN: 'off',
      RATE_LIMIT_TOKEN_BYTES: 'off',
      RATE_LIMIT_AUDIT_BYTES: 'off',
      // In production it is off by default, and requires a public URL
      AUTHORIZATION_SERVER: 'on',
      PUBLIC_URL: 'http://127.0.0.1',
      BOOTSTRAP_API_KEY: API_KEY,
      DATABASE_URL: databaseUrl,
      ...env,
    },
  });
  closeSync(log);
  let hasEnded = false;
  const end = new Promise<number | null>((done) => {
    child.once('close', done);
    child.once('error', () => done(null));
  }).finally(() => (hasEnded = true));
  const stop = async () => {
    child.kill('SIGTERM');
    await Promise.race([end, setTimeout(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    child.kill('SIGKILL');
    return end;
  };
  whenEnding(stop);

  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS && !hasEnded; waitedMs += POLL_INTERVAL_MS) {
    const url = /Listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(readFileSync(logPath, 'utf8'))?.[1];
    if (url)
      return { name, url, databaseUrl, pid: child.pid!, startMs: performance.now() - since, ids: [], stop };
    await setTimeout(POLL_INTERVAL_MS);
  }
  throw new Error(`${name} does not start: ${readFileSync(logPath, 'utf8')}`);
}
