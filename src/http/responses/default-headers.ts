import { applyDecorators, Header } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Header with the id of a request, which callers can give to an operator to find the request in the log. */
export const REQUEST_ID = 'x-request-id';

/** For replies with credentials: no cache on the way may keep them (RFC 6749 §5.1). */
export const NoStore = () =>
  applyDecorators(Header('Cache-Control', 'no-store'), Header('Pragma', 'no-cache'));

/** Sets what every reply has: its request's id, no caching unless it says otherwise, and no guessing of its type by browsers. */
export function setDefaultHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      [REQUEST_ID]: request.id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    done();
  });
}
