// @ts-check
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * What runs in the thread of `sqlite-thread.ts`. JavaScript, so that Node.js can load it from the sources, as the tests do.
 */

/** @typedef {import('better-sqlite3').Statement} PreparedStatement */
/** @typedef {import('./sqlite-thread.js').Statement} Statement */
/** @typedef {import('./sqlite-thread.js').Query} Query */
/** @typedef {import('./sqlite-thread.js').Answer} Answer */

/** @type {{ driver: string, path: string, synchronous: number, maxAgeMs: number }} */
const { driver, path, synchronous, maxAgeMs } = workerData;
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** There are more of them than anybody uses: one for each combination of filters. */
const KEPT_STATEMENTS = 100;

function open() {
  /** @type {typeof import('better-sqlite3')} */
  const Database = createRequire(import.meta.url)(driver);
  // Whoever waits for another process that writes waits in the event loop (see Transactions)
  const database = new Database(path, { fileMustExist: true, timeout: 0 });
  database.pragma(`synchronous = ${synchronous}`);
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

function connect() {
  if (connection !== undefined && performance.now() > connection.untilMs) {
    connection.database.close();
    connection = undefined;
  }
  return (connection ??= open());
}

port.on('message', (/** @type {import('./sqlite-thread.js').Task} */ task) => {
  /** @type {Answer} */
  let answer = { rows: [] };
  try {
    if ('read' in task) answer = { rows: connect().read(task.read) };
    else connect().write(task.write);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    answer = { error: { code, message } };
  }
  port.postMessage(answer);
});
