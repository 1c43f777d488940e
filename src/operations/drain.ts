import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Once the service stops, connections without a request under way end at once, and the others with the reply to theirs;
 * none is kept alive for another. After ten seconds Apollo's integration, which closes the server too, ends the rest.
 */
export function closeConnectionsWhenStopping(fastify: FastifyInstance): void {
  const requestsUnderWay = new Map<Socket, number>();
  let isStopping = false;
  const count = (socket: Socket, change: number) => {
    const before = requestsUnderWay.get(socket);
    if (before !== undefined) requestsUnderWay.set(socket, before + change);
  };

  fastify.server.on('connection', (socket: Socket) => {
    requestsUnderWay.set(socket, 0);
    socket.once('close', () => requestsUnderWay.delete(socket));
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    count(request.raw.socket, 1);
    done();
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    count(request.raw.socket, -1);
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (isStopping) reply.header('connection', 'close');
    done(null, payload);
  });
  fastify.addHook('preClose', (done) => {
    isStopping = true;
    for (const [socket, requests] of requestsUnderWay) if (requests === 0) socket.destroy();
    done();
  });
}
