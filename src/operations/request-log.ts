import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/** One line for each request that was answered: what, who, how long. Never a header, a body or a query string. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const { principal } = request;
    logger.info(
      {
        requestId: request.id,
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
        address: request.ip,
        ...(principal && { orgId: principal.orgId, userId: principal.userId }),
      },
      'request',
    );
    done();
  });
}
