import { closeSync, fsyncSync, openSync, readFileSync, statfsSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';

const BYTES_PER_GB = 1024 ** 3;
const TMPFS_MAGIC = 0x01021994;
const SYNC_ATTEMPTS = 100;
const PAGE = Buffer.alloc(4096);

/** What the numbers depend on, one line each. */
export function describeMachine(directory: string): string[] {
  return [
    `Processor: ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`,
    `Memory: ${Math.round(totalmem() / BYTES_PER_GB)} GB`,
    `Disk: ${medianSyncMs(directory).toFixed(2)} ms to write and sync 4 KiB, in the median`,
    `System: ${type()} ${release()}, Node.js ${process.versions.node}`,
    `Compared with: node-oidc-provider ${versionOf('oidc-provider')}; bare: Fastify ${versionOf('fastify')}`,
  ];
}

function versionOf(name: string): string {
  const path = join(import.meta.dirname, '../node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** @throws Error if temporary files are in memory: a write that waits for no disk says nothing about one that does */
export function requireDisk(): void {
  if (process.platform === 'linux' && statfsSync(tmpdir()).type === TMPFS_MAGIC) {
    throw new Error(`${tmpdir()} is in memory: set TMPDIR to a directory on a disk`);
  }
}

function medianSyncMs(directory: string): number {
  const file = openSync(join(directory, 'sync'), 'w');
  const timesMs = Array.from({ length: SYNC_ATTEMPTS }, () => {
    const startedAtMs = performance.now();
    writeSync(file, PAGE);
    fsyncSync(file);
    return performance.now() - startedAtMs;
  });
  closeSync(file);
  return timesMs.sort((a, b) => a - b)[SYNC_ATTEMPTS / 2]!;
}
