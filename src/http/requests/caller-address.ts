import type { FastifyInstance } from 'fastify';
import { forwardedAddress, type TrustedProxies } from '../../addresses/forwarded-address.js';

/** Makes `request.ip` the {@link forwardedAddress}, once per request. Call it before anything that reads the address. */
export function readCallerAddress(fastify: FastifyInstance, isProxy: TrustedProxies): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    Object.defineProperty(request, 'ip', { value: forwardedAddress(request.raw, isProxy) });
    done();
  });
}
