import type { INestApplicationContext } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { CONSOLE_PATH, DOCS_PATH, GRAPHQL_PATH, REGISTRATION_PATH } from '../../config/paths.js';
import { PublicUrl } from '../../http/responses/public-url.js';

const HTML = /\btext\/html\b/i;

/**
 * `/` redirects browsers to the console, or to the documentation without one. Other clients get links.
 * @param publicUrl null: redirects are relative
 * @param hasConsole whether the console is enabled and built
 */
export function serveRoot(
  fastify: FastifyInstance,
  app: INestApplicationContext,
  { publicUrl, hasConsole }: { publicUrl: string | null; hasConsole: boolean },
): void {
  const urls = app.get(PublicUrl, { strict: false });
  const start = `${publicUrl ?? ''}${hasConsole ? CONSOLE_PATH : DOCS_PATH}`;
  fastify.get('/', (request, reply) => {
    void reply.header('vary', 'accept').header('cache-control', 'no-cache');
    if (HTML.test(request.headers.accept ?? '')) return reply.redirect(start);
    return reply.send({
      clients: urls.of('/v2/oauth/clients'),
      registration: urls.of(`/${REGISTRATION_PATH}`),
      graphql: urls.of(GRAPHQL_PATH),
      ...(hasConsole && { console: urls.of(CONSOLE_PATH) }),
      documentation: urls.of(DOCS_PATH),
      openapi: urls.of('/openapi.json'),
      health: urls.of('/health/ready'),
    });
  });
}
