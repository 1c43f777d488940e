import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { listenFault } from '../../addresses/listen-error.js';
import type { MetricsOptions } from './metrics.js';

const PATH = '/metrics';

/**
 * Serves the metrics on a port of their own: what is told there is not for the internet.
 * @returns stops it
 * @throws Error that says in one line why the port cannot be had
 */
export async function serveMetrics(registry: Registry, { host, port }: MetricsOptions): Promise<() => void> {
  const server = createServer((request, response) => {
    answer(registry, request, response).catch((error: unknown) => {
      new Logger('Metrics').error(error);
      response.writeHead(500).end();
    });
  });
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    const variables = { host: 'METRICS_HOST', port: 'METRICS_PORT' };
    throw new Error(listenFault({ host, port }, variables, error as NodeJS.ErrnoException), { cause: error });
  }
  const { port: actual } = server.address() as AddressInfo;
  new Logger('Start').warn(`Metrics at http://${host.includes(':') ? `[${host}]` : host}:${actual}${PATH}`);
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

async function answer(
  registry: Registry,
  { url, method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (url !== PATH) return void response.writeHead(404).end();
  if (method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
  const text = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' }).end(text);
}
