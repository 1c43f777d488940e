import { cpuMs, residentMb } from './process-usage.js';

/** Results of one run. Null: not available on this platform. */
export interface Measurement {
  responsesPerSecond: number;
  /** In addition to those: rejections, if they are allowed. */
  rejectionsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  cpuMsPerResponse: number | null;
  residentMb: number | null;
}

/** For the compiler of both sides, and for the caches. */
export const WARM_UP_SECONDS = 1;

/**
 * The replies that count. They begin when the warm-up is over and every connection has had a reply: a busy Node.js server
 * accepts few connections at a time, so that it takes seconds until all of fifty take part.
 */
export class MeasuredWindow {
  isOver = false;
  private readonly createdAtMs = performance.now();
  private readonly connected = new Set<unknown>();
  // autocannon's own percentiles are whole milliseconds
  private readonly timesMs: number[] = [];
  private rejections = 0;
  private startedAtMs: number | undefined;
  private elapsedMs = 0;
  private cpuBeforeMs: number | null = null;
  private cpuAfterMs: number | null = null;

  /** @param pid of the server */
  constructor(
    private readonly pid: number,
    private readonly connections: number,
    private readonly seconds: number,
  ) {}

  /** Takes a reply that has just come. */
  add(connection: unknown, timeMs: number, isRejected: boolean): void {
    if (this.isOver) return;
    const nowMs = performance.now();
    if (this.startedAtMs === undefined) {
      this.connected.add(connection);
      const isWarm = nowMs - this.createdAtMs >= WARM_UP_SECONDS * 1000;
      if (!isWarm || this.connected.size < this.connections) return;
      this.startedAtMs = nowMs;
      this.cpuBeforeMs = cpuMs(this.pid);
      return;
    }
    if (isRejected) this.rejections++;
    else this.timesMs.push(timeMs);
    this.elapsedMs = nowMs - this.startedAtMs;
    if (this.elapsedMs < this.seconds * 1000) return;
    this.isOver = true;
    this.cpuAfterMs = cpuMs(this.pid);
  }

  measurement(): Measurement {
    const { timesMs, elapsedMs, cpuBeforeMs, cpuAfterMs } = this;
    const sortedMs = Float64Array.from(timesMs).sort();
    const isCpuKnown = cpuBeforeMs !== null && cpuAfterMs !== null;
    return {
      responsesPerSecond: (timesMs.length / elapsedMs) * 1000,
      rejectionsPerSecond: (this.rejections / elapsedMs) * 1000,
      p50Ms: percentile(sortedMs, 0.5),
      p99Ms: percentile(sortedMs, 0.99),
      maxMs: percentile(sortedMs, 1),
      cpuMsPerResponse: isCpuKnown ? (cpuAfterMs - cpuBeforeMs) / timesMs.length : null,
      residentMb: residentMb(this.pid),
    };
  }
}

/** The value that the given part of all does not exceed. */
function percentile(sorted: Float64Array, part: number): number {
  return sorted[Math.ceil(sorted.length * part) - 1]!;
}
