/** How a door answered. */
interface DoorStatistics {
  requests: number;
  statuses: Map<number, number>;
  slowestMs: number;
}

/** What was sent and how it was answered, by door. */
export class Statistics {
  readonly doors = new Map<string, DoorStatistics>();
  requests = 0;
  /** Those that were not refused. */
  done = 0;

  /** @param status 0 where there was no reply, as to what is no request */
  add(door: string, status: number, durationMs = 0): void {
    const of = this.doors.get(door) ?? { requests: 0, statuses: new Map<number, number>(), slowestMs: 0 };
    of.requests++;
    of.statuses.set(status, (of.statuses.get(status) ?? 0) + 1);
    of.slowestMs = Math.max(of.slowestMs, durationMs);
    this.doors.set(door, of);
    this.requests++;
    if (status >= 200 && status < 300) this.done++;
  }
}
