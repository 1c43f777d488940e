/** What the service holds on to after a garbage collection, and what it has in RAM, after so many requests. */
export interface MemorySample {
  requests: number;
  heapMb: number;
  residentMb: number;
}

/** Caches fill at first, and code is compiled: what counts is what comes after. */
const WARM_UP_SHARE = 0.5;
/** What a heap that does not grow may seem to, by what happens to be in progress. */
const TOLERANCE_MB = 4;

/** How much the heap grew from the end of the warm-up to the end: the median of the later half against the earlier one. */
export function growthMb(samples: readonly MemorySample[]): number {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const middle = Math.ceil(warm.length / 2);
  return median(warm.slice(middle)) - median(warm.slice(0, middle));
}

export const isGrowing = (samples: readonly MemorySample[]) => growthMb(samples) > TOLERANCE_MB;

function median(samples: readonly MemorySample[]): number {
  const sorted = samples.map(({ heapMb }) => heapMb).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
