import { statfsSync } from 'node:fs';
import { freemem } from 'node:os';

const SHARED_MEMORY = '/dev/shm';
/** Type of a file system in memory, as statfs(2) of Linux tells. */
const TMPFS = 0x01021994;
/** The databases of a run take less than a tenth of it. */
const MIN_FREE_BYTES = 4 * 1024 ** 3;

/** A directory whose files are in memory, for databases that no test needs after a crash; undefined if there is none with enough room. */
export function directoryInMemory(): string | undefined {
  try {
    const { type, bavail, bsize } = statfsSync(SHARED_MEMORY);
    const free = Math.min(bavail * bsize, freemem());
    return type === TMPFS && free >= MIN_FREE_BYTES ? SHARED_MEMORY : undefined;
  } catch {
    return undefined;
  }
}
