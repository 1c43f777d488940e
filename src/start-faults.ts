import type { Config } from './config/config.js';

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
const messageOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];

/** Why the service cannot listen, in one line that says what to change. */
export function listenFault({ host, port }: Config, error: unknown): string {
  const reasons: Partial<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is taken; stop the other program or set PORT`,
    EACCES: `port ${port} on ${host} may not be used by this user; set PORT to 1024 or above`,
    EADDRNOTAVAIL: `${host} is no address of this machine; set HOST`,
    ENOTFOUND: `${host} is not a known host name; set HOST`,
  };
  return `Cannot listen: ${reasons[codeOf(error)] ?? messageOf(error)}`;
}

/** Why the database cannot be used, in one line without its password. */
export function databaseFault({ database }: Config, error: unknown): string {
  const reasons: Partial<Record<string, string>> = {
    SQLITE_BUSY: 'another process has locked it',
    SQLITE_READONLY: 'the file or its directory is read-only',
    SQLITE_CANTOPEN: 'the file cannot be opened or created',
    SQLITE_NOTADB: 'the file is no SQLite database',
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'the host name is not known',
    EROFS: 'the disk is read-only',
    EACCES: 'this user may not write there',
  };
  const code = codeOf(error).replace(/^(SQLITE_[A-Z]+)_.*/, '$1');
  // A failed attempt on several addresses has no message of its own
  const reason = reasons[code] ?? (messageOf(error) || code);
  return `Cannot open the database ${place(database)}: ${reason}. See DATABASE_URL.`;
}

function place(database: Config['database']): string {
  if (database.engine === 'sqlite') return database.path;
  const { host, pathname } = new URL(database.url);
  return `${host}${pathname}`;
}
