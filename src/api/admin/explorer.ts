import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ApolloServerPlugin } from '@apollo/server';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const ASSETS_PATH = '/graphql/explorer/';
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
            baseURL: ASSETS_PATH,
            endpointURL: '/graphql',
            initialHeaders: { Authorization: 'Bearer YOUR_ADMIN_API_KEY' },
          }),
        };
      },
    }),
};

/** Serves what the explorer's page loads. */
export function serveExplorerAssets(fastify: FastifyInstance): void {
  void fastify.register(fastifyStatic, {
    root: ASSETS_DIRECTORY,
    prefix: ASSETS_PATH,
    decorateReply: false,
  });
}
