import { build } from 'rolldown';

/** Packages that are loaded by name at run time, so that a bundled copy would be a second one. */
const ASKED_FOR_BY_NAME = ['typeorm', 'class-validator', 'class-transformer', 'reflect-metadata'];
/** What has native code or files of its own, or is rarely needed. */
const FILES_OF_THEIR_OWN = [
  'better-sqlite3',
  'better-sqlite3-node-api',
  'altair-static',
  'pino-pretty',
  'unhomoglyph',
];
/** Apollo's hash function, which in a bundle would not find that of Node.js and compute hashes in JavaScript; and what it loads. */
const HASH_FUNCTION = ['@apollo/utils.createhash', '@apollo/utils.isnodelike'];
/** What the frameworks use where it is installed. It is not. */
const NOT_INSTALLED = [
  '@apollo/gateway',
  '@apollo/subgraph',
  '@as-integrations/express5',
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'ts-morph',
];
const external = [...FILES_OF_THEIR_OWN, ...HASH_FUNCTION, ...NOT_INSTALLED];

/** A bundled module that requires a package outside the bundle. */
const REQUIRING = 'requires:';

/**
 * Requires these packages instead of importing them: to import CommonJS, Node.js first reads all files of the package for the names that they
 * export.
 */
const requirePackages = {
  name: 'require-packages',
  resolveId(/** @type {string} */ id, /** @type {string | undefined} */ importer) {
    if (!ASKED_FOR_BY_NAME.includes(id)) return null;
    return importer?.startsWith(REQUIRING) ? { id, external: true } : REQUIRING + id;
  },
  load(/** @type {string} */ id) {
    if (!id.startsWith(REQUIRING)) return null;
    return `module.exports = require(${JSON.stringify(id.slice(REQUIRING.length))});`;
  },
};

/**
 * Puts what `nest build` made, and the packages that it imports, into a few files: to find and read two thousand takes longer than
 * everything else that the service does until it is ready (ADR 8).
 */
await build({
  input: {
    main: 'dist/src/main.js',
    cli: 'dist/src/cli.js',
    // Next to the file that starts it
    'chunks/sqlite-thread-worker': 'dist/src/database/connection/sqlite-thread-worker.js',
  },
  platform: 'node',
  // The copies of CommonJS, as Node.js itself takes them: of graphql there must be one
  resolve: { mainFields: ['main'] },
  plugins: [requirePackages],
  external: [
    ...external.map((name) => new RegExp(`^${name}(/|$)`)),
    ...ASKED_FOR_BY_NAME.map((name) => new RegExp(`^${name}/`)),
  ],
  output: {
    dir: 'dist',
    chunkFileNames: 'chunks/[name]-[hash].js',
    keepNames: true,
    // For `node --enable-source-maps`
    sourcemap: true,
    sourcemapExcludeSources: true,
    // reflect-metadata comes before the decorators that use it
    strictExecutionOrder: true,
  },
  // depd of koa, a function whose number of parameters is to be right
  checks: { eval: false },
  onLog: (level, { message }) => {
    if (level === 'warn') throw new Error(message);
  },
});
