import { Worker } from 'node:worker_threads';
import type BetterSqlite3 from 'better-sqlite3';
import { sqliteDriverPath, WAL_LIMIT_BYTES } from './sqlite.js';
import { type SqliteFile, sqliteFileOf } from './sqlite-file.js';
import type { Row } from './driver.js';

/** A statement that writes, and the values for each time that it is to run. */
export interface Statement {
  sql: string;
  rows: readonly Row[];
}

/** A statement that reads, and its values by their names. */
export interface Query {
  sql: string;
  parameters: Record<string, unknown>;
}

/** What the thread is to do. */
export type Task = { write: readonly Statement[] } | { read: Query };

/** What was read, or what the driver threw: an error comes out of a thread without its code, or its message. */
export type Answer = { rows: Row[] } | { error: { code: string | undefined; message: string } };

/**
 * How old the connection may become: what the database knows of its rows is read as it opens, and how best to find them changes as
 * they become more.
 */
const MAX_AGE_MS = 600_000;

/**
 * A thread with a connection of its own to a file of SQLite, whose driver blocks: meanwhile others are answered (ADR 8). It starts with the
 * first task, and again if it has died. One task is done after another.
 */
export class SqliteThread {
  private thread: Worker | undefined;
  /** Callers that wait for their tasks, in the order of the tasks. */
  private asked: ((answer: Answer) => void)[] = [];

  private readonly file: SqliteFile;

  /** @param connection to the same file; it says how writes are made durable */
  constructor(
    private readonly connection: BetterSqlite3.Database,
    private readonly maxAgeMs = MAX_AGE_MS,
  ) {
    this.file = sqliteFileOf(connection);
  }

  /**
   * Runs the statements in one transaction; what they wrote is durable when the promise resolves.
   * @throws Error with the code of the driver: nothing was written; with `ECONNRESET`: the outcome is unknown
   */
  async write(statements: readonly Statement[]): Promise<void> {
    await this.run({ write: statements });
  }

  /** @throws Error with the code of what the driver threw, or `ECONNRESET` if the thread died meanwhile */
  async read(query: Query): Promise<Row[]> {
    // The thread may open the file only now
    this.file.check();
    return this.run({ read: query }).catch((error: unknown) => {
      throw this.file.explain(error);
    });
  }

  /** Ends the thread, and with it the connection. A task in progress delays that, and is not reported. */
  async end(): Promise<void> {
    await this.thread?.terminate();
  }

  private async run(task: Task): Promise<Row[]> {
    const thread = (this.thread ??= this.start());
    thread.postMessage(task);
    const answered = new Promise<Answer>((answer) => this.asked.push(answer));
    // A pending task keeps the process running; an idle thread does not
    thread.ref();
    const answer = await answered;
    if (this.asked.length === 0) thread.unref();
    if ('rows' in answer) return answer.rows;
    const { code, message } = answer.error;
    throw Object.assign(new Error(message), { code });
  }

  private start(): Worker {
    const { descriptor, header } = this.file;
    const thread = new Worker(new URL('./sqlite-thread-worker.js', import.meta.url), {
      workerData: {
        driver: sqliteDriverPath(),
        path: this.connection.name,
        synchronous: this.connection.pragma('synchronous', { simple: true }),
        maxAgeMs: this.maxAgeMs,
        walLimitBytes: WAL_LIMIT_BYTES,
        descriptor,
        header,
      },
    });
    let reason = 'it was ended';
    thread.on('message', (answer: Answer) => this.asked.shift()!(answer));
    thread.on('error', ({ message }) => (reason = message));
    thread.on('exit', () => {
      this.thread = undefined;
      const error = { code: 'ECONNRESET', message: `The thread of the database has died: ${reason}` };
      for (const answer of this.asked.splice(0)) answer({ error });
    });
    return thread;
  }
}
