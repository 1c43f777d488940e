import type { FastifyInstance, FastifyReply } from 'fastify';
import type { InFlightRequests } from './in-flight-requests.js';

/** As exact as anyone needs to be about a request that takes too long. */
const CHECKS_PER_DEADLINE = 40;

/**
 * Gives up on requests that are not answered in time. Fastify can do that too, with a timer and a signal of its own for every
 * request: a tenth of the work of a registration (ADR 8).
 */
export function enforceRequestTimeout(
  fastify: FastifyInstance,
  inFlight: InFlightRequests,
  deadlineMs: number,
  giveUp: (reply: FastifyReply) => void,
): void {
  const check = setInterval(() => {
    const limit = performance.now() - deadlineMs;
    for (const request of inFlight) {
      if (request.sinceMs > limit) break;
      const { reply } = request;
      // Too late for an error if a part of the reply is on its way
      if (reply.raw.headersSent) inFlight.breakOff(request);
      else {
        inFlight.renew(request);
        giveUp(reply);
      }
    }
  }, deadlineMs / CHECKS_PER_DEADLINE);
  check.unref();
  fastify.addHook('onClose', (_instance, done) => {
    clearInterval(check);
    done();
  });
}
