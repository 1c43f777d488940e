import type { ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from '@apollo/server/plugin/disabled';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Logger, Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AuditModule } from '../../audit/audit.module.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { AuthModule } from '../../auth/auth.module.js';
import { Authenticator } from '../../auth/authenticator.js';
import { ClientSecretsService } from '../../clients/secrets/client-secrets.service.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { ERROR_STATUS } from '../../errors/registry-error.js';
import { BrowserSessions } from '../../auth/sessions/browser-sessions.js';
import { operatorAuthentication } from '../authentication/operator-authentication.js';
import { GRAPHQL_PATH } from '../../config/paths.js';
import { PublicUrl } from '../../http/responses/public-url.js';
import { refusalFor, toGraphQLError } from '../../http/errors/error.filter.js';
import { explorerPage } from './explorer.js';
import { ApiKeysResolver, InitialAccessTokensResolver } from './credentials/credentials.resolver.js';
import { AuditEventsResolver, ClientHistoryResolver } from './audit/audit-events.resolver.js';
import { ClientSecretsResolver, ExpiringSecretsResolver } from './secrets/secrets.resolver.js';
import { Loaders } from './operations/loaders.js';
import { OAuthClientMutationsResolver } from './clients/oauth-client-mutations.resolver.js';
import { OAuthClientsResolver } from './clients/oauth-clients.resolver.js';
import { operationReport } from './operations/operation-report.js';
import { MAX_TOKENS, operationLimits, tooComplex, validationRules } from './operations/query-limits.js';
import { RegistrationsResolver } from './registrations/registrations.resolver.js';
import { ViewerResolver } from './viewer/viewer.resolver.js';

/** Whether introspection and the explorer are on: outside production, unless the operator said otherwise. */
export const isExplorerOn = ({ graphqlExplorer, production }: Config) => graphqlExplorer ?? !production;

/**
 * Apollo caches parsed queries up to this size as JSON; in memory they take several times as much. Apollo's default is 30 MiB. The
 * console sends a few dozen queries of 10 KB at most.
 */
const MAX_DOCUMENTS_BYTES = 2 ** 20;

/** The GraphQL door. Only admins get as far as having their query parsed. */
@Module({
  imports: [
    ClientsModule,
    AuthModule,
    AuditModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      imports: [AuthModule, ClientsModule, AuditModule],
      inject: [CONFIG, Authenticator, BrowserSessions, ClientSecretsService, AuditTrail],
      useFactory: (
        config: Config,
        authenticator: Authenticator,
        sessions: BrowserSessions,
        secrets: ClientSecretsService,
        auditTrail: AuditTrail,
      ) => {
        const admitOperator = operatorAuthentication(config, authenticator, sessions);
        return {
          path: GRAPHQL_PATH,
          autoSchemaFile: true,
          sortSchema: true,
          // Apollo checks the schema as well
          buildSchemaOptions: { skipCheck: true },
          introspection: isExplorerOn(config),
          graphiql: false,
          includeStacktraceInErrorResponses: false,
          // Errors of inner lists are told like all others
          fieldResolverEnhancers: ['filters'],
          autoTransformHttpErrors: false,
          // A hash instead of a query: nobody needs it here, and each would be kept
          persistedQueries: false,
          documentStore: new InMemoryLRUCache({ maxSize: MAX_DOCUMENTS_BYTES }),
          parseOptions: { maxTokens: MAX_TOKENS },
          validationRules,
          plugins: [
            operationLimits,
            toldAsUnavailable,
            logFaults,
            operationReport,
            // It would ask each field of each client how long it may be kept
            ApolloServerPluginCacheControlDisabled(),
            // For subgraphs of Apollo's router; Apollo would load Protocol Buffers to find out that this is none
            ApolloServerPluginInlineTraceDisabled(),
            ...(isExplorerOn(config) ? [explorerPage] : []),
          ],
          formatError: (formatted) =>
            isExplorerOn(config) ? formatError(formatted) : withoutHints(formatError(formatted)),
          context: async (request: FastifyRequest) => {
            try {
              // Done already, unless it is a GET
              await admitOperator(request);
            } catch (thrown) {
              const error = refusalFor(thrown, request);
              throw toGraphQLError(error, { status: error.status });
            }
            return { request, loaders: new Loaders(secrets, auditTrail) };
          },
        };
      },
    }),
  ],
  providers: [
    OAuthClientsResolver,
    ClientSecretsResolver,
    ClientHistoryResolver,
    OAuthClientMutationsResolver,
    ApiKeysResolver,
    InitialAccessTokensResolver,
    AuditEventsResolver,
    ExpiringSecretsResolver,
    RegistrationsResolver,
    ViewerResolver,
    PublicUrl,
  ],
})
export class AdminModule {}

/** Of an error message; what graphql-js and Apollo say repeats what was sent, however long it is. */
const MAX_MESSAGE_LENGTH = 300;

/**
 * What could not be answered at all for now is a 503, so that whoever stands in between knows, and sends it again. Nest sees to it
 * that whatever has `data` is a 200; where it is null nothing is lost without it.
 */
const toldAsUnavailable: ApolloServerPlugin = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ response: { body, http } }) => {
        const isUnavailable = http.status === ERROR_STATUS.temporarily_unavailable;
        if (isUnavailable && body.kind === 'single' && body.singleResult.data === null) {
          delete body.singleResult.data;
        }
        return Promise.resolve();
      },
    }),
};

/** What is our own fault, and no resolver's: that came through the filter, and is in the log already. */
const logFaults: ApolloServerPlugin<{ request?: FastifyRequest }> = {
  requestDidStart: () =>
    Promise.resolve({
      didEncounterErrors: ({ errors, contextValue }) => {
        for (const error of errors.map(unwrapResolverError)) {
          if (!(error instanceof GraphQLError)) {
            new Logger('Errors').error(error, contextValue.request?.logFields);
          }
        }
        return Promise.resolve();
      },
    }),
};

/** Nothing that was not meant for callers leaves the server, and codes are the only details of ours. */
function formatError(formatted: GraphQLFormattedError): GraphQLFormattedError {
  // What graphql-js says where fields that repeat each other would take too long to compare
  if (formatted.message === 'Validation aborted.') {
    const { message, extensions } = tooComplex();
    return { message, extensions: { code: extensions.code } };
  }
  // Apollo knows those faults of variables by their words, all but the one that ends a long list of them
  if (formatted.message.startsWith('Too many errors processing variables')) {
    return { message: formatted.message, extensions: { code: 'BAD_USER_INPUT' } };
  }
  if (formatted.extensions?.code !== 'INTERNAL_SERVER_ERROR') return withShortMessage(formatted);
  const { locations, path, extensions } = formatted;
  return {
    message: 'Something went wrong here; it is not the fault of the request.',
    locations,
    path,
    extensions: { code: extensions.code },
  };
}

function withShortMessage({ message, ...rest }: GraphQLFormattedError): GraphQLFormattedError {
  const isLong = message.length > MAX_MESSAGE_LENGTH;
  return { message: isLong ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message, ...rest };
}

/** A misspelled name would otherwise be answered with the right one, and so the schema be guessed. */
function withoutHints({ message, ...rest }: GraphQLFormattedError): GraphQLFormattedError {
  return { message: message.replace(/ ?Did you mean .*$/s, ''), ...rest };
}
