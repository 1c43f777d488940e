// @ts-check
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * What runs in the thread of `sqlite-thread.ts`. JavaScript, so that Node.js can load it from the sources, as the tests do.
 */

/** @type {{ driver: string, path: string, synchronous: number }} */
const { driver, path, synchronous } = workerData;
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** @type {((task: import('./sqlite-thread.js').Task) => import('./table.js').Row[]) | undefined} */
let run;

function open() {
  /** @type {typeof import('better-sqlite3')} */
  const Database = createRequire(import.meta.url)(driver);
  // Whoever waits for another process that writes waits in the event loop (see Transactions)
  const connection = new Database(path, { fileMustExist: true, timeout: 0 });
  connection.pragma(`synchronous = ${synchronous}`);
  /** Those that write: there is a handful of them. @type {Map<string, import('better-sqlite3').Statement>} */
  const prepared = new Map();
  const write = connection.transaction(
    (/** @type {readonly import('./sqlite-thread.js').Statement[]} */ statements) => {
      for (const { sql, rows } of statements) {
        const statement = prepared.get(sql) ?? connection.prepare(sql);
        prepared.set(sql, statement);
        for (const row of rows) statement.run(row);
      }
    },
  );
  return (/** @type {import('./sqlite-thread.js').Task} */ task) => {
    if ('read' in task) {
      const { sql, parameters } = task.read;
      return /** @type {import('./table.js').Row[]} */ (connection.prepare(sql).raw().all(parameters));
    }
    write.immediate(task.write);
    return [];
  };
}

port.on('message', (task) => {
  /** @type {import('./sqlite-thread.js').Answer} */
  let answer;
  try {
    run ??= open();
    answer = { rows: run(task) };
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    answer = { error: { code, message } };
  }
  port.postMessage(answer);
});
