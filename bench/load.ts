import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';
import { MeasuredWindow, type Measurement } from './measured-window.js';

/** One of the requests of a load. */
export interface LoadRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: string;
}

/** What to send, and where. */
export interface Load {
  url: string;
  /** Of the server, to see what the load costs it. */
  pid: number;
  headers: Record<string, string>;
  /** Taken in turn, by each connection or, where each is sent once, by all together. */
  requests: readonly LoadRequest[];
  isOnce?: true;
  /** Any other status makes the run fail. */
  expectedStatus: number;
  /** Rejections for want of capacity are counted, rather than make the run fail. */
  mayBeRejected?: boolean;
  connections: number;
  seconds: number;
}

/** A server that has not answered on every connection by then is not measured; most need a second, a slow one many. */
const WARM_UP_LIMIT_SECONDS = 60;
const REJECTED_STATUS = 503;
/** How often autocannon looks whether it is to stop. */
const SAMPLE_INTERVAL_MS = 50;

/**
 * The load generator, in a process of its own so that it takes no time from the server's. Reads a Load from standard input
 * and writes a Measurement to standard output.
 */
process.stdout.write(JSON.stringify(await measure(JSON.parse(await text(process.stdin)) as Load)));

/**
 * Sends on each connection one request after another, and measures from the end of the warm-up on.
 * @throws Error if a reply has another status than it should, or there is none
 */
async function measure(load: Load): Promise<Measurement> {
  const { headers, connections } = load;
  const window = new MeasuredWindow(load.pid, connections, load.seconds);
  const unexpected = new Map<number, number>();
  let replies = 0;
  let taken = 0;
  const takeNext = (request: autocannon.Request): autocannon.Request => {
    const next = load.requests[taken++];
    if (next === undefined) throw new Error(`More than ${load.requests.length} requests were sent`);
    return { ...request, ...next };
  };

  const { errors, requests } = await new Promise<autocannon.Result>((done, fail) => {
    const options = {
      url: load.url,
      headers,
      requests: load.isOnce ? [{ ...load.requests[0], setupRequest: takeNext }] : [...load.requests],
      connections,
      duration: WARM_UP_LIMIT_SECONDS + load.seconds,
      sampleInt: SAMPLE_INTERVAL_MS,
      // A connection may wait as long before it is accepted
      timeout: WARM_UP_LIMIT_SECONDS,
      bailout: 1,
    };
    const run = autocannon(options, (error: Error | null, result) => (error ? fail(error) : done(result)));
    run.on('response', (client, status, _bytes, timeMs) => {
      replies++;
      const isRejected = load.mayBeRejected === true && status === REJECTED_STATUS;
      window.add(client, timeMs, isRejected);
      if (status !== load.expectedStatus && !isRejected)
        unexpected.set(status, (unexpected.get(status) ?? 0) + 1);
      if (window.isOver || unexpected.size > 0) run.stop();
    });
  });

  // What is in progress at the end stays without a reply
  const unanswered = Math.max(0, requests.sent - replies - connections);
  if (unexpected.size > 0 || errors > 0 || unanswered > 0 || !window.isOver) {
    const statuses = [...unexpected].map(([status, count]) => `, ${count} with status ${status}`).join('');
    throw new Error(
      `${load.requests[0]!.method} ${load.url}${load.requests[0]!.path}: ${replies} replies${statuses} instead of ` +
        `${load.expectedStatus}; ` +
        `${errors} errors, ${unanswered} requests without a reply`,
    );
  }
  return window.measurement();
}
