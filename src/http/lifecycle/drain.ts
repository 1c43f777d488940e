import { type Server as HttpServer } from 'node:http';
import { Server } from 'node:net';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Connections } from '../limits/connections.js';
import type { InFlightRequests } from '../limits/in-flight-requests.js';

/** Longer than a proxy in front may keep an unused connection (see deploy/nginx.conf): it is the proxy that closes it then. */
export const DRAIN_MS = 5_000;
/** The longest wait for a short turn of the event loop without a new connection. */
const QUIET_TIMEOUT_MS = 4_000;
/** Longer than a turn that handles nothing. */
const SHORT_TURN_MS = 0.1;
/** After draining, in-flight requests may take this long, then get a 503. Apollo's integration closes their connections after ten seconds. */
const RUNNING_MS = 5_000;
/** The process ends this long after a signal even if something hangs: it waits for the times above, and for the database to close. */
export const SHUTDOWN_TIMEOUT_MS = 20_000;

/**
 * Accepts no further connection, and answers what comes on those that are open, each time as the last there. Returns once all are gone, at
 * the latest after {@link DRAIN_MS}. None is closed while unused: a request may be on its way, and no proxy sends a POST again (ADR 13).
 */
export async function drain(server: HttpServer): Promise<void> {
  const timer = new AbortController();
  await quietTurn(server);
  // The method of the base class: that of http.Server would close unused connections, too
  const gone = new Promise<void>((done) => Server.prototype.close.call(server, () => done()));
  server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'));
  await Promise.race([gone, wait(DRAIN_MS, undefined, timer)]);
  timer.abort();
}

/**
 * Waits for a turn of the event loop that is short and has no new connection: Node.js accepts one per turn, so none waits to be accepted
 * then. A connection that arrives between the end of that turn and the closing of the port is reset, perhaps within a request.
 */
async function quietTurn(server: HttpServer): Promise<void> {
  const start = performance.now();
  let accepted = 0;
  const count = () => accepted++;
  server.on('connection', count);
  await setImmediate();
  for (let isQuiet = false; !isQuiet && performance.now() - start < QUIET_TIMEOUT_MS;) {
    const before = { accepted, time: performance.now() };
    await setImmediate();
    isQuiet = accepted === before.accepted && performance.now() - before.time < SHORT_TURN_MS;
  }
  server.off('connection', count);
}

/**
 * Once the service stops, connections without an in-flight request end at once, and the others with the reply to theirs;
 * none is kept alive for another. Requests that are not answered after {@link RUNNING_MS}, as while the database hangs, are given up.
 */
export function closeConnectionsWhenStopping(
  fastify: FastifyInstance,
  connections: Connections,
  inFlight: InFlightRequests,
  giveUp: (reply: FastifyReply) => void,
): void {
  fastify.addHook('preClose', (done) => {
    const busy = new Set([...inFlight].map(({ reply }) => reply.request.raw.socket));
    for (const socket of connections) if (!busy.has(socket)) socket.destroy();
    // Fastify says so itself in replies to requests that come from now on
    for (const { reply } of inFlight) {
      if (!reply.raw.headersSent) reply.raw.setHeader('connection', 'close');
    }
    setTimeout(() => {
      for (const { reply } of inFlight) if (!reply.raw.headersSent) giveUp(reply);
    }, RUNNING_MS).unref();
    done();
  });
}
