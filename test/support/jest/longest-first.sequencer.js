import TestSequencer from '@jest/test-sequencer';

/** Tests with processes, faults or a browser, and those that send many requests: begun last, they would be waited for alone. */
const LONGEST = [
  /e2e\/(operations|console)\//,
  /http\/(fuzz|rate-limit|shared-rate-limit)\.test/,
  /docs\/pages\.test/,
];

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const isLong = ({ path }) => LONGEST.some((pattern) => pattern.test(path));
    return [...super.sort(tests.filter(isLong)), ...super.sort(tests.filter((test) => !isLong(test)))];
  }
}
