import { closeSync, write, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { droppedLogLines } from '../../diagnostics/channels.js';

/** Characters that wait to be written: some ten thousand lines. */
const MAX_WAITING = 4 * 1024 * 1024;
/** How long a line waits for others: each write is a task for another thread. */
const COLLECTING_MS = 5;
const FIRST_RETRY_MS = 5;
const MAX_RETRY_MS = 1_000;
/** How long the end of the process may wait for a pipe whose reader is slow. */
const EXIT_TIMEOUT_MS = 200;

/**
 * Writes log lines to a file descriptor, and never makes the service wait or fail. While the destination takes nothing (full disk, closed
 * terminal, reader that stopped), lines wait up to {@link MAX_WAITING}. Further lines are dropped and counted.
 */
export class LogDestination {
  private waiting: string[] = [];
  private waitingLength = 0;
  /** What is being written, and what is left of it. */
  private batch = Buffer.alloc(0);
  private state: 'idle' | 'scheduled' | 'writing' | 'retrying' = 'idle';
  private retryMs = FIRST_RETRY_MS;
  private dropped = 0;
  /** Called with the number of dropped lines once all others are written. */
  onRecovery: (dropped: number) => void = () => undefined;

  constructor(private readonly fd: number) {}

  /** Takes a line that ends with a line break. Returns at once. */
  write(line: string): void {
    if (this.batch.length + this.waitingLength + line.length > MAX_WAITING) {
      this.dropped++;
      droppedLogLines.publish({ lines: 1 });
      return;
    }
    this.waiting.push(line);
    this.waitingLength += line.length;
    if (this.state === 'idle') this.schedule();
  }

  /** Waits until all lines are written, at most for the time. */
  async flush(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (this.state !== 'idle' && performance.now() < end) await wait(FIRST_RETRY_MS);
  }

  /** Writes what it can before the process ends, when nothing asynchronous happens any more. */
  flushAtExit(): void {
    const end = performance.now() + EXIT_TIMEOUT_MS;
    // A thread writes the batch, and the process waits for it
    if (this.state === 'writing') this.batch = Buffer.alloc(0);
    this.fillBatch();
    while (this.batch.length > 0) {
      try {
        this.batch = this.batch.subarray(writeSync(this.fd, this.batch));
      } catch (error) {
        if (!isFull(error) || performance.now() > end) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FIRST_RETRY_MS);
      }
    }
  }

  private fillBatch(): void {
    this.batch = Buffer.concat([this.batch, Buffer.from(this.waiting.join(''))]);
    this.waiting = [];
    this.waitingLength = 0;
  }

  private schedule(): void {
    this.state = 'scheduled';
    setTimeout(() => this.writeNext(), COLLECTING_MS);
  }

  private writeNext(): void {
    this.state = 'writing';
    if (this.batch.length === 0) this.fillBatch();
    write(this.fd, this.batch, (error, written) => {
      if (error !== null || written === 0) this.retryLater();
      else this.continueAfter(written);
    });
  }

  private continueAfter(written: number): void {
    this.retryMs = FIRST_RETRY_MS;
    this.batch = this.batch.subarray(written);
    if (this.batch.length > 0) return this.writeNext();
    if (this.waiting.length > 0) return this.schedule();
    this.state = 'idle';
    const { dropped } = this;
    this.dropped = 0;
    if (dropped > 0) this.onRecovery(dropped);
  }

  /** After any error: a disk gets room, and a named pipe a new reader. */
  private retryLater(): void {
    this.state = 'retrying';
    setTimeout(() => this.writeNext(), this.retryMs).unref();
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
  }
}

const isFull = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EAGAIN';

/** The log of this process. */
export const standardOutput = new LogDestination(1);

/**
 * Prepares standard output and error for a service that outlives their readers. Errors of what is printed past the log are ignored, and
 * writes do not block: the process could not end while a thread waits for a reader.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // To look at process.stdout is enough for pipes and sockets. Node.js has writes to terminals block, which Ctrl-S makes wait
  const { _handle: handle } = process.stdout as { _handle?: { setBlocking?: (on: boolean) => void } };
  if (process.stdout.isTTY) handle?.setBlocking?.(false);
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.once('exit', () => {
    standardOutput.flushAtExit();
    // Node.js aborts if it cannot restore the settings of a terminal that is gone, unless it finds it closed
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
}
