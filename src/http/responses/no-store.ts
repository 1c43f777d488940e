import { applyDecorators, Header } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** For replies with credentials: no cache on the way may keep them (RFC 6749 §5.1). */
export const NoStore = () =>
  applyDecorators(Header('Cache-Control', 'no-store'), Header('Pragma', 'no-cache'));

/** Has no cache keep a reply, unless the reply says otherwise itself. Call it before any route is added. */
export function keepOutOfCaches(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store');
    done();
  });
}
