import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { publish, syncToDisk } from '../../files/new-file.js';
import { generateSecret } from '../../secrets/secret.js';

/** As for SIGNING_KEY_SECRET. */
const MIN_LENGTH = 32;
const OF_OWNER = 0o600;

/**
 * The secret in a file that only its owner can read.
 * @throws Error if there is no file, or if it is too short to be a secret: an empty one would encrypt nothing
 */
export function readSecretFile(path: string): string {
  if (!existsSync(path)) throw new Error(`there is no file ${path}`);
  if ((statSync(path).mode & 0o777) !== OF_OWNER) chmodSync(path, OF_OWNER);
  const secret = readFileSync(path, 'utf8');
  if (secret.length >= MIN_LENGTH) return secret;
  throw new Error(
    `${path} has fewer than ${MIN_LENGTH} characters. Restore it, or remove it and run "signing-key rotate --revoke-others".`,
  );
}

/** Creates the file unless it exists: the whole of it or nothing, also after a crash and if two processes start at once. */
export function createSecretFile(path: string): void {
  if (existsSync(path)) return;
  const unfinished = `${path}.${generateSecret()}`;
  try {
    writeFileSync(unfinished, generateSecret(), { flag: 'wx', mode: OF_OWNER });
    syncToDisk(unfinished);
    publish(unfinished, path);
  } catch (error) {
    // Another process was faster
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(unfinished, { force: true });
  }
}
