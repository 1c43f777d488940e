import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Logger } from 'pino';
import { addressesIn } from '../addresses/address.js';
import { forwardedAddress, type TrustedProxies } from '../addresses/forwarded-address.js';
import { siteOf, subscriberOf } from '../addresses/networks.js';
import { type Config, isAuthorizationServerOn } from '../config/variables.js';
import { REGISTRATION_PATH } from '../config/paths.js';
import { logRequests } from '../observability/logs/request-log.js';
import { allowBrowsersToRegister } from './browsers/registration-cors.js';
import { protectPages } from './browsers/page-headers.js';
import { answerError, answerErrors, giveUp } from './errors/error.filter.js';
import { rejectOtherMethods } from './errors/method-not-allowed.js';
import { answerUnreadable, rejectMissingHost } from './errors/unreadable-request.js';
import { closeConnectionsWhenStopping } from './lifecycle/drain.js';
import { Connections } from './limits/connections.js';
import { enforceRequestTimeout } from './limits/request-timeout.js';
import type { HttpLimits } from './limits/limit-values.js';
import { InFlightRequests } from './limits/in-flight-requests.js';
import { KnownCredentials } from './limits/known-credentials.js';
import { LoadShedder } from './limits/load-shedder.js';
import { KNOWN } from './limits/workload.js';
import { limitRates } from './rate-limits/rate-limits.js';
import { readCallerAddress } from './requests/caller-address.js';
import { guardGraphqlEndpoint } from './requests/graphql-requests.js';
import { checkHeaderFields } from './requests/header-fields.js';
import { readBodies } from './requests/request-body.js';
import { setDefaultHeaders } from './responses/default-headers.js';
import { PublicUrl } from './responses/public-url.js';
import { nameResourceMetadata } from './responses/resource-metadata.js';

/** The Fastify server, and what its plugins share. */
export interface HttpServer {
  adapter: FastifyAdapter;
  config: Config;
  limits: HttpLimits;
  logger: Logger;
  connections: Connections;
  known: KnownCredentials;
  inFlight: InFlightRequests;
  shedder: LoadShedder;
}

/** What a plugin is given. */
export interface PluginOptions extends HttpServer {
  /** Services can be had of it; it has no routes yet. */
  app: NestFastifyApplication;
  /** Fails where requests cannot be served. */
  isReady: () => Promise<unknown>;
  /** Called in turn once every route was added. */
  afterRoutes: (() => void | Promise<void>)[];
}

/** @param dependencies plugins that have to be registered before it */
export const plugin = <O extends PluginOptions = PluginOptions>(
  name: string,
  dependencies: string[],
  register: (fastify: FastifyInstance, options: O) => void | Promise<void>,
) => fastifyPlugin<O>(async (fastify, options) => register(fastify, options), { name, dependencies });

/** The plugins of every request on any route. Their hooks run in this order, and before those of routes. */
export const HTTP_PLUGINS = [
  plugin('connections', [], (fastify, { connections }) => connections.track(fastify.server)),
  plugin('load-shedder', ['connections'], (fastify, { shedder }) => shedder.track(fastify)),
  plugin('in-flight-requests', ['connections'], (fastify, { inFlight }) => inFlight.track(fastify)),
  plugin('known-credentials', [], (fastify, { known }) => known.track(fastify)),
  plugin('errors', [], answerErrors),
  plugin('default-headers', [], setDefaultHeaders),
  plugin('resource-metadata', ['errors'], (fastify, { app, config }) => {
    if (isAuthorizationServerOn(config)) nameResourceMetadata(fastify, app.get(PublicUrl, { strict: false }));
  }),
  plugin('page-headers', [], protectPages),
  plugin('method-not-allowed', ['errors'], (fastify, { afterRoutes }) => {
    afterRoutes.push(rejectOtherMethods(fastify));
  }),
  plugin('host-required', ['errors', 'default-headers'], rejectMissingHost),
  // Before rate limits and authentication: a page of another origin has to be able to read the rejection
  plugin('registration-cors', ['method-not-allowed'], (fastify, { config }) =>
    allowBrowsersToRegister(fastify, config),
  ),
  plugin('header-fields', ['errors', 'registration-cors'], (fastify, { limits }) =>
    checkHeaderFields(fastify, limits.maxHeaderFields),
  ),
  plugin('caller-address', ['header-fields'], (fastify, { config }) => {
    if (config.trustProxy !== false) readCallerAddress(fastify, proxiesOf(config.trustProxy));
  }),
  plugin('rate-limits', ['caller-address', 'in-flight-requests'], (fastify, { config, limits, logger }) =>
    limitRates(fastify, config, limits.maxRememberedCredentials, logger),
  ),
  plugin('graphql-requests', ['rate-limits'], guardGraphqlEndpoint),
  plugin('request-bodies', ['errors'], readBodies),
  plugin('request-log', ['default-headers', 'caller-address'], (fastify, { logger }) =>
    logRequests(fastify, logger),
  ),
  // Sessions need them, and sign-ins
  plugin('cookies', ['rate-limits'], async (fastify, { config }) => {
    if (!config.adminConsole && !isAuthorizationServerOn(config)) return;
    const { default: cookies } = await import('@fastify/cookie');
    await fastify.register(cookies);
  }),
  plugin('request-timeout', ['in-flight-requests'], (fastify, { inFlight, limits }) =>
    enforceRequestTimeout(fastify, inFlight, limits.deadlineMs, giveUp),
  ),
  plugin('drain', ['connections', 'in-flight-requests'], (fastify, { connections, inFlight }) =>
    closeConnectionsWhenStopping(fastify, connections, inFlight, giveUp),
  ),
  // What is off is not even loaded
  plugin('traces', ['request-log'], async (fastify, { config: { tracesEndpoint, database } }) => {
    if (tracesEndpoint === null) return;
    const { traceRequests } = await import('../observability/traces/tracing.js');
    traceRequests(fastify, tracesEndpoint, database.engine);
  }),
  plugin(
    'metrics',
    ['in-flight-requests'],
    async (fastify, { app, config, inFlight, isReady, afterRoutes }) => {
      const { host, metricsHost, metricsPort: port } = config;
      if (port === null) return;
      const { keepMetrics } = await import('../observability/metrics/metrics.js');
      const options = { host: metricsHost ?? host, port, registrationRoute: `/${REGISTRATION_PATH}` };
      const serve = keepMetrics(fastify, inFlight, options);
      afterRoutes.push(() => serve(app, isReady));
    },
  ),
];

declare module 'node:http' {
  interface IncomingMessage {
    /** The caller that it counts for, once that was asked for. */
    caller?: string;
  }
}

/** The proxies of TRUST_PROXY. With a hop count, each sender is one: the operator says so. */
const proxiesOf = (trusted: Config['trustProxy']): TrustedProxies =>
  typeof trusted === 'number' ? (_address, hop) => hop < trusted : addressesIn(trusted || []);

/** Makes the server, which has no plugins and no routes yet. */
export function createServer(config: Config, limits: HttpLimits, logger: Logger): HttpServer {
  const { trustProxy: trusted } = config;
  const isProxy = proxiesOf(trusted);
  const connections = new Connections(limits, (address) =>
    isProxy(address, 0) ? null : subscriberOf(address),
  );
  const known = new KnownCredentials(limits);
  const callerOf = (request: IncomingMessage) =>
    (request.caller ??=
      (known.has(request.headers) ? KNOWN : '') + siteOf(forwardedAddress(request, isProxy)));
  const inFlight = new InFlightRequests(connections, limits, callerOf);
  const shedder = new LoadShedder(inFlight, limits, logger);
  const adapter = new FastifyAdapter({
    serverFactory: shedder.serverFactory,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      maxHeaderSize: limits.maxHeaderBytes,
      // Not overridable by NODE_OPTIONS: a lenient parser allows request smuggling
      insecureHTTPParser: false,
      // Rejected in words of our own
      requireHostHeader: false,
    },
    bodyLimit: limits.maxBodyBytes,
    routerOptions: { maxParamLength: limits.maxParameterLength },
    // Fastify itself takes no number of hops, since it cannot know that the peer is the proxy; the operator does
    trustProxy: typeof trusted === 'number' ? (_address: string, hop: number) => hop < trusted : trusted,
    // A request that comes on a kept connection while the service stops is the last one there, and answered
    return503OnClosing: false,
    genReqId: () => randomUUID(),
    clientErrorHandler: answerUnreadable,
    // A path or parameter that the router itself rejects gets the same errors as everything else
    frameworkErrors: answerError,
  });
  return { adapter, config, limits, logger, connections, known, inFlight, shedder };
}
