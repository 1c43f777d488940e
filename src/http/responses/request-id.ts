import type { FastifyInstance } from 'fastify';

/** By which a caller names a request to an operator, who finds it in the log. */
export const REQUEST_ID = 'x-request-id';

/** Has every reply carry the id of its request. Call it before anything else that answers requests. */
export function sendRequestIds(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID, request.id);
    done();
  });
}
