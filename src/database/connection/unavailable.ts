import {
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';

/** SQLite result codes, and codes of sockets and threads, of transient errors. A damaged file counts, too: an operator restores it. */
const UNAVAILABLE =
  /^(?:SQLITE_(?:BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)\w*|ERR_WORKER_INIT_FAILED|ECONN\w+|EPIPE|ERR_STREAM_\w+|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/**
 * Connection (08), resources (53), stopped (57), read-only (25006), a transaction that took too long (25P03, 25P04), a conflict (40001,
 * 40P01, 55P03), and an operator at work on the database or its users (28000, 28P01, 3D000, 55000).
 */
const UNAVAILABLE_SQLSTATE =
  /^(?:(?:08|53|57)\w{3}|25006|25P0[34]|28000|28P01|3D000|40001|40P01|55000|55P03)$/;

/** What node-postgres says without a code. */
const UNAVAILABLE_MESSAGE =
  /timeout exceeded when trying to connect|Query read timeout|Connection terminated|is not queryable|database connection is not open/;

/** What TypeORM throws for the next statement of a transaction whose connection was lost between two of them. */
const CONNECTION_LOST = [QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError];

/** The code of an error, read by its member, since a driver's errors may not be instances of this program's Error. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Whether a database error may go away by itself, so that a caller should try again. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (CONNECTION_LOST.some((lost) => error instanceof lost)) return true;
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const code = codeOf(cause);
  const { message } = (cause ?? {}) as { message?: unknown };
  return (
    UNAVAILABLE.test(code) ||
    UNAVAILABLE_SQLSTATE.test(code) ||
    (typeof message === 'string' && UNAVAILABLE_MESSAGE.test(message))
  );
}

/** PostgreSQL: a lock of another transaction outlasted the lock timeout. */
export const isLocked = (error: unknown) => codeOf(error) === '55P03';

/** SQLSTATE class 40, and 55P03: the database gave way to another transaction, and did nothing; the same may be tried again. */
export const isUndone = (error: unknown) => /^(?:40\w{3}|55P03)$/.test(codeOf(error));
