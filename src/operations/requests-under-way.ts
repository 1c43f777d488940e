import type { FastifyInstance, FastifyReply } from 'fastify';

/** The replies that were not sent yet, and when their requests came (`performance.now()`), the oldest first. */
export type RequestsUnderWay = ReadonlyMap<FastifyReply, number>;

/** Call it before any route is added. */
export function trackRequests(fastify: FastifyInstance): RequestsUnderWay {
  const underWay = new Map<FastifyReply, number>();
  fastify.addHook('onRequest', (_request, reply, done) => {
    underWay.set(reply, performance.now());
    done();
  });
  fastify.addHook('onResponse', (_request, reply, done) => {
    underWay.delete(reply);
    done();
  });
  return underWay;
}
