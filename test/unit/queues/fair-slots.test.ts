import { FairSlots } from '../../../src/queues/fair-slots.js';

describe('Slots', () => {
  /** Lets calls run one at a time, and returns the order in which they began. A capital: its caller disconnects. */
  const orderOf = async (calls: string) => {
    const slots = new FairSlots(1);
    const begun: string[] = [];
    const outcomes = await Promise.allSettled(
      [...calls].map((name) =>
        slots.run(name.toLowerCase(), { isWaiting: () => name === name.toLowerCase() }, async () => {
          begun.push(name);
          await Promise.resolve();
        }),
      ),
    );
    const rejected = outcomes.filter(({ status }) => status === 'rejected').length;
    return `${begun.join('')}, ${rejected} rejected`;
  };

  it.each([
    ['begin calls of one key in their order', 'aaa', 'aaa, 0 rejected'],
    ['let keys take turns', 'aaaabbc', 'aabcaba, 0 rejected'],
    ['reject the calls of callers that disconnected, and begin the next', 'aAAbBb', 'abb, 3 rejected'],
    ['reject all of them', 'aABA', 'a, 3 rejected'],
  ])('%s: %s', async (_, calls, expected) => {
    expect(await orderOf(calls)).toBe(expected);
  });

  it('are as many as they have to be, also after failures and disconnected callers', async () => {
    const slots = new FairSlots(2);
    const failing = () => Promise.reject(new Error('fails'));
    await Promise.allSettled(Array.from({ length: 5 }, () => slots.run('a', {}, failing)));
    await Promise.allSettled(
      Array.from({ length: 5 }, () => slots.run('a', { isWaiting: () => false }, failing)),
    );
    let inFlight = 0;
    let most = 0;
    const task = async () => {
      most = Math.max(most, ++inFlight);
      await new Promise(setImmediate);
      inFlight--;
    };
    await Promise.all(Array.from({ length: 6 }, (_, i) => slots.run(`key ${i % 2}`, {}, task)));
    expect(most).toBe(2);
  });
});
