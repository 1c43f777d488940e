import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { listenFault } from '../../addresses/listen-error.js';
import { httpUrlOf } from '../../policy/uris/uri.js';
import type { MetricsOptions } from './metrics.js';

const PATH = '/metrics';
const MAX_PAUSE_MS = 1_000;
const MAX_CONNECTIONS = 50;
const TIMEOUT_MS = 5_000;

/**
 * Serves the metrics on a port of their own, since they are not for the internet.
 * @returns stops it
 * @throws Error that says in one line why the port is not available
 */
export async function serveMetrics(registry: Registry, { host, port }: MetricsOptions): Promise<() => void> {
  const timeouts = { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS };
  const textOf = sharedText(registry);
  const server = createServer(timeouts, (request, response) => {
    answer(registry.contentType, textOf, request, response).catch((error: unknown) => {
      new Logger('Metrics').error(error);
      response.writeHead(500).end();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    const variables = { host: 'METRICS_HOST', port: 'METRICS_PORT' };
    throw new Error(listenFault({ host, port }, variables, error as NodeJS.ErrnoException), { cause: error });
  }
  const { port: actual } = server.address() as AddressInfo;
  new Logger('Start').warn(`Metrics at ${httpUrlOf(host, actual)}${PATH}`);
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

/**
 * The metrics as text. Concurrent scrapes share one, and a pause as long follows: creating it takes tens of milliseconds, in
 * which no request is answered.
 */
function sharedText(registry: Registry): () => Promise<string> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<string> | undefined;
  const make = () => {
    next = undefined;
    const sinceMs = performance.now();
    const text = registry.metrics();
    const pause = () => wait(Math.min(performance.now() - sinceMs, MAX_PAUSE_MS), undefined, { ref: false });
    last = text.then(pause, pause);
    return text;
  };
  return () => (next ??= last.then(make));
}

async function answer(
  contentType: string,
  textOf: () => Promise<string>,
  { url, method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (url !== PATH) return void response.writeHead(404).end();
  if (method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
  const text = await textOf();
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text);
}
