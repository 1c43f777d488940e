import { ended } from './cleanup.js';
import type { Contestant } from './operations.js';
import type { Server } from './server.js';

/**
 * Sends one of the requests of a contestant, and reads the reply as the load generator has no time to.
 * @returns the identifiers of the clients in it
 * @throws Error if it is not the reply that there should be: how fast a server rejects is of no interest
 */
export async function ask(
  { requests, headers, expectedStatus, idMember, expectedClients }: Contestant,
  server: Server,
  request = requests(server)[0]!,
): Promise<string[]> {
  const { method, path, body } = request;
  const url = `${server.url}${path}`;
  const response = await fetch(url, { method, headers, body, signal: ended });
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
