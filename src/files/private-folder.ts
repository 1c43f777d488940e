import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs `work` in a new folder, in which nobody else can find or plant a file, even if they may write to its parent. It is removed
 * afterwards. For commands, since it changes the working directory meanwhile.
 * @param prefix of its name
 * @param work gets the path of a file that does not exist yet, relative to the working directory
 * @throws Error if another process has replaced the folder
 */
export function inPrivateFolder<T>(parent: string, prefix: string, work: (path: string) => T): T {
  const workingDirectory = process.cwd();
  const folder = mkdtempSync(join(parent, prefix));
  // From now on by its inode: no other process can replace the folder
  process.chdir(folder);
  // SQLite opens its files by absolute path. Nobody can have this one ready in a folder that takes the place of ours: only we can list it
  const hidden = randomUUID();
  try {
    if (!isNewAndPrivate('.')) throw new Error(`${folder} was replaced by another process.`);
    mkdirSync(hidden, 0o700);
    return work(join(hidden, 'copy'));
  } finally {
    rmSync(hidden, { recursive: true, force: true });
    process.chdir(workingDirectory);
    removeEmpty(folder);
  }
}

function isNewAndPrivate(path: string): boolean {
  const { uid, mode } = statSync(path);
  // A link to a folder of the same user, with files of theirs
  if (readdirSync(path).length > 0) return false;
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0);
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another process has moved it: that must not hide what became of the work
  }
}
