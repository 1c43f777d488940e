import type { INestApplicationContext } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { CONSOLE_PATH, DOCS_PATH, GRAPHQL_PATH, REGISTRATION_PATH } from './paths.js';
import { PublicUrl } from './public-url.js';

const HTML = /\btext\/html\b/i;

/** `/` sends a browser to the console, or to the documentation where there is none, and tells a program the links. */
export function serveRoot(
  fastify: FastifyInstance,
  app: INestApplicationContext,
  { adminConsole, publicUrl }: Config,
): void {
  const urls = app.get(PublicUrl, { strict: false });
  const start = `${publicUrl ?? ''}${adminConsole ? CONSOLE_PATH : DOCS_PATH}`;
  fastify.get('/', (request, reply) => {
    void reply.header('vary', 'accept').header('cache-control', 'no-cache');
    if (HTML.test(request.headers.accept ?? '')) return reply.redirect(start);
    return reply.send({
      clients: urls.of('/v2/oauth/clients'),
      registration: urls.of(`/${REGISTRATION_PATH}`),
      graphql: urls.of(GRAPHQL_PATH),
      ...(adminConsole && { console: urls.of(CONSOLE_PATH) }),
      documentation: urls.of(DOCS_PATH),
      openapi: urls.of('/openapi.json'),
      health: urls.of('/health/ready'),
    });
  });
}
