import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import { AuthModule } from '../../auth/auth.module.js';
import { Authenticator } from '../../auth/authenticator.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { CONFIG, type Config } from '../../config/config.js';
import { toGraphQLError, toRegistryError } from '../error.filter.js';
import { explorerPage } from './explorer.js';
import { OAuthClientsResolver } from './oauth-clients.resolver.js';
import { complexityLimit, MAX_TOKENS, validationRules } from './query-limits.js';

/** Whether introspection and the explorer are on: outside production, unless the operator said otherwise. */
export const isExplorerOn = ({ graphqlExplorer, production }: Config) => graphqlExplorer ?? !production;

/** The GraphQL door. Only admins get as far as having their query parsed. */
@Module({
  imports: [
    ClientsModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      imports: [AuthModule],
      inject: [CONFIG, Authenticator],
      useFactory: (config: Config, authenticator: Authenticator) => ({
        path: '/graphql',
        autoSchemaFile: true,
        sortSchema: true,
        introspection: isExplorerOn(config),
        graphiql: false,
        includeStacktraceInErrorResponses: false,
        hideSchemaDetailsFromClientErrors: !isExplorerOn(config),
        autoTransformHttpErrors: false,
        parseOptions: { maxTokens: MAX_TOKENS },
        validationRules,
        plugins: [complexityLimit, ...(isExplorerOn(config) ? [explorerPage] : [])],
        formatError,
        context: async (request: FastifyRequest) => {
          try {
            await authenticator.admit(request, 'admin');
          } catch (thrown) {
            const error = toRegistryError(thrown);
            throw toGraphQLError(error, { status: error.status });
          }
          return { request };
        },
      }),
    }),
  ],
  providers: [OAuthClientsResolver],
})
export class AdminModule {}

/** Nothing that was not meant for callers leaves the server, and codes are the only details of ours. */
function formatError(formatted: GraphQLFormattedError): GraphQLFormattedError {
  if (formatted.extensions?.code !== 'INTERNAL_SERVER_ERROR') return formatted;
  const { locations, path, extensions } = formatted;
  return {
    message: 'Something went wrong here; it is not the fault of the request.',
    locations,
    path,
    extensions: { code: extensions.code },
  };
}
