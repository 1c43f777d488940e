import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build } from 'rolldown';

const ROOT = resolve(import.meta.dirname, '../../..');
const NODE_MODULES = resolve(ROOT, 'node_modules');

/** What has native code or files of its own, or is rarely needed. */
const FILES_OF_THEIR_OWN = [
  'better-sqlite3',
  'better-sqlite3-node-api',
  'altair-static',
  'pino-pretty',
  'swagger-ui-dist',
  'unhomoglyph',
];
const MORE = [
  '@apollo/server/errors',
  '@apollo/server/plugin/disabled',
  'ajv/dist/2020.js',
  // What @nestjs/mapped-types inherits from: a second copy would know of no property
  'class-transformer/cjs/storage',
  'ajv-formats',
  'typeorm/metadata/ColumnMetadata.js',
];
const { dependencies } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));
const BUNDLED = [...Object.keys(dependencies).filter((name) => !FILES_OF_THEIR_OWN.includes(name)), ...MORE];

/** One directory for each set of installed packages, and for each version of this file. */
const key = createHash('sha256')
  .update(readFileSync(resolve(NODE_MODULES, '.package-lock.json')))
  .update(readFileSync(import.meta.filename))
  .digest('hex');
const DIRECTORY = resolve(NODE_MODULES, '.cache/bundled-dependencies', key);

/** For Jest's moduleNameMapper: every import of a bundled package, by whichever module, is one of the bundle. */
export const BUNDLED_DEPENDENCIES = {
  [`^(${BUNDLED.map((name) => name.replaceAll('.', '\\.')).join('|')})$`]: `${DIRECTORY}/$1.cjs`,
};

/**
 * Puts the packages that the service imports into a few files. Each test file loads the service again, and Jest takes twice as long
 * to find, read and link two thousand modules. CommonJS, as Jest links ES modules one by one.
 */
export async function bundleDependencies() {
  if (existsSync(DIRECTORY)) return;
  mkdirSync(dirname(DIRECTORY), { recursive: true });
  const unfinished = mkdtempSync(`${DIRECTORY}-`);
  await build({
    cwd: ROOT,
    input: Object.fromEntries(BUNDLED.map((name) => [name, `\0cjs:${name}`])),
    platform: 'node',
    // The copies of CommonJS, as Node.js itself takes them: of graphql there must be one
    resolve: { mainFields: ['main'] },
    external: FILES_OF_THEIR_OWN.map((name) => new RegExp(`^${name}(/|$)`)),
    plugins: [ENTRIES],
    output: {
      dir: unfinished,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: 'chunks/[name]-[hash].cjs',
      keepNames: true,
      // reflect-metadata comes before the decorators that use it
      strictExecutionOrder: true,
    },
    // What is not installed is looked for when it is needed, as without a bundle
    logLevel: 'silent',
  });
  try {
    renameSync(unfinished, DIRECTORY);
  } catch (error) {
    // Another run was faster
    if (!existsSync(DIRECTORY)) throw error;
    rmSync(unfinished, { recursive: true });
  }
}

/** Exports what `import` sees of a package. Its default export stands for it where that has all names, as in Node.js. */
const EXPORTS = `
  const isWhole = all.default && Object.keys(all).every((name) => name === 'default' || name in all.default);
  module.exports = isWhole ? all.default : all;`;

const ENTRIES = {
  name: 'entries',
  resolveId(id, importer) {
    if (/^\0(cjs|esm):/.test(id)) return id;
    if (!importer?.startsWith('\0esm:')) return undefined;
    return this.resolve(id, resolve(ROOT, 'package.json'), { kind: 'import-statement', skipSelf: true });
  },
  load(id) {
    const [, format, name] = /^\0(cjs|esm):(.*)$/.exec(id) ?? [];
    if (format === 'esm')
      return { code: `import * as all from '${name}'; export { all };`, moduleType: 'js' };
    if (format !== 'cjs') return undefined;
    return { code: `const { all } = require('\\0esm:${name}');${EXPORTS}`, moduleType: 'js' };
  },
};
