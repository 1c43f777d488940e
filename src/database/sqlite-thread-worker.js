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

function open() {
  /** @type {typeof import('better-sqlite3')} */
  const Database = createRequire(import.meta.url)(driver);
  // Whoever waits for another process that writes waits in the event loop (see Transactions)
  const database = new Database(path, { fileMustExist: true, timeout: 0 });
  database.pragma(`synchronous = ${synchronous}`);
  /** Those that write: there is a handful of them. @type {Map<string, PreparedStatement>} */
  const prepared = new Map();
  const write = database.transaction((/** @type {readonly Statement[]} */ statements) => {
    for (const { sql, rows } of statements) {
      const statement = prepared.get(sql) ?? database.prepare(sql);
      prepared.set(sql, statement);
      for (const row of rows) statement.run(row);
    }
  });
  return { database, write: write.immediate, untilMs: performance.now() + maxAgeMs };
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

/** @type {(query: Query) => unknown[][]} */
const read = ({ sql, parameters }) =>
  /** @type {unknown[][]} */ (connect().database.prepare(sql).raw().all(parameters));

port.on('message', (/** @type {import('./sqlite-thread.js').Task} */ task) => {
  /** @type {Answer} */
  let answer = { rows: [] };
  try {
    if ('read' in task) answer = { rows: read(task.read) };
    else connect().write(task.write);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    answer = { error: { code, message } };
  }
  port.postMessage(answer);
});
