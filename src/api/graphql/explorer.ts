import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import { GRAPHQL_PATH } from '../../config/paths.js';
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

/** The in-browser explorer at the endpoint, served from the installed package. The package is imported on first use. */
export const explorerPage: ApolloServerPlugin = {
  serverWillStart: () =>
    Promise.resolve({
      renderLandingPage: () =>
        Promise.resolve({
          // Apollo asks for the page when it starts, and for its text when it is requested
          html: async () => {
            const { renderAltair } = await import('altair-static');
            return renderAltair({
              // Relative to the page: a proxy may serve it below any path
              baseURL: ASSETS_PATH.slice(1),
              serveInitialOptionsInSeperateRequest: START_SCRIPT,
            });
          },
        }),
    }),
};

/** Serves the assets of the explorer. */
export function serveExplorerAssets(fastify: FastifyInstance): void {
  fastify.get(`${ASSETS_PATH}${START_SCRIPT}`, (_request, reply) =>
    reply.type('text/javascript').send(START),
  );
  new StaticFiles(ASSETS_DIRECTORY).serve(fastify, ASSETS_PATH);
}
