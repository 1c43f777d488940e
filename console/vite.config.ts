import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const OUTPUT = join(import.meta.dirname, '../dist/console');
const COMPRESSIBLE = /\.(?:js|css|html|svg)$/;

/** Puts a `.br` and a `.gz` beside each file, so that the service compresses nothing while it runs. */
const compressOnce: Plugin = {
  name: 'compress-once',
  apply: 'build',
  writeBundle: async () => {
    const files = await readdir(OUTPUT, { recursive: true });
    await Promise.all(
      files
        .filter((file) => COMPRESSIBLE.test(file))
        .map(async (file) => {
          const path = join(OUTPUT, file);
          const content = await readFile(path);
          await writeFile(`${path}.br`, await promisify(brotliCompress)(content));
          await writeFile(`${path}.gz`, await promisify(gzip)(content));
        }),
    );
  },
};

export default defineConfig(({ command }) => ({
  root: import.meta.dirname,
  // The build names its files relatively: a proxy may serve the console below any path
  base: command === 'build' ? './' : '/admin/',
  plugins: [compressOnce],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    // Everything comes from files of the service: its Content-Security-Policy knows no inline script and no data: font
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { '/graphql': 'http://127.0.0.1:3000', '/admin/session': 'http://127.0.0.1:3000' },
  },
}));
