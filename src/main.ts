import { existsSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config, ConfigError, readConfig } from './config/config.js';
import { databaseFault, listenFault } from './start-faults.js';

/** How long running requests may take to finish after a signal. */
const SHUTDOWN_TIMEOUT_MS = 30_000;

/** Starts the service. Whatever keeps it from starting is one line on standard error and exit code 1. */
async function main(): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = readConfig(process.env);
  // Only now: the rest takes longer to load than a bad configuration takes to report
  const { app, apiKey } = await open(config);
  await app.listen({ host: config.host, port: config.port }).catch((error: unknown) => {
    throw new Error(listenFault(config, error), { cause: error });
  });
  stopOnSignal(app);
  const { announce } = await import('./announce.js');
  announce(app, config, apiKey);
}

/** Connects, migrates, and sees to it that somebody has a key. */
async function open(config: Config): Promise<{ app: NestFastifyApplication; apiKey: string | null }> {
  const { buildApp } = await import('./app.js');
  const { ApiKeysService } = await import('./auth/api-keys.service.js');
  const { bootstrapApiKey } = await import('./auth/bootstrap.js');
  try {
    const app = await buildApp(config);
    return { app, apiKey: await bootstrapApiKey(app.get(ApiKeysService, { strict: false }), config) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new Error(databaseFault(config, error), { cause: error });
  }
}

/** Finishes what is running, closes the database, and exits with 0. */
function stopOnSignal(app: NestFastifyApplication): void {
  const stop = () => {
    setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref();
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
