import { AsyncLocalStorage } from 'node:async_hooks';
import {
  defaultTextMapGetter,
  diag,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type DatabaseCall, databaseCalls } from '../../diagnostics/channels.js';
import { loggablePath } from '../logs/loggable.js';

const SERVICE_NAME = 'oauth-client-registry';
/** For what is left when the service stops; a collector that is gone must not keep it. */
const FLUSH_TIMEOUT_MS = 3_000;

/** What the semantic conventions of OpenTelemetry call the engines. */
const SYSTEMS = { sqlite: 'sqlite', postgres: 'postgresql' };

/**
 * Makes a span of each request, in the trace of its sender, and below it one for each call of the database that it waits for. Spans name
 * routes and tables, and hold no header, body, query or value. The SDK reads its own variables (`OTEL_SERVICE_NAME`, …).
 */
export function traceRequests(
  fastify: FastifyInstance,
  endpoint: string,
  engine: keyof typeof SYSTEMS,
): void {
  logDiagnostics();
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE_NAME }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }))],
  });
  const propagator = new W3CTraceContextPropagator();
  const tracer = provider.getTracer(SERVICE_NAME);
  const current = new AsyncLocalStorage<Context>();
  const spans = new WeakMap<FastifyRequest, Span>();

  fastify.addHook('onRequest', (request, reply, done) => {
    const { method } = request;
    const route = request.is404 ? undefined : request.routeOptions.url;
    const span = tracer.startSpan(
      route === undefined ? method : `${method} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': method,
          'url.scheme': request.protocol === 'https' ? 'https' : 'http',
          'url.path': loggablePath(request.url),
          ...(route !== undefined && { 'http.route': route }),
        },
      },
      propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter),
    );
    spans.set(request, span);
    request.span = span.spanContext();
    // Fastify's own hook is not called if the caller disconnects
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished) span.setAttribute('http.response.status_code', reply.statusCode);
      if (reply.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    // Credentials are looked up before the body is read
    current.run(trace.setSpan(ROOT_CONTEXT, span), done);
  });
  // And again after the body was read, whose events lose the context
  fastify.addHook('preValidation', (request, _reply, done) => {
    current.run(trace.setSpan(ROOT_CONTEXT, spans.get(request)!), done);
  });
  const calls = new WeakMap<DatabaseCall, Span>();
  const listeners = {
    start(call: DatabaseCall) {
      const context = current.getStore();
      // What no request waits for is not traced
      if (context === undefined) return;
      const span = tracer.startSpan(
        call.name,
        {
          kind: SpanKind.CLIENT,
          attributes: { 'db.system.name': SYSTEMS[engine], 'db.query.summary': call.name },
        },
        context,
      );
      calls.set(call, span);
    },
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (call: DatabaseCall) => calls.get(call)?.end(),
    error: (call: DatabaseCall) => calls.get(call)?.setStatus({ code: SpanStatusCode.ERROR }),
  };
  databaseCalls.subscribe(listeners);
  fastify.addHook('onClose', async () => {
    databaseCalls.unsubscribe(listeners);
    const flushed = provider.shutdown().catch(() => undefined);
    await Promise.race([flushed, new Promise((done) => setTimeout(done, FLUSH_TIMEOUT_MS).unref())]);
  });
}

/** What the SDK has to say goes to the log: that the collector is away, above all. */
function logDiagnostics(): void {
  const logger = new Logger('Tracing');
  const warn = (message: string) => logger.warn(message);
  diag.setLogger({
    error: warn,
    warn,
    info: () => undefined,
    debug: () => undefined,
    verbose: () => undefined,
  });
}
