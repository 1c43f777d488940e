import type { FastifyInstance } from 'fastify';
import { type Connections, idleOf } from './connections.js';
import type { RequestsUnderWay } from './requests-under-way.js';

/**
 * Once the service stops, connections without a request under way end at once, and the others with the reply to theirs;
 * none is kept alive for another. After ten seconds Apollo's integration, which closes the server too, ends the rest.
 */
export function closeConnectionsWhenStopping(
  fastify: FastifyInstance,
  connections: Connections,
  underWay: RequestsUnderWay,
): void {
  fastify.addHook('preClose', (done) => {
    for (const idle of idleOf(connections, underWay)) idle.destroy();
    // Fastify says so itself in replies to requests that come from now on
    for (const { raw } of underWay.keys()) if (!raw.headersSent) raw.setHeader('connection', 'close');
    done();
  });
}
