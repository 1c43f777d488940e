import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';
import { takeTurn } from '../../event-loop/turns.js';
import { readUrl } from '../../policy/uris/uri.js';
import { sendError, toGraphQLError } from '../errors/error.filter.js';
import { readJson } from './request-body.js';
import { GRAPHQL_PATH } from '../../config/paths.js';
import { onRequestOf } from './route-hook.js';

/** Parameters of a GraphQL GET request that Apollo parses itself. */
const JSON_PARAMETERS = ['variables', 'extensions'];

/**
 * Keeps every reply of GraphQL out of caches, since it may hold credentials (RFC 6749 §5.1). Rejects JSON in the URL that a body
 * must not have either, and a Host that is none (RFC 9112 §3.2): Apollo's integration makes a URL of it first.
 */
export function guardGraphqlEndpoint(fastify: FastifyInstance): void {
  const guard = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
    const hasHost = readUrl(`${request.protocol}://${request.hostname}/`) !== null;
    if (!hasHost) return done(new RegistryError('invalid_request', 'The Host header must contain a host.'));
    try {
      const query = request.query as Record<string, unknown>;
      for (const name of JSON_PARAMETERS) {
        const text = query[name];
        // What is not text, or an empty one, Apollo rejects
        if (typeof text === 'string' && text !== '') readJson(`The parameter ${name}`, text);
      }
      done();
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      sendError(error, reply, { errors: [toGraphQLError(error)] });
    }
  };
  fastify.addHook('onRoute', (route) => {
    if (route.url !== GRAPHQL_PATH) return;
    onRequestOf(route, guard);
    // Parsing and execution take long compared to a REST request
    const inTurn = (_request: FastifyRequest, { inFlight }: FastifyReply) => takeTurn(inFlight!.caller);
    route.preHandler = [route.preHandler ?? [], inTurn].flat();
  });
}
