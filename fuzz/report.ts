import type { MemorySample } from './growth.js';
import type { Reproduction } from './fuzz.js';
import type { Statistics } from './statistics.js';

/** A table of requests by label and status, and of the memory of the service. */
export function table(
  { byLabel, outcomes, requests, done }: Statistics,
  samples: readonly MemorySample[],
): string {
  const rows = [...byLabel]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([label, { requests: count, statuses, slowestMs }]) => {
      const byStatus = [...statuses]
        .sort(([a], [b]) => a - b)
        .map(([status, n]) => `${status || 'none'}×${n}`);
      return `${label.padEnd(32)} ${String(count).padStart(7)} ${slowestMs.toFixed(0).padStart(6)} ms  ${byStatus.join(' ')}`;
    });
  const memory = samples.map(
    ({ requests: after, heapMb, residentMb }) =>
      `${String(after).padStart(7)} requests: heap ${heapMb.toFixed(1)} MB, resident ${residentMb.toFixed(0)} MB`,
  );
  return [
    `${'label'.padEnd(32)} requests slowest  statuses`,
    ...rows,
    `${requests} requests, ${done} done`,
    [...outcomes].map(([outcome, count]) => `${outcome}×${count}`).join(', '),
    '',
    ...memory,
  ].join('\n');
}

/** What is wrong, and how to see it again. */
export const describe = ({ kind, detail, command, seed }: Reproduction) =>
  [`✗ ${kind}`, `  ${detail}`, command, `  (seed ${seed})`].join('\n');
