import { DataSource, type DataSourceOptions } from 'typeorm';
import { AuditEventEntity } from './src/audit/audit-event.entity.js';
import { AdminSessionEntity } from './src/auth/admin-session.entity.js';
import { ApiKeyEntity } from './src/auth/api-key.entity.js';
import { ClientCountEntity } from './src/clients/client-count.entity.js';
import { ClientSecretEntity } from './src/clients/client-secret.entity.js';
import { ClientEntity } from './src/clients/client.entity.js';
import { InitialAccessTokenEntity } from './src/clients/initial-access-token.entity.js';
import { RegistrationCountEntity } from './src/clients/registration-count.entity.js';
import { type DatabaseConfig, readConfig } from './src/config/config.js';
import { loadSqlite } from './src/database/sqlite.js';
import { AddRegistrationToken1795309200000 } from './src/migrations/1795309200000-add-registration-token.js';
import { CreateInitialAccessTokens1795395600000 } from './src/migrations/1795395600000-create-initial-access-tokens.js';
import { CreateAuditEvents1795399200000 } from './src/migrations/1795399200000-create-audit-events.js';
import { KeepDeletedClients1795402800000 } from './src/migrations/1795402800000-keep-deleted-clients.js';
import { CountClients1795482000000 } from './src/migrations/1795482000000-count-clients.js';
import { TellUnusedClients1795568400000 } from './src/migrations/1795568400000-tell-unused-clients.js';
import { IndexExpiringSecrets1795572000000 } from './src/migrations/1795572000000-index-expiring-secrets.js';
import { ServeTheConsole1795654800000 } from './src/migrations/1795654800000-serve-the-console.js';
import { FindExceptionalClients1795741200000 } from './src/migrations/1795741200000-find-exceptional-clients.js';
import { CountClientsByPeriod1795824000000 } from './src/migrations/1795824000000-count-clients-by-period.js';
import { LeaveNullsOutOfIndexes1795910400000 } from './src/migrations/1795910400000-leave-nulls-out-of-indexes.js';
import { CreateSchema1795276800000 } from './src/migrations/1795276800000-create-schema.js';

/** For another process that writes. The driver blocks meanwhile, so that only the start waits for it so long; see Transactions. */
const SQLITE_BUSY_TIMEOUT_MS = 2_000;
/** To connect to PostgreSQL, and to wait for a connection of the pool; `?connect_timeout=SECONDS` in the URL sets another. */
const POSTGRES_CONNECT_TIMEOUT_MS = 5_000;
/** After which PostgreSQL itself gives up; `?statement_timeout=MS` in the URL sets another. */
const POSTGRES_STATEMENT_TIMEOUT_MS = 15_000;
const POSTGRES_POOL_SIZE = 10;

/** The only TypeORM options there are: the service, its tests and the TypeORM CLI all use these. */
export function dataSourceOptions(database: DatabaseConfig): DataSourceOptions {
  const schema = {
    entities: [
      ClientEntity,
      ClientCountEntity,
      ClientSecretEntity,
      InitialAccessTokenEntity,
      ApiKeyEntity,
      AuditEventEntity,
      AdminSessionEntity,
      RegistrationCountEntity,
    ],
    migrations: [
      CreateSchema1795276800000,
      AddRegistrationToken1795309200000,
      CreateInitialAccessTokens1795395600000,
      CreateAuditEvents1795399200000,
      KeepDeletedClients1795402800000,
      CountClients1795482000000,
      TellUnusedClients1795568400000,
      IndexExpiringSecrets1795572000000,
      ServeTheConsole1795654800000,
      FindExceptionalClients1795741200000,
      CountClientsByPeriod1795824000000,
      LeaveNullsOutOfIndexes1795910400000,
    ],
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
        },
      }
    : {
        ...schema,
        type: 'postgres',
        url: database.url,
        applicationName: 'oauth-client-registry',
        connectTimeoutMS: connectTimeoutMs(database.url),
        poolSize: POSTGRES_POOL_SIZE,
        extra: {
          statement_timeout: POSTGRES_STATEMENT_TIMEOUT_MS,
          // An instance that is gone without a word keeps its locks no longer
          idle_in_transaction_session_timeout: POSTGRES_STATEMENT_TIMEOUT_MS,
          keepAlive: true,
        },
      };
}

function connectTimeoutMs(url: string): number {
  const seconds = Number(new URL(url).searchParams.get('connect_timeout'));
  return seconds > 0 ? seconds * 1_000 : POSTGRES_CONNECT_TIMEOUT_MS;
}

/** For the TypeORM CLI: `npx typeorm -d dist/ormconfig.js migration:show`. */
const { database } = readConfig({ DATABASE_URL: process.env.DATABASE_URL });
export default new DataSource(dataSourceOptions(database));
