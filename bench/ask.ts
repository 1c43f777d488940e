import { ended } from './cleanup.js';
import type { Contestant } from './operations.js';
import type { Server } from './server.js';

/**
 * Sends one of the requests of a contestant, and reads the reply as the load generator has no time to.
 * @returns the identifiers of the clients in it
 * @throws Error where it is not the reply that there should be: how fast a server refuses is of no interest
 */
export async function ask(
  { method, paths, headers, body, expectedStatus, idMember, expectedClients }: Contestant,
  server: Server,
): Promise<string[]> {
  const url = `${server.url}${paths(server)[0]}`;
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body), signal: ended });
  const text = await response.text();
  const ids = [...text.matchAll(new RegExp(`"${idMember}":"([^"]+)"`, 'g'))].map(([, id]) => id!);
  if (response.status !== expectedStatus || ids.length !== expectedClients) {
    throw new Error(
      `${server.name}: ${method} ${url} should be answered with ${expectedStatus} and ${expectedClients} clients, ` +
        `not with ${response.status}: ${text.slice(0, 500)}`,
    );
  }
  return ids;
}
