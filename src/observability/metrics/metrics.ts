import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { RequestsUnderWay } from '../../http/limits/in-flight-requests.js';
import { countEvents } from './events.js';
import { measureRequests } from './requests.js';
import { serveMetrics } from './server.js';
import { showState } from './state.js';

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
 * @returns serves them, once the application is there
 * @throws Error (what it returns) that says in one line why the port cannot be had
 */
export function keepMetrics(
  fastify: FastifyInstance,
  underWay: RequestsUnderWay,
  options: MetricsOptions,
): (app: NestFastifyApplication) => Promise<void> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  measureRequests(registry, fastify, underWay);
  const stopCounting = countEvents(registry, options.registrationRoute);
  const closing: (() => void)[] = [stopCounting, () => registry.clear()];
  fastify.addHook('onClose', (_instance, done) => {
    for (const close of closing) close();
    done();
  });
  return async (app) => {
    closing.unshift(showState(registry, app));
    try {
      closing.unshift(await serveMetrics(registry, options));
    } catch (error) {
      await app.close();
      throw error;
    }
  };
}
