import Sqlite from 'better-sqlite3';
import pg from 'pg';

export const SECRETS_PER_CLIENT = 5;
export const EVENTS_PER_CLIENT = 5;
/** Of ten clients, how many belong to one large organization and to organizations of a hundred; the rest have no owner. */
const OF_LARGE_ORG = 4;
const OF_SMALL_ORGS = 4;
/** Of all clients. */
export const LARGE_ORG_SHARE = OF_LARGE_ORG / 10;
/** In which the clients came. */
export const YEARS = 3;
const MS_PER_YEAR = 365 * 86_400_000;
const CLIENTS_PER_STATEMENT = 50_000;

export const LARGE_ORG = 'large';

/** What the engines call the same. */
interface Dialect {
  /** Twelve hexadecimal digits. */
  hex: (number: string) => string;
  /** The numbers from `:first` to `:last`, as `i`. */
  series: string;
}

const SQLITE: Dialect = {
  hex: (number) => `printf('%012x', ${number})`,
  series: 'WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)',
};
const POSTGRES: Dialect = {
  hex: (number) => `lpad(to_hex(${number}), 12, '0')`,
  series: 'WITH n AS (SELECT generate_series(:first, :last) AS i)',
};

/** Rows as the registry writes them, with the same time between a client and the next. All of the past. */
function statements({ hex, series }: Dialect, startMs: number, stepMs: number): string[] {
  const ms = `(${startMs} + i * CAST(${stepMs} AS BIGINT))`;
  const idOf = (number: string) =>
    `substr(${hex(ms)}, 1, 8) || '-' || substr(${hex(ms)}, 9) || '-7000-8000-' || ${hex(number)}`;
  const ofOrg = (large: string, small: string) =>
    `CASE WHEN i % 10 < ${OF_LARGE_ORG} THEN ${large} WHEN i % 10 < ${OF_LARGE_ORG + OF_SMALL_ORGS} THEN ${small} END`;
  const source = `CASE WHEN i % 10 < ${OF_LARGE_ORG + OF_SMALL_ORGS} THEN 'api' ELSE 'dynamic' END`;
  const each = (count: number) =>
    `FROM n CROSS JOIN (${Array.from({ length: count }, (_, k) => `SELECT ${k} AS k`).join(' UNION ALL ')}) k`;
  const nth = '(i * 8 + k)';
  return [
    `${series} INSERT INTO oauth_clients (id, name, org_id, user_id, client_type, token_endpoint_auth_method, grant_types, scopes,
       redirect_uris, require_pkce, metadata, source, status, verified, version, created_at, updated_at)
     SELECT ${idOf('i')}, 'Client ' || i, ${ofOrg(`'${LARGE_ORG}'`, "'org-' || (i / 250)")}, ${ofOrg("'user'", "'user'")},
       'confidential', 'client_secret_basic', ' client_credentials ', ' read write ', '["https://example.com/callback"]', FALSE,
       '{}', ${source}, 'active', FALSE, 1, ${ms}, ${ms} FROM n`,
    `${series} INSERT INTO oauth_client_secrets (id, client_id, hash, hint, created_at)
     SELECT ${idOf(nth)}, ${idOf('i')}, 'sha256:' || ${hex(nth)} || ${hex(nth)} || ${hex(nth)} || ${hex(nth)} || '0123456789abcdef',
       'abcd', ${ms} ${each(SECRETS_PER_CLIENT)}`,
    `${series} INSERT INTO audit_events (id, actor_type, actor_id, channel, action, client_id, target_id, address, request_id, changes)
     SELECT ${idOf(nth)}, 'api_key', 'key', 'rest', CASE k WHEN 0 THEN 'client.created' ELSE 'client_secret.issued' END,
       ${idOf('i')}, ${idOf('i')}, '192.0.2.1', 'request', '[{"field":"name","before":null,"after":"Client"}]' ${each(EVENTS_PER_CLIENT)}`,
  ];
}

/** Creates clients, with secrets and audit events, in a migrated database. */
export async function fill(url: string, clients: number): Promise<void> {
  const startMs = Date.now() - YEARS * MS_PER_YEAR;
  const stepMs = Math.floor((YEARS * MS_PER_YEAR) / clients);
  const isSqlite = url.startsWith('sqlite:');
  const sql = statements(isSqlite ? SQLITE : POSTGRES, startMs, stepMs);
  const run = isSqlite ? fillerOfSqlite(url.slice('sqlite:'.length)) : await fillerOfPostgres(url);
  for (let first = 0; first < clients; first += CLIENTS_PER_STATEMENT) {
    const last = Math.min(first + CLIENTS_PER_STATEMENT, clients) - 1;
    for (const statement of sql) await run.statement(statement, first, last);
  }
  await run.end();
}

interface Filler {
  statement(sql: string, first: number, last: number): unknown;
  end(): unknown;
}

function fillerOfSqlite(path: string): Filler {
  const database = new Sqlite(path);
  database.pragma('synchronous = OFF');
  return {
    // The driver binds numbers as fractions, and organizations of a hundred would get one client each
    statement: (sql, first, last) => database.prepare(sql).run({ first: BigInt(first), last: BigInt(last) }),
    end: () => {
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.close();
    },
  };
}

async function fillerOfPostgres(url: string): Promise<Filler> {
  const client = new pg.Client(url);
  await client.connect();
  return {
    statement: (sql, first, last) =>
      client.query(sql.replace(':first', String(first)).replace(':last', String(last))),
    end: async () => {
      // As autovacuum does sooner or later
      await client.query('VACUUM ANALYZE');
      await client.end();
    },
  };
}
