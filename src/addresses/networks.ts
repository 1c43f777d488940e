import ipaddr from 'ipaddr.js';
import { parseAddress } from './address.js';

/** An address, or a network of addresses, whose requests are counted together. */
export interface RateLimitKey {
  key: string;
  /** Multiple of the limit of one subscriber. */
  times: number;
}

/** The parts of an IPv6 address that one subscriber is given as a whole: a network of 64 bits (RFC 6177 §2) … */
const SUBSCRIBER_PARTS = 4;
/** … and those that one site is given, of 48 bits: 65,536 subscribers, which providers assign on request. */
const SITE_PARTS = 3;
/** A site gets this many times the limit of a subscriber, or several subscribers of one site could exhaust it. */
const SUBSCRIBERS_PER_SITE = 16;

/**
 * The keys that a request from `address` counts for, the narrowest first: an IPv4 address; an IPv6 subscriber and its site; or one
 * key for all requests without an address.
 */
export function countedFor(address: string): RateLimitKey[] {
  const parsed = parseAddress(address);
  if (parsed === null) return [{ key: 'unknown', times: 1 }];
  if (!(parsed instanceof ipaddr.IPv6)) return [{ key: parsed.toString(), times: 1 }];
  return [
    { key: networkOf(parsed, SUBSCRIBER_PARTS), times: 1 },
    { key: networkOf(parsed, SITE_PARTS), times: SUBSCRIBERS_PER_SITE },
  ];
}

/** The narrowest of {@link countedFor}. */
export const subscriberOf = (address: string): string => countedFor(address)[0]!.key;

/** The widest of {@link countedFor}: one site cannot pose as many callers. */
export const siteOf = (address: string): string => countedFor(address).at(-1)!.key;

function networkOf({ parts }: ipaddr.IPv6, length: number): string {
  const network = parts.slice(0, length).map((part) => part.toString(16));
  return `${network.join(':')}::/${length * 16}`;
}
