import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../errors/registry-error.js';

/** Refuses requests with more than `max` header fields, of which Node reads any number from now on. */
export function limitHeaderFields(fastify: FastifyInstance, max: number): void {
  fastify.server.maxHeadersCount = 0;
  fastify.addHook('onRequest', ({ raw }, _reply, done) => {
    const isTooMany = raw.rawHeaders.length > 2 * max;
    done(
      isTooMany
        ? new RegistryError('invalid_request', `The request must not have more than ${max} header fields.`)
        : undefined,
    );
  });
}
