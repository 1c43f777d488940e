import type { FastifyInstance, FastifyReply } from 'fastify';

/** A request whose reply was not sent yet. */
export interface UnderWay {
  reply: FastifyReply;
  /** When it came (`performance.now()`). */
  sinceMs: number;
}

/** The oldest first. */
export type RequestsUnderWay = Set<UnderWay>;

/** Call it before any route is added. */
export function trackRequests(fastify: FastifyInstance): RequestsUnderWay {
  const underWay: RequestsUnderWay = new Set();
  fastify.decorateRequest('isWaiting');
  fastify.addHook('onRequest', (request, reply, done) => {
    const own: UnderWay = { reply, sinceMs: performance.now() };
    underWay.add(own);
    request.isWaiting = () => underWay.has(own);
    // Fastify's own hook is not called where the caller hangs up
    reply.raw.once('close', () => {
      underWay.delete(own);
      // What was taken out of a set may be kept for long, and what it refers to with it (ADR 8)
      (own as { reply: FastifyReply | null }).reply = null;
    });
    done();
  });
  return underWay;
}
