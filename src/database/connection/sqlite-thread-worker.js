// @ts-check
import { readSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * What runs in the thread of `sqlite-thread.ts`. JavaScript, so that Node.js can load it from the sources, as the tests do.
 */

/** @typedef {import('better-sqlite3').Statement} PreparedStatement */
/** @typedef {import('./sqlite-thread.js').Statement} Statement */
/** @typedef {import('./sqlite-thread.js').Query} Query */
/** @typedef {import('./sqlite-thread.js').Answer} Answer */

/**
 * @type {{
 *   driver: string; path: string; synchronous: number; maxAgeMs: number; walLimitBytes: number;
 *   descriptor: number; header: Uint8Array;
 * }}
 */
const { driver, path, synchronous, maxAgeMs, walLimitBytes, descriptor, header } = workerData;
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** There are more of them than anyone uses: one for each combination of filters. */
const KEPT_STATEMENTS = 100;

/** @param {'FILE' | 'MEMORY'} tempStore where SQLite keeps what it needs while a statement runs */
function open(tempStore) {
  /** @type {typeof import('better-sqlite3')} */
  const Database = createRequire(import.meta.url)(driver);
  // Waiting for another process that writes happens in the event loop (see WriteQueue)
  const database = new Database(path, { fileMustExist: true, timeout: 0 });
  database.pragma(`synchronous = ${synchronous}`);
  database.pragma(`temp_store = ${tempStore}`);
  database.pragma(`journal_size_limit = ${walLimitBytes}`);
  /** @type {Map<string, PreparedStatement>} */
  const prepared = new Map();
  const prepare = (/** @type {string} */ sql) => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    if (prepared.size > KEPT_STATEMENTS) prepared.clear();
    prepared.set(sql, statement);
    return statement;
  };
  const write = database.transaction((/** @type {readonly Statement[]} */ statements) => {
    for (const { sql, rows } of statements) {
      const statement = prepare(sql);
      for (const row of rows) statement.run(row);
    }
  });
  const read = (/** @type {Query} */ { sql, parameters }) =>
    /** @type {unknown[][]} */ (prepare(sql).raw().all(parameters));
  return { database, read, write: write.immediate, untilMs: performance.now() + maxAgeMs };
}

/** @type {ReturnType<typeof open> | undefined} */
let connection;

/** @param {'FILE' | 'MEMORY'} tempStore */
function connect(tempStore) {
  if (connection !== undefined && performance.now() > connection.untilMs) {
    connection.database.close();
    connection = undefined;
  }
  return (connection ??= open(tempStore));
}

/** How long a checkpoint may wait for writers, during which they wait for it; and the pause until the next attempt. */
const CHECKPOINT_WAIT_MS = 100;
const CHECKPOINT_INTERVAL_MS = 500;
let nextCheckpointMs = 0;

/**
 * SQLite restarts the write-ahead log only without readers. Continuous reads would let it grow, so a large log is truncated between two
 * reads.
 */
function boundLog() {
  if (performance.now() < nextCheckpointMs || connection === undefined) return;
  const { database } = connection;
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) <= walLimitBytes || !isOurs()) return;
  try {
    nextCheckpointMs = performance.now() + CHECKPOINT_INTERVAL_MS;
    // Most of it without keeping writers waiting
    database.pragma('wal_checkpoint(PASSIVE)');
    database.pragma(`busy_timeout = ${CHECKPOINT_WAIT_MS}`);
    database.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // The next write fails with it
  } finally {
    database.pragma('busy_timeout = 0');
  }
}

/** Whether the file is the one that was opened, and not another that was copied over it (see SqliteFile). */
function isOurs() {
  const current = Buffer.alloc(header.length);
  readSync(descriptor, current, 0, 24, 0);
  readSync(descriptor, current, 24, 4, 60);
  return current.equals(header);
}

port.on('message', (/** @type {import('./sqlite-thread.js').Task} */ task) => {
  /** @type {Answer} */
  let answer = { rows: [] };
  try {
    if ('read' in task) {
      boundLog();
      // What a search sorts may be large
      answer = { rows: connect('FILE').read(task.read) };
    } else {
      // SQLite keeps what undoes a statement with a trigger: by default in a temporary file, with a dozen writes for each new client
      connect('MEMORY').write(task.write);
    }
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    answer = { error: { code, message } };
  }
  port.postMessage(answer);
});
