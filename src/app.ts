import { randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { isExplorerOn } from './api/graphql/admin.module.js';
import { guardGraphqlEndpoint } from './api/graphql/endpoint.js';
import { serveExplorerAssets } from './api/graphql/explorer.js';
import { answerError, answerErrors, TOO_MUCH, tooSlow } from './http/errors/error.filter.js';
import { authenticateRequests } from './api/authentication/authentication.js';
import { boundCallerAddress } from './http/requests/caller-address.js';
import { checkHeaderFields } from './http/requests/header-fields.js';
import { keepOutOfCaches } from './http/responses/no-store.js';
import { readJsonOnly } from './http/requests/json-body.js';
import { refuseOtherMethods } from './http/errors/method-not-allowed.js';
import { protectBrowsers } from './http/browsers/page-headers.js';
import { limitRates } from './http/rate-limits/rate-limits.js';
import { countRegistrations } from './api/rest/registration/registration-counts.js';
import { allowBrowsersToRegister } from './api/rest/registration/registration-cors.js';
import { sendRequestIds } from './http/responses/request-id.js';
import { answerUnreadable, refuseInWords } from './http/errors/unreadable-request.js';
import { REGISTRATION_PATH } from './config/paths.js';
import { serveOpenApi } from './api/documentation/openapi.js';
import { serveRoot } from './api/documentation/root.js';
import { HealthController } from './api/rest/health/health.controller.js';
import { AppModule } from './app.module.js';
import { type Addresses, addressesIn } from './addresses/address.js';
import type { Config } from './config/config.js';
import { openDatabase } from './database/connection/open-database.js';
import { HTTP_LIMITS, type HttpLimits } from './http/limits/http-limits.js';
import { Connections } from './http/limits/connections.js';
import { giveUpInTime } from './http/limits/deadline.js';
import { closeConnectionsWhenStopping } from './http/lifecycle/drain.js';
import { LoadShedder } from './http/limits/load-shedder.js';
import { createLogger, NestLogger } from './observability/logs/logger.js';
import { logRequests } from './observability/logs/request-log.js';
import { RequestsUnderWay } from './http/limits/in-flight-requests.js';
import { PERSISTENCE } from './persistence.js';
import { subscriberOf } from './addresses/subscriber.js';

/** Whether a connection from an address is one of a proxy. Where hops are counted, each is: the operator says so. */
const proxiesOf = (trusted: Config['trustProxy']): Addresses =>
  typeof trusted === 'number' ? () => true : addressesIn(trusted || []);

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
  const { trustProxy: trusted } = config;
  const isProxy = proxiesOf(trusted);
  const connections = new Connections(limits, (address) => (isProxy(address) ? null : subscriberOf(address)));
  const underWay = new RequestsUnderWay(connections, limits, subscriberOf);
  const shedder = new LoadShedder(underWay, limits, TOO_MUCH, logger);
  const adapter = new FastifyAdapter({
    serverFactory: shedder.serverFactory,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      maxHeaderSize: limits.maxHeaderBytes,
      // Whatever NODE_OPTIONS says: what two parsers read differently is how requests are smuggled
      insecureHTTPParser: false,
      // Refused in words of our own
      requireHostHeader: false,
    },
    bodyLimit: limits.maxBodyBytes,
    routerOptions: { maxParamLength: limits.maxParameterLength },
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Fastify itself takes no number of hops, since it cannot know that the peer is the proxy; the operator does
    trustProxy: typeof trusted === 'number' ? (_address: string, hop: number) => hop < trusted : trusted,
    requestTimeout: limits.requestTimeoutMs,
    // A request that comes on a kept connection while the service stops is the last one there, and answered
    return503OnClosing: false,
    genReqId: () => randomUUID(),
    clientErrorHandler: answerUnreadable,
    // A path or parameter that the router itself refuses gets the same errors as everything else
    frameworkErrors: answerError,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  connections.track(fastify.server);
  shedder.track(fastify);
  underWay.track(fastify);
  answerErrors(fastify);
  sendRequestIds(fastify);
  protectBrowsers(fastify);
  keepOutOfCaches(fastify);
  const refuseTheOtherMethods = refuseOtherMethods(fastify);
  refuseInWords(fastify);
  await allowBrowsersToRegister(fastify, config);
  checkHeaderFields(fastify, limits.maxHeaderFields);
  if (trusted !== false) boundCallerAddress(fastify);
  await limitRates(fastify, config, logger);
  guardGraphqlEndpoint(fastify);
  readJsonOnly(fastify);
  logRequests(fastify, logger);
  const giveUp = (reply: FastifyReply) => answerError(tooSlow(), reply.request, reply);
  giveUpInTime(fastify, underWay, limits.deadlineMs, giveUp);
  closeConnectionsWhenStopping(fastify, connections, underWay, giveUp);
  const { host, metricsHost, metricsPort, tracesEndpoint } = config;
  // What is off is not even loaded
  if (tracesEndpoint !== null) {
    const { traceRequests } = await import('./observability/traces/tracing.js');
    traceRequests(fastify, tracesEndpoint, config.database.engine);
  }
  const serveMetrics =
    metricsPort === null
      ? null
      : (await import('./observability/metrics/metrics.js')).keepMetrics(fastify, underWay, {
          host: metricsHost ?? host,
          port: metricsPort,
          registrationRoute: `/${REGISTRATION_PATH}`,
        });
  const doors = config.adminConsole ? [(await import('./api/console/console.module.js')).ConsoleModule] : [];
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.of(config, dataSource, doors),
    adapter,
    {
      bodyParser: false,
      abortOnError: false,
      logger: new NestLogger(logger),
    },
  );
  authenticateRequests(fastify, app, config);
  serveOpenApi(fastify, app);
  if (isExplorerOn(config)) serveExplorerAssets(fastify);
  let hasConsole = false;
  if (config.adminConsole) {
    const { isConsoleBuilt, serveConsole } = await import('./api/console/pages.js');
    serveConsole(fastify, consoleDirectory);
    hasConsole = isConsoleBuilt(consoleDirectory);
  }
  serveRoot(fastify, app, { publicUrl: config.publicUrl, hasConsole });
  countRegistrations(fastify, app);
  await app.init();
  refuseTheOtherMethods();
  await serveMetrics?.(app, () => app.get(HealthController, { strict: false }).ready());
  return app;
}
