import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { countEvents } from './events.js';
import { measureRequests } from './requests.js';
import { serveMetrics } from './server.js';
import { showState } from './gauges.js';

export interface MetricsOptions {
  /** Where they are served. */
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** The pattern of the route that software registers itself at. */
  registrationRoute: string;
}

/**
 * Counts from now on what the service does. Call it before any route is added.
 * @returns serves them, once the application is there; `isReady` fails if it cannot serve requests
 * @throws Error (what it returns) that says in one line why the port is not available
 */
export function keepMetrics(
  fastify: FastifyInstance,
  inFlight: { readonly size: number },
  options: MetricsOptions,
): (app: NestFastifyApplication, isReady: () => Promise<unknown>) => Promise<void> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  measureRequests(registry, fastify, inFlight);
  const stopCounting = countEvents(registry, options.registrationRoute);
  const closing: (() => void)[] = [stopCounting, () => registry.clear()];
  fastify.addHook('onClose', (_instance, done) => {
    for (const close of closing) close();
    done();
  });
  return async (app, isReady) => {
    closing.unshift(showState(registry, app, isReady));
    try {
      closing.unshift(await serveMetrics(registry, options));
    } catch (error) {
      await app.close();
      throw error;
    }
  };
}
