// @ts-check
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * What runs in the thread of `sqlite-writer.ts`. JavaScript, so that Node.js can load it from the sources, as the tests do.
 */

/** @type {{ driver: string, path: string, synchronous: number }} */
const { driver, path, synchronous } = workerData;
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** @type {((statements: import('./sqlite-writer.js').Statement[]) => void) | undefined} */
let write;

function open() {
  /** @type {typeof import('better-sqlite3')} */
  const Database = createRequire(import.meta.url)(driver);
  // Whoever waits for another process that writes waits in the event loop (see Transactions)
  const connection = new Database(path, { fileMustExist: true, timeout: 0 });
  connection.pragma(`synchronous = ${synchronous}`);
  /** @type {Map<string, import('better-sqlite3').Statement>} */
  const prepared = new Map();
  return connection.transaction((/** @type {import('./sqlite-writer.js').Statement[]} */ statements) => {
    for (const { sql, rows } of statements) {
      const statement = prepared.get(sql) ?? connection.prepare(sql);
      prepared.set(sql, statement);
      for (const row of rows) statement.run(row);
    }
  }).immediate;
}

port.on('message', (statements) => {
  /** @type {import('./sqlite-writer.js').WriterAnswer} */
  let answer = null;
  try {
    write ??= open();
    write(statements);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    answer = { code, message };
  }
  port.postMessage(answer);
});
