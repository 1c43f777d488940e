import { createClient } from '@redis/client';
import type { Logger } from 'pino';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { Count } from './local-counts.js';

/** For a count, which a request waits for. Redis in the same network answers in less than one. */
const COMMAND_TIMEOUT_MS = 100;
/** Between them, replies are read that came while this process was busy. */
const TIMEOUT_STEPS = 5;
/** How long the start of the service waits for a connection. */
const CONNECT_TIMEOUT_MS = 1_000;
/** Between attempts to connect, for as long as the service runs. */
const RETRY_MS = 1_000;
const KEY_PREFIX = 'rate-limit';

/** Logs each change of whether limits are shared. */
export type ConnectionLog = Pick<Logger, 'info' | 'warn'>;

/**
 * Counts of all instances, in Redis. From the first command that fails or takes too long on there are none, until a new connection has
 * worked: a Redis that never answers costs those that were waiting a tenth of a second, and later requests nothing.
 */
export class SharedCounts {
  /** Null while Redis cannot be used. */
  private limiter: RateLimiterRedis | null = null;
  private disconnect: () => void = () => undefined;
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** The state that was logged last. A successful start is not logged. */
  private isLoggedAsShared = true;

  private constructor(
    private readonly url: string,
    private readonly log: ConnectionLog,
  ) {}

  /** Ready after the first attempt, even a failed one. */
  static async open(url: string, log: ConnectionLog): Promise<SharedCounts> {
    const counts = new SharedCounts(url, log);
    await counts.connect();
    return counts;
  }

  /** Adds to the count of `key`, whose first use opens a window; null if Redis cannot be used. */
  async add(key: string, windowSeconds: number, amount = 1): Promise<Count | null> {
    const { limiter } = this;
    if (limiter === null) return null;
    try {
      return await addTo(limiter, key, windowSeconds, amount);
    } catch (error) {
      if (limiter === this.limiter) this.lose(error);
      return null;
    }
  }

  close(): void {
    this.isClosed = true;
    this.limiter = null;
    clearTimeout(this.retry);
    this.disconnect();
  }

  private async connect(): Promise<void> {
    const client = createClient({
      url: this.url,
      RESP: 2,
      disableOfflineQueue: true,
      socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
    });
    const disconnect = () => {
      if (client.isOpen) client.destroy();
    };
    this.disconnect = disconnect;
    const limiter = new RateLimiterRedis({
      storeClient: client,
      useRedisPackage: true,
      keyPrefix: KEY_PREFIX,
      // Every count brings its own window, and its limit is compared where it is counted
      points: 1,
      duration: 1,
    });
    client.on('error', (error: Error) => {
      if (limiter === this.limiter) this.lose(error);
    });
    let isTooLate = false;
    const timeout = setTimeout(() => {
      isTooLate = true;
      disconnect();
    }, CONNECT_TIMEOUT_MS);
    try {
      await client.connect();
      // A replica takes connections too, and counts nothing
      await addTo(limiter, 'connected', 1, 1);
      if (this.isClosed) return disconnect();
      this.limiter = limiter;
      this.tell(true, 'Redis is available again: rate limits are shared between instances.');
    } catch (error) {
      this.lose(isTooLate ? new Error('connection timeout') : error);
    } finally {
      clearTimeout(timeout);
    }
  }

  private lose(reason: unknown): void {
    this.limiter = null;
    this.disconnect();
    if (this.isClosed) return;
    this.retry = setTimeout(() => void this.connect(), RETRY_MS).unref();
    this.tell(
      false,
      `Redis is unavailable (${reasonOf(reason)}): each instance applies the rate limits separately. See REDIS_URL.`,
    );
  }

  private tell(shared: boolean, message: string): void {
    if (this.isLoggedAsShared === shared) return;
    this.isLoggedAsShared = shared;
    this.log[shared ? 'info' : 'warn'](message);
  }
}

async function addTo(
  limiter: RateLimiterRedis,
  key: string,
  windowSeconds: number,
  amount: number,
): Promise<Count> {
  const { consumedPoints, msBeforeNext } = await inTime(
    limiter.penalty(key, amount, { customDuration: windowSeconds }),
  );
  return { used: consumedPoints, msLeft: msBeforeNext };
}

/**
 * What Redis replies in time. While this process is busy, no time passes: a burst of requests must not look like a slow Redis, and end the
 * sharing of counts.
 */
async function inTime<T>(reply: Promise<T>): Promise<T> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const wait = (steps: number) => {
      if (steps === 0) reject(new Error('Operation timed out'));
      else timeout = setTimeout(() => wait(steps - 1), COMMAND_TIMEOUT_MS / TIMEOUT_STEPS);
    };
    wait(TIMEOUT_STEPS);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    clearTimeout(timeout);
  }
}

/** If a name has several addresses, each may have an error of its own; the error then has a code and no message. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || (code ?? 'unknown');
}
