import { Worker } from 'node:worker_threads';
import type BetterSqlite3 from 'better-sqlite3';
import { sqliteDriverPath } from './sqlite.js';
import type { Row } from './table.js';

/** A statement, and the values for each time that it is to run. */
export interface Statement {
  sql: string;
  rows: readonly Row[];
}

/** What became of a transaction: null, or what the driver threw. An error comes out of a thread without its code, or its message. */
export type WriterAnswer = { code: string | undefined; message: string } | null;

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
   * @throws Error with the code of what the driver threw, and nothing was written; or `ECONNRESET` where the thread died meanwhile, and
   *   nobody knows
   */
  async write(statements: readonly Statement[]): Promise<void> {
    const thread = (this.thread ??= this.start());
    const settled = new Promise<WriterAnswer>((resolve) => (this.settle = resolve));
    thread.postMessage(statements);
    // Whoever writes is waited for; a thread that has nothing to do holds up no end
    thread.ref();
    const answer = await settled;
    thread.unref();
    if (answer !== null) throw Object.assign(new Error(answer.message), { code: answer.code });
  }

  /** Ends the thread, and with it the connection. */
  async end(): Promise<void> {
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
    let reason = 'it was ended';
    thread.on('message', (answer: WriterAnswer) => this.settle(answer));
    thread.on('error', ({ message }) => (reason = message));
    thread.on('exit', () => {
      this.thread = undefined;
      this.settle({ code: 'ECONNRESET', message: `The thread that writes has died: ${reason}` });
    });
    return thread;
  }
}
