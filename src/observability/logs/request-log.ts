import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { addressText } from '../../addresses/address.js';
import { loggablePath } from './loggable.js';
import { readTraceParent } from './traceparent.js';

/** The fields of every log line about a request, which relate it to other lines and to other services. */
export interface LogFields {
  requestId: string;
  /** Id of the trace that the request belongs to, if any. */
  traceId?: string;
  /** Id of the caller's span, or of our own if traces are on. */
  spanId?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    logFields: LogFields;
    /** Our span of the request; null if no traces are made. */
    span: Pick<LogFields, 'traceId' | 'spanId'> | null;
  }
}

/** One line per answered request: operation, caller, duration. Never a header, a body or a query string. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.decorateRequest('span', null);
  fastify.decorateRequest('logFields', {
    getter(this: FastifyRequest): LogFields {
      const { traceId, spanId } = this.span ?? readTraceParent(this.headers.traceparent) ?? {};
      return traceId === undefined ? { requestId: this.id } : { requestId: this.id, traceId, spanId };
    },
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { principal } = request;
    const { requestId, traceId, spanId } = request.logFields;
    // What is undefined is left out
    logger.info(
      {
        requestId,
        traceId,
        spanId,
        method: request.method,
        path: loggablePath(request.url),
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
        address: addressText(request.ip),
        orgId: principal?.orgId,
        userId: principal?.userId,
      },
      'request',
    );
    done();
  });
}
