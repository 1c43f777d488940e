import { bundledPostgres, type PostgresServer, startPostgres } from '../../../bench/postgres.js';
import { freePort } from '../network/free-port.js';
import { directoryInMemory } from '../memory.js';

declare global {
  var testPostgres: PostgresServer | undefined;
}

/** Starts a real PostgreSQL for the whole run; nothing needs to be installed. */
export async function startPostgresForRun(): Promise<void> {
  // Ends the server with the run, also where the run is interrupted
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  globalThis.testPostgres = await startPostgres(
    await bundledPostgres(),
    await freePort(),
    [
      'max_connections=300',
      // The tests kill the service, not this server: nothing needs to be recovered
      'fsync=off',
      'full_page_writes=off',
      'wal_level=minimal',
      'max_wal_senders=0',
    ].flatMap((setting) => ['-c', setting]),
    directoryInMemory(),
  );
  process.env.TEST_POSTGRES_URL = globalThis.testPostgres.url;
}
