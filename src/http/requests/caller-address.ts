import type { FastifyInstance } from 'fastify';
import { addressText } from '../../addresses/address.js';

/**
 * Makes `request.ip` an IP address, even if a trusted proxy passes on something else: the one that it names, in canonical form, or
 * its own if it names none. Only for services behind a proxy; call it before anything that reads the address.
 */
export function boundCallerAddress(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { ip, socket } = request;
    const address = addressText(ip) ?? addressText(socket.remoteAddress ?? '') ?? '';
    if (address !== ip) Object.defineProperty(request, 'ip', { value: address });
    done();
  });
}
