import { chmodSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Files of this process are readable by its user only: the database holds the hashes of all credentials. */
export const keepFilesPrivate = (): void => void process.umask(0o077);

const FOR_EVERYBODY = 0o007;
const WRITABLE_FOR_EVERYBODY = 0o002;
const OF_OWNER = 0o700;

/**
 * Removes the rights of others from the files of a database: they came from a umask, not from a decision. Keeps the rights of the group.
 * @param log receives what was done and what remains to do
 */
export function narrowModes(path: string, log: (line: string) => void): void {
  // Windows has no such rights
  if (process.getuid === undefined) return;
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const { mode } = statSync(file, { throwIfNoEntry: false }) ?? { mode: 0 };
    if ((mode & FOR_EVERYBODY) === 0) continue;
    try {
      chmodSync(file, mode & OF_OWNER);
      log(`Other users could access ${file}. Its permissions are now restricted to the owner.`);
    } catch (error) {
      log(`Everybody can read or write ${file}, and its mode cannot be changed: ${(error as Error).message}`);
    }
  }
  const folder = dirname(resolve(path));
  if ((statSync(folder).mode & WRITABLE_FOR_EVERYBODY) !== 0) {
    log(
      `Other users can write to ${folder} and replace the database. Remove that permission or set DATABASE_URL.`,
    );
  }
}
