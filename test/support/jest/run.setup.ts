// Jest loads this file past its moduleNameMapper, so that names must be those of files
import { bundledPostgres, type PostgresServer, startPostgres } from '../../../bench/postgres.ts';
import { freePort } from '../network/free-port.ts';
import { bundleDependencies } from './dependencies.js';

declare global {
  var testPostgres: PostgresServer | undefined;
}

/** Bundles the dependencies, and starts a real PostgreSQL for the whole run; nothing needs to be installed. */
export default async function setUpRun(): Promise<void> {
  // Ends the server with the run, also where the run is interrupted
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  await bundleDependencies();
  globalThis.testPostgres = await startPostgres(await bundledPostgres(), await freePort(), [
    ...['-c', 'max_connections=300'],
    // The tests kill the service, not this server: nothing needs to be recovered
    ...[
      '-c',
      'fsync=off',
      '-c',
      'full_page_writes=off',
      '-c',
      'wal_level=minimal',
      '-c',
      'max_wal_senders=0',
    ],
  ]);
  process.env.TEST_POSTGRES_URL = globalThis.testPostgres.url;
}
