import { BlockList, isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What some proxies make of an address: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const ADDRESS_WITH_PORT = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?$/;

/** The address that a caller came from, without a port or zone; null if a proxy says anything else. */
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

/** Whether an address is one of a set. */
export type Addresses = (address: string) => boolean;

/** The addresses that are named, or in a network that is. */
export function addressesIn(networks: readonly string[]): Addresses {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return (address) => {
    const plain = addressText(address);
    return plain !== null && list.check(plain, familyOf(plain));
  };
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');
