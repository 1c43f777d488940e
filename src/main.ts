import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from './config/variables.js';
import { loadConfig } from './config/load-config.js';
import { keepFilesPrivate } from './database/connection/file-permissions.js';
import { HTTP_LIMITS } from './http/limits/limit-values.js';
import { drain, SHUTDOWN_TIMEOUT_MS } from './http/lifecycle/drain.js';
import { listenFault } from './addresses/listen-error.js';
import { outliveReaders, standardOutput } from './observability/logs/log-destination.js';
import { fitOpenFiles, maxOpenFiles } from './http/limits/open-files.js';

/** For the last lines of the log before the process ends. */
const LOG_TIMEOUT_MS = 1_000;

/** Starts the service. A failure to start is one line on standard error and exit code 1. */
async function main(): Promise<void> {
  keepFilesPrivate();
  const config = loadConfig();
  // Node.js would open its debugger, which runs anything for everyone on the machine
  if (config.production) process.on('SIGUSR1', () => undefined);
  outliveReaders();
  const limits = fitOpenFiles(HTTP_LIMITS, maxOpenFiles());
  // Only now: the rest takes longer to load than an invalid configuration takes to report
  const { buildApp } = await import('./app.js');
  const { bootstrapApiKey } = await import('./auth/api-keys/bootstrap.js');
  const { announce, tellFewerConnections, tellFirstKey } =
    await import('./http/lifecycle/startup-messages.js');
  const app = await buildApp(config, limits);
  // In production without a terminal, standard output is a log
  const firstKey = await bootstrapApiKey(app, config, config.production && !process.stdout.isTTY);
  // At once: the key is shown once, and a later failure must not lose it
  if (firstKey !== null) tellFirstKey(firstKey);
  // Last: once the service is ready, the key must work
  await listen(app, config);
  stopOnSignal(app);
  if (limits !== HTTP_LIMITS) tellFewerConnections(limits);
  const hasConsole = config.adminConsole && (await import('./api/console/built-console.js')).isConsoleBuilt();
  announce(app, config, { firstKey, hasConsole });
}

/** Past Nest, which would report a failure in its own way as well. */
async function listen(app: NestFastifyApplication, config: Config): Promise<void> {
  const { host, port } = config;
  try {
    await app.getHttpAdapter().getInstance().listen({ host, port });
  } catch (error) {
    await app.close();
    const variables = { host: 'HOST', port: 'PORT' };
    throw new Error(listenFault(config, variables, error as NodeJS.ErrnoException), { cause: error });
  }
}

/**
 * Finishes what is running, closes the database, and exits with 0. Ctrl-C does not wait for callers. Further signals are
 * ignored: they would reset requests that are carried out nevertheless.
 */
function stopOnSignal(app: NestFastifyApplication): void {
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref();
    if (signal !== 'SIGINT') await drain(app.getHttpServer());
    await app.close();
    await standardOutput.flush(LOG_TIMEOUT_MS);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    process.on(signal, () => void stop(signal).catch(() => process.exit(1)));
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
