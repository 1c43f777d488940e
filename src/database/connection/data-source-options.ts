import type pg from 'pg';
import type { ConnectionOptions } from 'pg-connection-string';
import type { DataSourceOptions } from 'typeorm';
import type { DatabaseConfig } from '../../config/variables.js';
import { loadSqlite, WAL_LIMIT_BYTES } from './sqlite.js';
import { limitLockWaits } from './timeouts.js';

/** How long a write waits for another process. The driver blocks the event loop only at the start; afterwards WriteQueue waits. */
const SQLITE_BUSY_TIMEOUT_MS = 2_000;
/** To connect to PostgreSQL, and to wait for a connection of the pool; `?connect_timeout=SECONDS` in the URL sets another. */
const POSTGRES_CONNECT_TIMEOUT_MS = 5_000;
/** After which PostgreSQL itself gives up; `?statement_timeout=MS` in the URL sets another. */
const POSTGRES_STATEMENT_TIMEOUT_MS = 15_000;
const POSTGRES_POOL_SIZE = 10;

/** The entities and migrations there are. */
export type Persistence = Pick<DataSourceOptions, 'entities' | 'migrations'>;

/** The only TypeORM options there are: the service, its tests and the TypeORM CLI all use these. */
export function dataSourceOptions(database: DatabaseConfig, persistence: Persistence): DataSourceOptions {
  const schema = {
    ...persistence,
    // The schema changes by migrations alone
    synchronize: false,
    logging: false,
  };
  return database.engine === 'sqlite'
    ? {
        ...schema,
        type: 'better-sqlite3',
        driver: loadSqlite(),
        database: database.path,
        enableWAL: true,
        timeout: SQLITE_BUSY_TIMEOUT_MS,
        prepareDatabase: (connection: { pragma(source: string): unknown }) => {
          // An acknowledged write survives a power cut
          connection.pragma('synchronous = FULL');
          connection.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
        },
      }
    : {
        ...schema,
        type: 'postgres',
        // For TypeORM itself, which passes `extra` to the driver
        database: database.connection.database ?? undefined,
        applicationName: 'oauth-client-registry',
        connectTimeoutMS: connectTimeoutMs(database.connection),
        poolSize: POSTGRES_POOL_SIZE,
        extra: {
          statement_timeout: POSTGRES_STATEMENT_TIMEOUT_MS,
          // An instance that is gone without a word keeps its locks no longer
          idle_in_transaction_session_timeout: POSTGRES_STATEMENT_TIMEOUT_MS,
          keepAlive: true,
          // Between the pool and TypeORM a connection has no error listener, and an unhandled `error` event ends the process. The
          // next statement on a lost connection fails.
          onConnect: (client: pg.ClientBase) => {
            client.on('error', () => undefined);
            return limitLockWaits(client, connectTimeoutMs(database.connection));
          },
          ...database.connection,
        },
      };
}

function connectTimeoutMs({ connect_timeout }: ConnectionOptions): number {
  const seconds = Number(connect_timeout);
  return seconds > 0 ? seconds * 1_000 : POSTGRES_CONNECT_TIMEOUT_MS;
}
