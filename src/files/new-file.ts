import { closeSync, fsyncSync, linkSync, openSync, renameSync } from 'node:fs';

/** File systems without hard links. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/**
 * Gives a complete file its name, so that there is all of it or nothing under that name.
 * @throws Error `EEXIST` if something has the name, be it a link to nowhere
 */
export function publish(complete: string, path: string): void {
  try {
    linkSync(complete, path);
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    closeSync(openSync(path, 'wx', 0o600));
    renameSync(complete, path);
  }
}

/** @param path of a file, or of a folder: the names in it */
export function syncToDisk(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
