import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
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
 * Headers that Apollo parses: it compares each entry of Accept with each media type that it knows, and takes time that grows with the
 * square of the whitespace in Content-Type.
 */
const PARSED_HEADERS = { accept: 'Accept', 'content-type': 'Content-Type' } as const;
/** In characters. Browsers send about 150. */
const MAX_PARSED_LENGTH = 1_000;

/** Whether requests of the route are for Apollo, rather than answered with 405. Fastify adds a route of its own for HEAD. */
export const isGraphqlRoute = ({ url, method }: Pick<RouteOptions, 'url' | 'method'>): boolean =>
  url === GRAPHQL_PATH && [method].flat().some((each) => ['GET', 'HEAD', 'POST'].includes(each));

const invalid = (description: string) => new RegistryError('invalid_request', description);

const reject = (error: RegistryError, reply: FastifyReply) =>
  sendError(error, reply, { errors: [toGraphQLError(error)] });

/**
 * Keeps every reply of GraphQL out of caches, since it may hold credentials (RFC 6749 §5.1). Rejects what Apollo's integration reads
 * first: a Host that is none (RFC 9112 §3.2), long headers, and after authentication JSON in the URL that a body must not have either.
 */
export function guardGraphqlEndpoint(fastify: FastifyInstance): void {
  const guard = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
    const hasHost = readUrl(`${request.protocol}://${request.hostname}/`) !== null;
    if (!hasHost) return done(invalid('The Host header must contain a host.'));
    for (const [field, name] of Object.entries(PARSED_HEADERS)) {
      const { length } = String(request.headers[field] ?? '');
      if (length <= MAX_PARSED_LENGTH) continue;
      return reject(
        invalid(`The ${name} header must be at most ${MAX_PARSED_LENGTH} characters long.`),
        reply,
      );
    }
    done();
  };
  const guardParameters = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
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
      reject(error, reply);
    }
  };
  fastify.addHook('onRoute', (route) => {
    if (route.url !== GRAPHQL_PATH) return;
    onRequestOf(route, guard);
    // Parsing and execution take long compared to a REST request
    const inTurn = (_request: FastifyRequest, { inFlight }: FastifyReply) => takeTurn(inFlight!.caller);
    route.preHandler = [route.preHandler ?? [], guardParameters, inTurn].flat();
  });
}
