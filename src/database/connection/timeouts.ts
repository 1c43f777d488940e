import type { Socket } from 'node:net';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { driverOf } from './driver.js';
import { sqliteFileOf } from './sqlite-file.js';

/** While requests are served. The driver blocks the event loop while SQLite waits; longer waits are those of the WriteQueue. */
const SQLITE_REQUEST_BUSY_TIMEOUT_MS = 5;
/** How long a statement of PostgreSQL waits for a lock of another transaction. */
export const LOCK_TIMEOUTS_MS = {
  /** Inserts and reads. */
  default: 3_000,
  /** Changes of rows. Transactions of the service take milliseconds, so a longer lock is foreign. */
  change: 1_000,
  /** Later statements wait behind a migration that waits for the lock of a table. */
  migration: 2_000,
};
/** For an answer of PostgreSQL, after the time in which it gives up by itself. */
const GRACE_MS = 2_000;

/** Sets lock and statement timeouts for requests. Called after the migrations, which have none. */
export async function limitWaiting(dataSource: DataSource): Promise<void> {
  const driver = driverOf(dataSource);
  if (driver.engine === 'sqlite') {
    driver.connection.pragma(`busy_timeout = ${SQLITE_REQUEST_BUSY_TIMEOUT_MS}`);
    // Statements that are prepared from now on are guarded
    sqliteFileOf(driver.connection);
    return;
  }
  const { rows } = await driver.pool.query<{ setting: string }>(
    `SELECT setting FROM pg_settings WHERE name = 'statement_timeout'`,
  );
  const statementTimeoutMs = Number(rows[0]!.setting);
  if (statementTimeoutMs === 0) return;
  driver.pool.on('acquire', (client) => {
    endWhereSilent(streamOf(client), { afterMs: statementTimeoutMs + GRACE_MS });
  });
}

/**
 * Sets the lock timeout once per connection. By default, PgBouncer refuses connections with that startup parameter. Behind a pooler nothing
 * is set, since other clients share its sessions; nor if an operator has set it.
 */
export async function limitLockWaits(client: pg.ClientBase, timeoutMs: number): Promise<void> {
  const stream = streamOf(client);
  const giveUp = () => void stream.destroy(silence(timeoutMs));
  stream.setTimeout(timeoutMs, giveUp);
  try {
    await client.query(
      `SELECT set_config('lock_timeout', '${LOCK_TIMEOUTS_MS.default}', false) FROM pg_settings
       WHERE name = 'statement_timeout' AND source = 'client' AND current_setting('lock_timeout') = '0'`,
    );
  } finally {
    stream.setTimeout(0, giveUp);
  }
}

const streamOf = (client: pg.ClientBase) =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream;

const silence = (ms: number) =>
  Object.assign(new Error(`The database did not respond within ${ms} ms.`), { code: 'ETIMEDOUT' });

/**
 * Ends a connection that is silent for this time, and fails its queries: a server that vanished would block its callers forever. The pool
 * closes idle connections earlier.
 */
function endWhereSilent(stream: Socket, { afterMs }: { afterMs: number }): void {
  // Once for each connection
  if (stream.timeout) return;
  stream.setTimeout(afterMs, () => void stream.destroy(silence(afterMs)));
}
