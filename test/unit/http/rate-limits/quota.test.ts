import { countedFor } from '../../../../src/addresses/networks.js';
import type { Count } from '../../../../src/http/rate-limits/local-counts.js';
import { Quota } from '../../../../src/http/rate-limits/quota.js';
import type { SharedCounts } from '../../../../src/http/rate-limits/shared-counts.js';

/** Counts as Redis does, and has an entry for each key. */
function entries() {
  const used = new Map<string, number>();
  const add = (key: string, windowSeconds: number, amount = 1): Promise<Count> => {
    used.set(key, (used.get(key) ?? 0) + amount);
    return Promise.resolve({ used: used.get(key)!, msLeft: windowSeconds * 1_000 });
  };
  return { used, shared: { add } as unknown as SharedCounts };
}

it('Counts no network of an IPv6 site that has exceeded its limit, from however many of them requests come', async () => {
  const { used, shared } = entries();
  const quota = new Quota('register', { points: 2, durationSeconds: 60 }, countedFor, shared);
  let allowed = 0;
  for (let i = 0; i < 1_000; i++) {
    const status = await quota.spend(`2001:db8:1:${i.toString(16)}::1`);
    if (!status!.isExceeded) allowed++;
    else expect(status).toMatchObject({ limit: 32, remaining: 0 });
  }
  expect(allowed).toBe(32);
  // One of each network, and that of the site
  expect(used.size).toBe(33);
  expect(Math.max(...used.values())).toBe(32);
});
