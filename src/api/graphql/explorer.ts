import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import { GRAPHQL_PATH } from '../../config/paths.js';
import { StaticFiles } from '../../http/responses/static-files.js';

const ASSETS_PATH = `${GRAPHQL_PATH}/explorer/`;
/** The script with which the page starts: a file of its own, since pages here may run none that is part of them. */
const START_SCRIPT = 'start.js';
/** What an operator sees first, and can send as soon as the key is in its place. */
const FIRST_QUERY = `# Put your admin API key into the Authorization header (under Headers), then send this.
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
/** The page lies at the endpoint. */
const START = `AltairGraphQL.init({
  endpointURL: location.origin + location.pathname,
  initialQuery: ${JSON.stringify(FIRST_QUERY)},
  initialHeaders: { Authorization: 'Bearer YOUR_ADMIN_API_KEY' },
});
`;
const ASSETS_DIRECTORY = join(dirname(createRequire(import.meta.url).resolve('altair-static')), 'dist');

/**
 * The in-browser explorer: a page at the endpoint itself, everything it loads from the installed package. The package is
 * imported on the first look at it, since few starts see one.
 */
export const explorerPage: ApolloServerPlugin = {
  serverWillStart: () =>
    Promise.resolve({
      renderLandingPage: async () => {
        const { renderAltair } = await import('altair-static');
        return {
          html: renderAltair({
            // Relative to the page: a proxy may serve it below any path
            baseURL: ASSETS_PATH.slice(1),
            serveInitialOptionsInSeperateRequest: START_SCRIPT,
          }),
        };
      },
    }),
};

/** Serves what the explorer's page loads. */
export function serveExplorerAssets(fastify: FastifyInstance): void {
  fastify.get(`${ASSETS_PATH}${START_SCRIPT}`, (_request, reply) =>
    reply.type('text/javascript').send(START),
  );
  new StaticFiles(ASSETS_DIRECTORY).serve(fastify, ASSETS_PATH);
}
