import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';
import { takeTurn } from '../../event-loop/turns.js';
import { sendError, toGraphQLError } from '../errors/error.filter.js';
import { readJson } from './json-body.js';
import { GRAPHQL_PATH } from '../../config/paths.js';
import { onRequestOf } from './route-hook.js';

/**
 * Keeps every reply of the operators' door out of caches, since it may hold credentials (RFC 6749 §5.1). Refuses JSON in the URL that a
 * body must not have either, and a Host that is none (RFC 9112 §3.2): Apollo's integration makes a URL of it, before it looks at
 * anything else. Call it before any route is added.
 */
export function guardGraphqlEndpoint(fastify: FastifyInstance): void {
  const guard = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
    const hasHost = URL.canParse(`${request.protocol}://${request.hostname}/`);
    if (!hasHost) return done(new RegistryError('invalid_request', 'The Host header must name a host.'));
    const fault = faultOfJson(request.query as Record<string, unknown>);
    if (fault === null) done();
    else sendError(fault, reply, { errors: [toGraphQLError(fault)] });
  };
  fastify.addHook('onRoute', (route) => {
    if (route.url !== GRAPHQL_PATH) return;
    onRequestOf(route, guard);
    // Parsing and execution take long beside a request of REST
    route.preHandler = [route.preHandler ?? [], takeTurn].flat();
  });
}

/** Of a query that comes by GET, and that Apollo reads itself. */
const JSON_PARAMETERS = ['variables', 'extensions'];

function faultOfJson(query: Record<string, unknown>): RegistryError | null {
  try {
    for (const name of JSON_PARAMETERS) {
      const text = query[name];
      // What is no text, or an empty one, Apollo refuses
      if (typeof text === 'string' && text !== '') readJson(`The parameter ${name}`, text);
    }
    return null;
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
}
