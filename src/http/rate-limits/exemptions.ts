import { addressesIn } from '../../addresses/address.js';
import { type RateLimitKey, countedFor } from '../../addresses/networks.js';
import type { Config } from '../../config/variables.js';

/** The counters of a request from an address, with their limits; empty without a limit. */
export type CountedOf = (caller: string) => RateLimitKey[];

/**
 * {@link countedFor}, with what the operator grants to addresses that many users share, such as those from which a chat product
 * registers its users. Where several ranges hold an address, the largest multiple counts.
 */
export function countedWithGrants({ rateLimitExempt, rateLimitRaised }: Config): CountedOf {
  const grants = [
    ...rateLimitExempt.map((network) => ({ network, times: Infinity })),
    ...rateLimitRaised,
  ].sort((a, b) => b.times - a.times);
  const ranges = [...new Set(grants.map(({ times }) => times))].map((granted) => {
    const networks = grants.filter(({ times }) => times === granted).map(({ network }) => network);
    return { granted, contains: addressesIn(networks) };
  });
  return (address) => {
    const { granted = 1 } = ranges.find(({ contains }) => contains(address)) ?? {};
    if (granted === Infinity) return [];
    return countedFor(address).map(({ key, times }) => ({ key, times: times * granted }));
  };
}
