import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { Batcher, type BatcherOptions, type Outcome } from '../../../src/queues/batcher.js';

describe('a batcher', () => {
  let batches: number[][];
  let letGo: (() => void)[];
  beforeEach(() => {
    batches = [];
    letGo = [];
  });

  const batcher = (size: number, inFlight: number, options: Partial<BatcherOptions<number, string>> = {}) =>
    new Batcher<number, string>({
      name: 'test',
      run: async (items) => {
        batches.push(items);
        await new Promise<void>((done) => letGo.push(done));
        return items.map((item): Outcome<string> =>
          item < 0 ? { error: new Error(`${item}`) } : { value: `${item}` },
        );
      },
      ...options,
      limits: { size, inFlight, ...options.limits },
    });
  /** Long enough for what is scheduled in a turn, and in the one after it, however late a busy machine lets them come. */
  const turn = async () => {
    for (let turns = 0; turns < 5; turns++) await nextTurn();
    await wait(5);
  };

  it('runs the calls of one turn at once, and later calls together', async () => {
    const { add } = bound(batcher(10, 1));
    const first = [add(1), add(2)];
    await turn();
    expect(batches).toEqual([[1, 2]]);
    const second = [add(3), add(4), add(5)];
    await turn();
    expect(batches).toHaveLength(1);
    letGo.shift()!();
    expect(await Promise.all(first)).toEqual(['1', '2']);
    await turn();
    expect(batches).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    letGo.shift()!();
    expect(await Promise.all(second)).toEqual(['3', '4', '5']);
  });

  it('begins another batch next to one that takes more than a second, up to the limit', async () => {
    const { add } = bound(batcher(1, 1, { limits: { slow: 1 } }));
    const all = Promise.all([1, 2, 3].map(add));
    await wait(500);
    expect(batches).toEqual([[1]]);
    await wait(600);
    expect(batches).toEqual([[1], [2]]);
    // Both are slow by now
    await wait(1_200);
    expect(batches).toEqual([[1], [2]]);
    letGo.shift()!();
    await turn();
    expect(batches).toEqual([[1], [2], [3]]);
    for (const end of letGo) end();
    expect(await all).toEqual(['1', '2', '3']);
  });

  it('keeps the limits of concurrent batches and of their size', async () => {
    const { add } = bound(batcher(2, 2));
    const all = Promise.all([1, 2, 3, 4, 5].map(add));
    await turn();
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
    letGo.shift()!();
    await turn();
    expect(batches.at(-1)).toEqual([5]);
    letGo.forEach((go) => go());
    expect(await all).toEqual(['1', '2', '3', '4', '5']);
  });

  it('fails the item that failed, and no other', async () => {
    const { add } = bound(batcher(10, 1));
    const outcomes = Promise.allSettled([add(1), add(-2), add(3)]);
    await turn();
    letGo.shift()!();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('a failed batch fails each of its items, and the next batch runs', async () => {
    let isBroken = true;
    const breaking = new Batcher<number, number>({
      name: 'test',
      run: (items) => {
        if (isBroken) return Promise.reject(new Error('broken'));
        return Promise.resolve(items.map((value) => ({ value })));
      },
    });
    const outcomes = await Promise.allSettled([breaking.add(1), breaking.add(2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await breaking.add(3)).toBe(3);
  });

  it('rejects calls beyond the queue at once, and accepts calls when there is room', async () => {
    const { add } = bound(batcher(1, 1, { limits: { waiting: 2 } }));
    const inFlight = add(1);
    await turn();
    const waiting = [add(2), add(3)];
    await expect(add(4)).rejects.toMatchObject({ code: 'temporarily_unavailable' });
    for (const one of [inFlight, ...waiting]) {
      await turn();
      letGo.shift()!();
      await one;
    }
    const last = add(5);
    await turn();
    letGo.shift()!();
    expect(await last).toBe('5');
    expect(batches.flat()).toEqual([1, 2, 3, 5]);
  });

  it('rejects calls that wait for blocked batches after the timeout, and never runs them', async () => {
    const { add } = bound(batcher(1, 1, { limits: { waitMs: 50 } }));
    const hanging = add(1);
    await turn();
    const refusals = await Promise.allSettled([add(2), add(3)]);
    expect(refusals.map((refusal) => 'reason' in refusal && refusal.reason.code)).toEqual([
      'temporarily_unavailable',
      'temporarily_unavailable',
    ]);
    letGo.shift()!();
    expect(await hanging).toBe('1');
    await turn();
    expect(batches).toEqual([[1]]);
  });

  it('drops calls of callers that disconnected', async () => {
    const unwanted = new Set<number>();
    const { add } = bound(batcher(10, 1, { isWanted: (item) => !unwanted.has(item) }));
    const first = add(1);
    await turn();
    const others = Promise.allSettled([add(2), add(3)]);
    unwanted.add(2);
    letGo.shift()!();
    await first;
    await turn();
    letGo.shift()!();
    expect((await others).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(batches).toEqual([[1], [3]]);
  });

  it('publishes the size of each batch and of the queue', async () => {
    const messages: unknown[] = [];
    const listen = (message: unknown) => messages.push(message);
    subscribe('oauth-client-registry:batch', listen);
    const { add } = bound(batcher(2, 1));
    const all = Promise.all([add(1), add(2), add(3)]);
    await turn();
    letGo.shift()!();
    await turn();
    letGo.shift()!();
    await all;
    unsubscribe('oauth-client-registry:batch', listen);
    expect(messages).toEqual([
      { name: 'test', size: 2, waiting: 1 },
      { name: 'test', size: 1, waiting: 0 },
    ]);
  });

  const bound = (instance: Batcher<number, string>) => ({ add: (item: number) => instance.add(item) });
});
