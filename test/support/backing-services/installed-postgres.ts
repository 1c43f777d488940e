import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const DEBIAN = '/usr/lib/postgresql';
const PROGRAMS = ['initdb', 'postgres', 'pg_dump', 'pg_restore'];

/** Where a PostgreSQL is installed with its client programs, which the one that the tests bring along has not. */
export function findInstalledPostgres(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((name) => join(DEBIAN, name, 'bin')) : [];
  return [...(process.env.PATH ?? '').split(delimiter), ...versions].find((directory) =>
    PROGRAMS.every((program) => existsSync(join(directory, program))),
  );
}
