import type { ApolloServerPlugin } from '@apollo/server';
import fastifyStatic from '@fastify/static';
import { getDistDirectory, renderAltair } from 'altair-static';
import type { FastifyInstance } from 'fastify';

const ASSETS_PATH = '/graphql/explorer/';

/** The in-browser explorer: a page at the endpoint itself, everything it loads from the installed package. */
export const explorerPage: ApolloServerPlugin = {
  serverWillStart: () =>
    Promise.resolve({
      renderLandingPage: () =>
        Promise.resolve({
          html: renderAltair({
            baseURL: ASSETS_PATH,
            endpointURL: '/graphql',
            initialHeaders: { Authorization: 'Bearer YOUR_ADMIN_API_KEY' },
          }),
        }),
    }),
};

/** Serves what the explorer's page loads. */
export function serveExplorerAssets(fastify: FastifyInstance): void {
  void fastify.register(fastifyStatic, {
    root: getDistDirectory(),
    prefix: ASSETS_PATH,
    decorateReply: false,
  });
}
