import type { IncomingMessage } from 'node:http';
import { addressText } from './address.js';

/** Whether a proxy is trusted. @param hop its position, 0 for the one that sent the request */
export type TrustedProxies = (address: string, hop: number) => boolean;

/** Addresses that are read at most. No service has as many proxies in front of it. */
const MAX_HOPS = 20;

/**
 * The address that a request came from: the last one in X-Forwarded-For that is no trusted proxy, or the sender's if that is not an
 * address. Fastify's `request.ip` splits the whole header each time.
 */
export function forwardedAddress({ headers, socket }: IncomingMessage, isTrusted: TrustedProxies): string {
  const { remoteAddress: sender = '' } = socket;
  const forwarded = String(headers['x-forwarded-for'] ?? '');
  let address = sender;
  let end = forwarded.length;
  for (let hop = 0; hop < MAX_HOPS && isTrusted(address, hop); hop++) {
    // Empty elements are no hops
    while (end > 0 && ', \t'.includes(forwarded[end - 1]!)) end--;
    if (end === 0) break;
    const comma = forwarded.lastIndexOf(',', end - 1);
    address = forwarded.slice(comma + 1, end).trimStart();
    end = Math.max(comma, 0);
  }
  return addressText(address) ?? sender;
}
