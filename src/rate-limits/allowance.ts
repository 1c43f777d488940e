import { BlockList, isIPv6 } from 'node:net';
import { addressText } from '../auth/address.js';
import type { Config } from '../config/config.js';

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
  const ranges = new Map<number, BlockList>();
  for (const { network, times } of grants) {
    const list = ranges.get(times) ?? new BlockList();
    addNetwork(list, network);
    ranges.set(times, list);
  }
  if (ranges.size === 0) return () => 1;
  return (address) => {
    const plain = addressText(address);
    if (plain === null) return 1;
    const family = familyOf(plain);
    for (const [times, list] of ranges) if (list.check(plain, family)) return times;
    return 1;
  };
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

function addNetwork(list: BlockList, network: string): void {
  const [address = '', bits] = network.split('/');
  if (bits === undefined) list.addAddress(address, familyOf(address));
  else list.addSubnet(address, Number(bits), familyOf(address));
}
