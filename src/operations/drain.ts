import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { RequestsUnderWay } from './requests-under-way.js';

/**
 * Once the service stops, connections without a request under way end at once, and the others with the reply to theirs;
 * none is kept alive for another. After ten seconds Apollo's integration, which closes the server too, ends the rest.
 */
export function closeConnectionsWhenStopping(fastify: FastifyInstance, underWay: RequestsUnderWay): void {
  const sockets = new Set<Socket>();
  fastify.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  fastify.addHook('preClose', (done) => {
    const busy = new Set([...underWay.keys()].map(({ raw }) => raw.socket));
    for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
    // Fastify says so itself in replies to requests that come from now on
    for (const { raw } of underWay.keys()) if (!raw.headersSent) raw.setHeader('connection', 'close');
    done();
  });
}
