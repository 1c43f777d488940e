import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';

const require = createRequire(import.meta.url);

/** The size to which the write-ahead log is truncated once its readers have ended. Without searches it stays at a quarter. */
export const WAL_LIMIT_BYTES = 16 * 1024 * 1024;

/** The first version of Node-API that better-sqlite3 13 runs on: Node.js 22.14, but no 20. */
const NODE_API = 10;

/**
 * The file of SQLite's driver. There are two: better-sqlite3 12 is compiled against the inside of Node.js, and if the headers
 * are those of 24.19 or later, the process aborts when a statement is collected as garbage.
 */
export const sqliteDriverPath = (): string =>
  require.resolve(Number(process.versions.napi) < NODE_API ? 'better-sqlite3' : 'better-sqlite3-node-api');

/** The driver, loaded only for a SQLite database. */
export const loadSqlite = () => require(sqliteDriverPath()) as typeof BetterSqlite3;
