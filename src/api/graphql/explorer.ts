import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GRAPHQL_PATH } from '../../config/paths.js';
import { isGraphqlRoute } from '../../http/requests/graphql-requests.js';
import { onRequestOf } from '../../http/requests/route-hook.js';
import { StaticFiles } from '../../http/responses/static-files.js';

const ASSETS_PATH = `${GRAPHQL_PATH}/explorer/`;
/** A separate file because the Content-Security-Policy forbids inline scripts. */
const START_SCRIPT = 'start.js';
/** The initial query of the explorer. */
const FIRST_QUERY = `# Set your API key in the Authorization header (under Headers), then send the request.
{
  oauthClients(first: 5) {
    totalCount
    nodes {
      clientId
      name
      source
      status
    }
  }
}
`;
/** The page is served at the endpoint itself. */
const START = `AltairGraphQL.init({
  endpointURL: location.origin + location.pathname,
  initialQuery: ${JSON.stringify(FIRST_QUERY)},
  initialHeaders: { Authorization: 'Bearer YOUR_API_KEY' },
});
`;
const ASSETS_DIRECTORY = join(dirname(createRequire(import.meta.url).resolve('altair-static')), 'dist');

/** Browsers name it first when they open a page. */
const HTML = /^text\/html\b/i;

/**
 * Serves the in-browser explorer from the installed package. Its page is public, and at the endpoint itself, before authentication: call it
 * before requests are authenticated, and before the routes are added.
 */
export function serveExplorer(fastify: FastifyInstance): void {
  let page: Promise<string> | undefined;
  const servePage = async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.method === 'POST' || !HTML.test(request.headers.accept ?? '')) return undefined;
    page ??= renderPage();
    return reply.type('text/html; charset=utf-8').send(await page);
  };
  fastify.addHook('onRoute', (route) => {
    if (isGraphqlRoute(route)) onRequestOf(route, servePage);
  });
  fastify.get(`${ASSETS_PATH}${START_SCRIPT}`, (_request, reply) =>
    reply.type('text/javascript').send(START),
  );
  new StaticFiles(ASSETS_DIRECTORY).serve(fastify, ASSETS_PATH);
}

/** The package is imported on first use. */
async function renderPage(): Promise<string> {
  const { renderAltair } = await import('altair-static');
  return renderAltair({
    // Relative to the page: a proxy may serve it below any path
    baseURL: ASSETS_PATH.slice(1),
    serveInitialOptionsInSeperateRequest: START_SCRIPT,
  });
}
