import { type ConnectionOptions, parse } from 'pg-connection-string';
import { rejectBadEscapes } from './percent-encoding.js';

/** The driver's own parser reads the URL of PostgreSQL: what is valid here is what it connects to. */
export type DatabaseConfig =
  { engine: 'sqlite'; path: string } | { engine: 'postgres'; connection: ConnectionOptions };

/** The driver takes any other for `verify-full`. */
const SSL_MODES: readonly unknown[] = [
  'disable',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
  'no-verify',
];

/** @throws Error if it can be said what is wrong with it */
export function readDatabaseUrl(raw: string): DatabaseConfig | undefined {
  const path = /^sqlite:(?:\/\/(?=\/)|(?!\/\/))(?!:memory:$)(.+)$/.exec(raw)?.[1];
  if (path) return { engine: 'sqlite', path };
  if (!/^postgres(ql)?:\/\/\S+$/.test(raw)) return undefined;
  rejectBadEscapes(raw);
  const connection = parseOrExplain(raw);
  if (connection?.sslmode !== undefined && !SSL_MODES.includes(connection.sslmode)) {
    throw new Error(`has an unknown sslmode: use one of ${SSL_MODES.join(', ')}`);
  }
  return connection && { engine: 'postgres', connection };
}

function parseOrExplain(raw: string): ConnectionOptions | undefined {
  try {
    return parse(raw);
  } catch (error) {
    const { path, code } = error as NodeJS.ErrnoException;
    if (path === undefined) return undefined;
    // The file of sslrootcert, sslcert or sslkey
    throw new Error(`names a file that cannot be read: ${path} (${code})`, { cause: error });
  }
}
