import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ended, runScript, temporaryDirectory, whenEnding } from './cleanup.js';
import { clientIdsIn, freePort, postgresAt, startBundledPostgres } from './databases.js';
import { type Server, startServer } from './server.js';
import { startCallers } from './start-callers.js';

const USAGE = `npm run rolling-restarts -- [options]
  --restarts N   of every instance, one after the other (10)
  --callers N    that go on calling meanwhile (20)
NGINX_BINARY names the binary of nginx, where it is not on the PATH.`;

const INSTANCES = 3;
const NGINX = process.env.NGINX_BINARY ?? 'nginx';
const NGINX_CONF = resolve(import.meta.dirname, '../deploy/nginx.conf');
const START_TIMEOUT_MS = 15_000;
const POLL_INTERVAL_MS = 50;
/** For which nginx may still leave an instance out that is ready again (see deploy/nginx.conf). */
const LEFT_OUT_MS = 2_000;

/**
 * Restarts the instances behind nginx again and again under load, and counts failed requests.
 * @returns whether no request failed and no client that was acknowledged is missing
 */
async function main(restarts: number, callers: number): Promise<boolean> {
  const directory = temporaryDirectory('rolling');
  const databaseUrl = await (await postgresAt(await startBundledPostgres())).create();
  const ports = await Promise.all(Array.from({ length: INSTANCES }, freePort));
  const start = (port: number) => startReadyServer(databaseUrl, directory, port);
  const servers = await Promise.all(ports.map(start));
  const url = await startNginx(directory, ports);

  const calling = startCallers(url, callers);
  const exitCodes = new Set<number | null>();
  for (let restart = 1; restart <= restarts; restart++) {
    const startedAt = performance.now();
    for (const [i, port] of ports.entries()) {
      exitCodes.add(await servers[i]!.stop());
      servers[i] = await start(port);
      await setTimeout(LEFT_OUT_MS);
    }
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`rolling restart ${restart} of ${restarts}: ${INSTANCES} instances in ${seconds} s`);
  }
  const { answered, acknowledged, failures } = await calling.end();

  const stored = await clientIdsIn(databaseUrl);
  const missing = acknowledged.filter((id) => !stored.has(id));
  for (const failure of failures.slice(0, 20)) console.log(failure);
  if (failures.length > 0) console.log(await unusualErrors(directory));
  console.log(
    `${answered} requests answered, ${failures.length} failed; ${acknowledged.length} clients acknowledged, ` +
      `${missing.length} lost; exit codes: ${[...exitCodes].join(', ')}`,
  );
  const isUneventful = failures.length === 0 && missing.length === 0 && [...exitCodes].every((c) => c === 0);
  return isUneventful && acknowledged.length > 0;
}

async function startReadyServer(databaseUrl: string, directory: string, port: number): Promise<Server> {
  const env = { PORT: String(port), TRUST_PROXY: '127.0.0.1', LOG_LEVEL: 'warn' };
  const server = await startServer('registry', databaseUrl, directory, env);
  await untilAnswered(`${server.url}/health/ready`);
  return server;
}

/** With the configuration that is deployed; other are only the addresses and where it may write. @returns its URL */
async function startNginx(directory: string, ports: readonly number[]): Promise<string> {
  const port = await freePort();
  const replacements: [string, string][] = [
    ['listen 8080', `listen 127.0.0.1:${port}`],
    ['/tmp/', `${directory}/`],
    ['/dev/stdout', `${directory}/access.log`],
    // It is as it should be that instances refuse connections
    ['/dev/stderr warn', `${directory}/error.log warn`],
    ...ports.map((port, i): [string, string] => [`172.29.77.1${i + 1}:3000`, `127.0.0.1:${port}`]),
  ];
  let conf = await readFile(NGINX_CONF, 'utf8');
  for (const [from, to] of replacements) {
    if (!conf.includes(from)) throw new Error(`${NGINX_CONF} has no ${from}`);
    conf = conf.replaceAll(from, to);
  }
  const path = join(directory, 'nginx.conf');
  await writeFile(path, conf);
  const nginx = spawn(NGINX, ['-p', directory, '-e', 'stderr', '-c', path, '-g', 'daemon off;'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const closed = new Promise((done) => nginx.once('close', done));
  nginx.once('error', () =>
    console.error(`${NGINX} cannot be started: install it, or name it by NGINX_BINARY`),
  );
  whenEnding(async () => {
    nginx.kill('SIGTERM');
    if (nginx.pid !== undefined) await closed;
  });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswered(`${url}/health/ready`);
  return url;
}

/** Errors of nginx, except that an instance refused a connection. */
async function unusualErrors(directory: string): Promise<string> {
  const lines = (await readFile(join(directory, 'error.log'), 'utf8')).split('\n');
  return lines.filter((line) => !/refused|temporarily disabled/.test(line)).join('\n');
}

async function untilAnswered(url: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += POLL_INTERVAL_MS) {
    ended.throwIfAborted();
    const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined);
    if (response?.ok) return;
    await setTimeout(POLL_INTERVAL_MS);
  }
  throw new Error(`${url} is not answered with 200`);
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  console.error(USAGE);
  process.exit(1);
}

const { restarts, callers } = parseArgs({
  options: { restarts: { type: 'string', default: '10' }, callers: { type: 'string', default: '20' } },
}).values;

await runScript(() => main(readCount(restarts), readCount(callers)));
