import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';
import { GRAPHQL_PATH } from '../paths.js';
import { onRequestOf } from '../route-hook.js';

/**
 * Keeps every reply of the operators' door out of caches, since it may hold credentials (RFC 6749 §5.1), and refuses a Host
 * that is none (RFC 9112 §3.2): Apollo's integration makes a URL of it, before it looks at anything else. Call it before any
 * route is added.
 */
export function guardGraphqlEndpoint(fastify: FastifyInstance): void {
  const guard = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
    const hasHost = URL.canParse(`${request.protocol}://${request.hostname}/`);
    done(hasHost ? undefined : new RegistryError('invalid_request', 'The Host header must name a host.'));
  };
  fastify.addHook('onRoute', (route) => {
    if (route.url === GRAPHQL_PATH) onRequestOf(route, guard);
  });
}
