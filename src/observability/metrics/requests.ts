import type { FastifyInstance } from 'fastify';
import { Gauge, Histogram, type Registry } from 'prom-client';

/** From what a read takes to what a caller is made to wait at most, in seconds. */
export const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** The others that a caller can think of are one. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Every path that leads nowhere is one, or a caller could make as many series as it likes. */
const NO_ROUTE = 'none';

/** Measures each request that is answered. */
export function measureRequests(
  registry: Registry,
  fastify: FastifyInstance,
  inFlight: { readonly size: number },
): void {
  const registers = [registry];
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests until the end of the response, by route, method and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: DURATIONS,
    registers,
  });
  new Gauge({
    name: 'http_requests_in_flight',
    help: 'In-flight HTTP requests.',
    registers,
    collect() {
      this.set(inFlight.size);
    },
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    duration.observe(
      {
        method: METHODS.has(method) ? method : 'other',
        route: (!request.is404 && request.routeOptions.url) || NO_ROUTE,
        status: reply.statusCode,
      },
      reply.elapsedTime / 1000,
    );
    done();
  });
}
