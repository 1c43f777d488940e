import ipaddr from 'ipaddr.js';

/** All IPv6 addresses that are globally routed so far (RFC 4291 §2.4); IPv4-compatible and NAT64 ones are outside. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Public addresses that lead to the provider of the machine: the metadata service of Azure. */
const PROVIDER_ADDRESSES: ReadonlySet<string> = new Set(['168.63.129.16']);

/**
 * Whether an address belongs to one host on the Internet. Private, loopback, link-local, shared, multicast and reserved ones do not,
 * nor do IPv6 addresses that contain an IPv4 address (mapped, NAT64, 6to4, Teredo): a gateway may forward them to a private one.
 */
export function isGlobalUnicast(address: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    return ipaddr.IPv4.parse(address).range() === 'unicast' && !PROVIDER_ADDRESSES.has(address);
  }
  // A zone is valid for link-local addresses only
  if (!ipaddr.IPv6.isValid(address) || address.includes('%')) return false;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.range() === 'unicast' && parsed.match(GLOBAL_UNICAST);
}
