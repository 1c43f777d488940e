import { RETRY_AFTER_SECONDS } from '../../errors/registry-error.js';
import { isDatabaseUnavailable, isUndone } from '../connection/unavailable.js';

/** Consecutive failed writes after which a successful check proves nothing. */
const MAX_FAILURES = 3;
/** Time after the last failure, when callers that received Retry-After repeat their requests. */
const FAILING_MS = RETRY_AFTER_SECONDS * 1_000;

/** What became of the last writes of a kind. */
interface WriteRecord {
  isConfirmed: boolean;
  /** Since the last one that succeeded. */
  failures: number;
  lastFailureMs: number;
}

/** Derives from the writes of requests whether the database is writable. */
export class Writability {
  /** The tables, by SQL name, that most requests read or write: a check detects locks on them. */
  readonly tables = new Map<string, 'read' | 'write'>();
  /** Results by kind of write: if clients cannot be stored, other rows may be. */
  private readonly records = new Map<string, WriteRecord>();
  /** Start times of writes in progress (`performance.now()`), the oldest first. */
  private readonly inFlight = new Set<{ sinceMs: number }>();

  /** @param slowMs a write that takes longer makes it doubtful that others succeed */
  constructor(private readonly slowMs: number) {}

  /** Remembers what becomes of a write of that kind. */
  async track<T>(kind: string, write: Promise<T>): Promise<T> {
    const begun = { sinceMs: performance.now() };
    this.inFlight.add(begun);
    try {
      const result = await write;
      this.records.delete(kind);
      return result;
    } catch (error) {
      if (isDatabaseUnavailable(error)) this.noteFailure(kind, error);
      throw error;
    } finally {
      this.inFlight.delete(begun);
    }
  }

  /** Whether the last write of a kind failed, or the oldest one in progress is slow: a check is to find out. */
  get isDoubtful(): boolean {
    const [oldest] = this.inFlight;
    const isSlow = oldest !== undefined && oldest.sinceMs < performance.now() - this.slowMs;
    return isSlow || this.some(({ isConfirmed }) => !isConfirmed);
  }

  /** Whether the last writes of a kind all failed, even if the probe can write. */
  get isFailing(): boolean {
    const limitMs = performance.now() - FAILING_MS;
    return this.some(({ failures, lastFailureMs }) => failures >= MAX_FAILURES && lastFailureMs > limitMs);
  }

  /** A check has found that the database can be written to. */
  confirm(): void {
    for (const record of this.records.values()) record.isConfirmed = true;
  }

  private noteFailure(kind: string, error: unknown): void {
    const { failures, lastFailureMs } = this.records.get(kind) ?? { failures: 0, lastFailureMs: -Infinity };
    // A conflict with another transaction affects some rows only
    const next = isUndone(error)
      ? { failures, lastFailureMs }
      : { failures: failures + 1, lastFailureMs: performance.now() };
    this.records.set(kind, { isConfirmed: false, ...next });
  }

  private some(condition: (record: WriteRecord) => boolean): boolean {
    return [...this.records.values()].some(condition);
  }
}
