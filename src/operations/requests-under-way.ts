import type { FastifyInstance, FastifyReply } from 'fastify';

/** The replies that were not sent yet, and when their requests came (`performance.now()`), the oldest first. */
export type RequestsUnderWay = Map<FastifyReply, number>;

/** Call it before any route is added. */
export function trackRequests(fastify: FastifyInstance): RequestsUnderWay {
  const underWay = new Map<FastifyReply, number>();
  fastify.decorateRequest('isWaiting');
  fastify.addHook('onRequest', (request, reply, done) => {
    underWay.set(reply, performance.now());
    request.isWaiting = () => underWay.has(reply);
    // Fastify's own hook is not called where the caller hangs up
    reply.raw.once('close', () => underWay.delete(reply));
    done();
  });
  return underWay;
}
