import TestSequencer from '@jest/test-sequencer';

/** Those that start the service as a process, or look at each page, again and again: begun last, they would be waited for alone. */
const LONGEST = [
  /durability\.test\.ts$/,
  /accessibility\.test\.ts$/,
  /operations\/(start|commands|signals)\.test\.ts$/,
];

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const isLong = ({ path }) => LONGEST.some((pattern) => pattern.test(path));
    const rest = super.sort(tests.filter((test) => !isLong(test)));
    return [...tests.filter(isLong), ...rest];
  }
}
