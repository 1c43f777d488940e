import { type Addresses, addressesIn } from '../../addresses/address.js';
import type { Config } from '../../config/variables.js';

/** How many times as much as others an address may send; `Infinity`: as much as it likes. */
export type Allowance = (address: string) => number;

/**
 * What the operator grants to addresses that many users share, such as those from which a chat product registers its users.
 * Where several ranges hold an address, the largest multiple counts.
 */
export function allowanceOf({ rateLimitExempt, rateLimitRaised }: Config): Allowance {
  const grants = [
    ...rateLimitExempt.map((network) => ({ network, times: Infinity })),
    ...rateLimitRaised,
  ].sort((a, b) => b.times - a.times);
  const ranges = [...new Set(grants.map(({ times }) => times))].map((times): [number, Addresses] => {
    const networks = grants.filter((grant) => grant.times === times).map(({ network }) => network);
    return [times, addressesIn(networks)];
  });
  return (address) => ranges.find(([, contains]) => contains(address))?.[0] ?? 1;
}
