/** The replies to requests with one label. */
interface LabelStatistics {
  requests: number;
  statuses: Map<number, number>;
  slowestMs: number;
}

/** Counts requests and replies by the label of the request. */
export class Statistics {
  readonly byLabel = new Map<string, LabelStatistics>();
  /** What requests to the authorization server achieved, by name. */
  readonly outcomes = new Map<string, number>();
  requests = 0;
  /** Those that were not rejected. */
  done = 0;

  /** @param status 0 if there was not a reply, as to what is not a request */
  add(label: string, status: number, durationMs = 0): void {
    const of = this.byLabel.get(label) ?? { requests: 0, statuses: new Map<number, number>(), slowestMs: 0 };
    of.requests++;
    of.statuses.set(status, (of.statuses.get(status) ?? 0) + 1);
    of.slowestMs = Math.max(of.slowestMs, durationMs);
    this.byLabel.set(label, of);
    this.requests++;
    if (status >= 200 && status < 300) this.done++;
  }

  /** @param outcome null: none */
  note(outcome: string | null): void {
    if (outcome !== null) this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}
