import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { authenticateRequests } from './api/authentication/authentication.js';
import { serveOpenApi } from './api/documentation/openapi.js';
import { serveRoot } from './api/documentation/root.js';
import { isExplorerOn } from './api/graphql/admin.module.js';
import { serveExplorer } from './api/graphql/explorer.js';
import { HealthController } from './api/rest/health/health.controller.js';
import { countRegistrations } from './api/rest/registration/registration-counts.js';
import { AppModule } from './app.module.js';
import { ClientAuthenticationCountsService } from './clients/authentication/client-authentication-counts.service.js';
import { TokenCountsService } from './authorization/issuance/token-counts.service.js';
import { RegistrationCountsService } from './clients/registration/registration-counts.service.js';
import { type Config, isAuthorizationServerOn } from './config/variables.js';
import { openDatabase } from './database/connection/open-database.js';
import { HTTP_LIMITS, type HttpLimits } from './http/limits/limit-values.js';
import { createServer, HTTP_PLUGINS, plugin, type PluginOptions } from './http/server.js';
import { createLogger, NestLogger } from './observability/logs/logger.js';
import { PERSISTENCE } from './persistence.js';

interface ApiPluginOptions extends PluginOptions {
  /** Where the console was built; undefined: where `npm run build` leaves it. */
  consoleDirectory: string | undefined;
}

/** What the interfaces add to the server. */
const API_PLUGINS = [
  // Before authentication: its page at the endpoint of GraphQL is public
  plugin('explorer', ['page-headers', 'graphql-requests'], (fastify, { config }) => {
    if (isExplorerOn(config)) serveExplorer(fastify);
  }),
  plugin('authentication', ['rate-limits', 'cookies'], (fastify, { app, config }) =>
    authenticateRequests(fastify, app, config),
  ),
  plugin('openapi', ['page-headers'], (fastify, { app }) => serveOpenApi(fastify, app)),
  plugin<ApiPluginOptions>(
    'console',
    ['page-headers'],
    async (fastify, { app, config, consoleDirectory }) => {
      const { publicUrl, adminConsole } = config;
      if (!adminConsole) return serveRoot(fastify, app, { publicUrl, hasConsole: false });
      const { isConsoleBuilt, serveConsole } = await import('./api/console/built-console.js');
      serveConsole(fastify, consoleDirectory);
      serveRoot(fastify, app, { publicUrl, hasConsole: isConsoleBuilt(consoleDirectory) });
    },
  ),
  plugin('registration-counts', [], (fastify, { app }) => countRegistrations(fastify, app)),
  plugin('daily-counts', [], (fastify, { app }) => {
    for (const service of [
      RegistrationCountsService,
      ClientAuthenticationCountsService,
      TokenCountsService,
    ]) {
      const counts = app.get(service, { strict: false });
      // After the last request and before the database closes
      fastify.addHook('onClose', () => counts.flush());
    }
  }),
];

/**
 * Builds the service, connected and migrated, ready to listen. The one way to do it: production and tests both call it.
 * @param consoleDirectory where the console was built; left out: where `npm run build` leaves it
 * @throws Error that says in one line what keeps the database from being opened, or the metrics from being served
 */
export async function buildApp(
  config: Config,
  limits: HttpLimits = HTTP_LIMITS,
  consoleDirectory?: string,
): Promise<NestFastifyApplication> {
  const logger = await createLogger(config);
  const dataSource = await openDatabase(config.database, PERSISTENCE, (line) => logger.warn(line));
  const server = createServer(config, limits, logger);
  const optionalModules = await Promise.all([
    ...(config.adminConsole
      ? [import('./api/console/console.module.js').then(({ ConsoleModule }) => ConsoleModule)]
      : []),
    ...(isAuthorizationServerOn(config)
      ? [
          import('./api/rest/authorization/authorization-api.module.js').then(
            ({ AuthorizationApiModule }) => AuthorizationApiModule,
          ),
        ]
      : []),
  ]);
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.of(config, dataSource, optionalModules),
    server.adapter,
    { bodyParser: false, abortOnError: false, logger: new NestLogger(logger) },
  );
  const fastify = server.adapter.getInstance<FastifyInstance>();
  const options: ApiPluginOptions = {
    ...server,
    app,
    isReady: () => app.get(HealthController, { strict: false }).ready(),
    consoleDirectory,
    afterRoutes: [],
  };
  for (const each of [...HTTP_PLUGINS, ...API_PLUGINS]) await fastify.register(each, options);
  await app.init();
  for (const step of options.afterRoutes) await step();
  return app;
}
