import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** What a build of the console looks like from outside, by path. */
export const BUILT_FILES = {
  'index.html':
    '<!doctype html><title>Console</title><script type="module" src="./assets/index-3f2a.js"></script>',
  'assets/index-3f2a.js': `console.log('${'of the console '.repeat(200)}');`,
  'favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
};

/** A directory with such a build: compressed beforehand, too, except for the last file. */
export async function buildConsole(): Promise<{ directory: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'registry-console-'));
  for (const [path, content] of Object.entries(BUILT_FILES)) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    if (path.endsWith('.svg')) continue;
    await writeFile(`${file}.br`, brotliCompressSync(content));
    await writeFile(`${file}.gz`, gzipSync(content));
  }
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}
