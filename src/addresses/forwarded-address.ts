import type { IncomingMessage } from 'node:http';
import { addressText } from './address.js';

/** Whether a proxy is trusted. @param hop its position, 0 for the one that sent the request */
export type TrustedProxies = (address: string, hop: number) => boolean;

/**
 * The address that a request came from: the last one in X-Forwarded-For that is no trusted proxy, or the sender's if that is not an
 * address. Fastify's `request.ip` splits the whole header, which takes too long for requests that are rejected because of overload.
 */
export function forwardedAddress({ headers, socket }: IncomingMessage, isTrusted: TrustedProxies): string {
  const { remoteAddress: sender = '' } = socket;
  let address = sender;
  let rest = String(headers['x-forwarded-for'] ?? '').trim();
  for (let hop = 0; rest !== '' && isTrusted(address, hop);) {
    const comma = rest.lastIndexOf(',');
    const next = rest.slice(comma + 1).trim();
    rest = rest.slice(0, Math.max(comma, 0));
    if (next === '') continue;
    address = next;
    hop++;
  }
  return addressText(address) ?? sender;
}
