import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What some proxies make of an address: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const ADDRESS_WITH_PORT = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?$/;

/** The address that a caller came from, without a port or zone; null where a proxy says anything else. */
export function parseAddress(raw: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const [, ipv6, ipv4] = ADDRESS_WITH_PORT.exec(raw) ?? [];
  // A zone means nothing here, and can be any text
  const plain = (ipv6 ?? ipv4 ?? raw).replace(/%.*$/s, '');
  return ipaddr.isValid(plain) ? ipaddr.process(plain) : null;
}

/** The same, in the one way to write it. */
export const addressText = (raw: string): string | null =>
  // As most come, and in the one way already
  isIPv4(raw) ? raw : (parseAddress(raw)?.toString() ?? null);
