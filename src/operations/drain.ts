import type { FastifyInstance } from 'fastify';

/** Once the service stops, each connection ends with the reply that is under way; none is kept alive for another. */
export function closeConnectionsWhenStopping(fastify: FastifyInstance): void {
  let isStopping = false;
  fastify.addHook('preClose', (done) => {
    isStopping = true;
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (isStopping) reply.header('connection', 'close');
    done(null, payload);
  });
}
