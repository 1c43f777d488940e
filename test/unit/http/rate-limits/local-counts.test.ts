import { LocalCounts } from '../../../../src/http/rate-limits/local-counts.js';

it('Remembers the last 10,000 callers', () => {
  const counts = new LocalCounts();
  const callers = Array.from({ length: 30_000 }, (_, i) => `2001:db8:${i.toString(16)}::/48`);
  for (const caller of callers) counts.add(caller, 60_000, 1);
  expect(callers.filter((caller) => counts.get(caller) !== null)).toEqual(callers.slice(-10_000));
});
