import { Worker } from 'node:worker_threads';
import type BetterSqlite3 from 'better-sqlite3';
import { sqliteDriverPath } from './sqlite.js';
import type { Row } from './table.js';

/** A statement, and the values for each time that it is to run. */
export interface Statement {
  sql: string;
  rows: readonly Row[];
}

/** What became of a transaction: null, or what the driver threw. An Error would come out of the thread without its code. */
export type WriterAnswer = { code: string | undefined; message: string } | null;

/** As where a server of a database is gone: nobody knows what became of the transaction. */
const died = (reason: string) => ({ code: 'ECONNRESET', message: `The thread that writes died: ${reason}` });

/**
 * Writes to a file of SQLite in a thread of its own, over a connection of its own. The driver blocks until the disk has written, and
 * meanwhile those who only read are answered, and the next who write are read and judged (ADR 8). The thread starts with the first
 * write, and anew where it has died.
 */
export class SqliteWriter {
  private thread: Worker | undefined;
  private settle: (answer: WriterAnswer) => void = () => undefined;

  /** @param connection to the same file; it says how writes are made durable */
  constructor(private readonly connection: BetterSqlite3.Database) {}

  /**
   * Runs the statements in one transaction; what they wrote is durable when the promise resolves. One call at a time.
   * @throws Error with the code of what the driver threw; nothing was written then
   */
  async write(statements: readonly Statement[]): Promise<void> {
    const thread = (this.thread ??= this.start());
    thread.ref();
    const answer = await new Promise<WriterAnswer>((resolve) => {
      this.settle = resolve;
      thread.postMessage(statements);
    });
    thread.unref();
    if (answer !== null) throw Object.assign(new Error(answer.message), { code: answer.code });
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.thread?.terminate();
  }

  private start(): Worker {
    const thread = new Worker(new URL('./sqlite-writer-thread.js', import.meta.url), {
      workerData: {
        driver: sqliteDriverPath(),
        path: this.connection.name,
        synchronous: this.connection.pragma('synchronous', { simple: true }),
      },
    });
    thread.on('message', (answer: WriterAnswer) => this.settle(answer));
    thread.on('error', ({ message }) => this.settle(died(message)));
    thread.on('exit', () => {
      this.thread = undefined;
      this.settle(died('it was ended'));
    });
    return thread;
  }
}
