import type { ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from '@apollo/server/plugin/disabled';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { Logger, Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AuditModule } from '../../audit/audit.module.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { AuthModule } from '../../auth/auth.module.js';
import { AuthorizationModule } from '../../authorization/authorization.module.js';
import { GrantsService } from '../../authorization/grants/grants.service.js';
import { ClientSecretsService } from '../../clients/secrets/client-secrets.service.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { ERROR_STATUS } from '../../errors/registry-error.js';
import { GRAPHQL_PATH } from '../../config/paths.js';
import { PublicUrl } from '../../http/responses/public-url.js';
import { LazyDriver } from './lazy-driver.js';
import { ApiKeysResolver, InitialAccessTokensResolver } from './credentials/credentials.resolver.js';
import { AuditEventsResolver, ClientHistoryResolver } from './audit/audit-events.resolver.js';
import { ClientSecretsResolver, ExpiringSecretsResolver } from './secrets/secrets.resolver.js';
import { ClientGrantsResolver, GrantsResolver } from './authorization/grants.resolver.js';
import { ResourcesResolver } from './authorization/resources.resolver.js';
import { SigningKeysResolver } from './authorization/signing-keys.resolver.js';
import { Loaders } from './operations/loaders.js';
import { OAuthClientMutationsResolver } from './clients/oauth-client-mutations.resolver.js';
import { OAuthClientsResolver } from './clients/oauth-clients.resolver.js';
import { operationReport } from './operations/operation-report.js';
import { tooComplex } from './operations/query-cost.js';
import { MAX_TOKENS, operationLimits, validationRules } from './operations/query-limits.js';
import { DailyCountsResolver } from './daily-counts/daily-counts.resolver.js';
import { ViewerResolver } from './viewer/viewer.resolver.js';

/** Whether introspection and the explorer are on. Default: outside production. */
export const isExplorerOn = ({ graphqlExplorer, production }: Config) => graphqlExplorer ?? !production;

/** Size of Apollo's cache of parsed queries as JSON; memory use is several times as much. The console needs less. */
const MAX_DOCUMENTS_BYTES = 2 ** 20;

/** The GraphQL API. Requests are authenticated before their query is parsed. */
@Module({
  imports: [
    ClientsModule,
    AuthModule,
    AuditModule,
    AuthorizationModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: LazyDriver,
      imports: [ClientsModule, AuditModule, AuthorizationModule],
      inject: [CONFIG, ClientSecretsService, AuditTrail, GrantsService],
      useFactory: (
        config: Config,
        secrets: ClientSecretsService,
        auditTrail: AuditTrail,
        grants: GrantsService,
      ) => {
        return {
          path: GRAPHQL_PATH,
          autoSchemaFile: true,
          sortSchema: true,
          // Apollo checks the schema as well
          buildSchemaOptions: { skipCheck: true },
          introspection: isExplorerOn(config),
          graphiql: false,
          includeStacktraceInErrorResponses: false,
          // Applies the exception filter to nested lists
          fieldResolverEnhancers: ['filters'],
          autoTransformHttpErrors: false,
          // Persisted queries are not needed, and each would be retained
          persistedQueries: false,
          documentStore: new InMemoryLRUCache({ maxSize: MAX_DOCUMENTS_BYTES }),
          parseOptions: { maxTokens: MAX_TOKENS },
          validationRules,
          plugins: [
            operationLimits,
            toldAsUnavailable,
            logFaults,
            operationReport,
            // Its cache hints would cost time for each field
            ApolloServerPluginCacheControlDisabled(),
            // For subgraphs of Apollo's router only, and it loads Protocol Buffers
            ApolloServerPluginInlineTraceDisabled(),
          ],
          formatError: (formatted) =>
            isExplorerOn(config) ? formatError(formatted) : withoutHints(formatError(formatted)),
          context: (request: FastifyRequest) =>
            Promise.resolve({ request, loaders: new Loaders(secrets, auditTrail, grants) }),
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
    DailyCountsResolver,
    ClientGrantsResolver,
    GrantsResolver,
    ResourcesResolver,
    SigningKeysResolver,
    ViewerResolver,
    PublicUrl,
  ],
})
export class AdminModule {}

/** Messages of graphql-js and Apollo repeat the input at any length. */
const MAX_MESSAGE_LENGTH = 300;

/** Makes a temporarily unavailable response a 503, which proxies retry. Nest sends 200 for a body with `data`, even if null. */
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

/** Logs internal errors outside resolvers; the exception filter logs those of resolvers. */
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

/** Removes internal details from errors. */
function formatError(formatted: GraphQLFormattedError): GraphQLFormattedError {
  // The message of graphql-js if comparing repeated fields would take too long
  if (formatted.message === 'Validation aborted.') {
    const { message, extensions } = tooComplex();
    return { message, extensions: { code: extensions.code } };
  }
  // Apollo recognizes errors of variables by message, except this last one of a long list
  if (formatted.message.startsWith('Too many errors processing variables')) {
    return { message: formatted.message, extensions: { code: 'BAD_USER_INPUT' } };
  }
  if (formatted.extensions?.code !== 'INTERNAL_SERVER_ERROR') return withShortMessage(formatted);
  const { locations, path, extensions } = formatted;
  return {
    message: 'An internal error occurred. Retry later, and report the request id if the error persists.',
    locations,
    path,
    extensions: { code: extensions.code },
  };
}

function withShortMessage({ message, ...rest }: GraphQLFormattedError): GraphQLFormattedError {
  const isLong = message.length > MAX_MESSAGE_LENGTH;
  return { message: isLong ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message, ...rest };
}

/** Suggestions for misspelled names would disclose the schema. */
function withoutHints({ message, ...rest }: GraphQLFormattedError): GraphQLFormattedError {
  return { message: message.replace(/ ?Did you mean .*$/s, ''), ...rest };
}
