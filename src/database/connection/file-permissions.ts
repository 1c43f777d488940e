import { chmodSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What this process makes, the database above all, nobody else may read: it holds the hashes of all credentials. */
export const keepFilesPrivate = (): void => void process.umask(0o077);

const FOR_EVERYBODY = 0o007;
const WRITABLE_FOR_EVERYBODY = 0o002;
const OF_OWNER = 0o700;

/**
 * Takes from the files of a database the rights that everybody has: those came of a umask, and not of somebody's decision. Rights of a group are
 * left as they are.
 * @param log told what was done, and what is to be done
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
