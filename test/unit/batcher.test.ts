import { setTimeout as wait } from 'node:timers/promises';
import { Batcher, type Outcome } from '../../src/database/batcher.js';

describe('a batcher', () => {
  let batches: number[][];
  let letGo: (() => void)[];
  beforeEach(() => {
    batches = [];
    letGo = [];
  });

  const batcher = (size: number, underWay: number) =>
    new Batcher<number, string>(
      'test',
      async (items) => {
        batches.push(items);
        await new Promise<void>((done) => letGo.push(done));
        return items.map((item): Outcome<string> =>
          item < 0 ? { error: new Error(`${item}`) } : { value: `${item}` },
        );
      },
      { size, underWay },
    );
  const turn = () => wait(5);

  it('runs at once what was asked for in one turn, and together what was asked for meanwhile', async () => {
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

  it('runs as many batches at a time as it may, none larger than it may be', async () => {
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

  it('where running fails, so does every item, and the next batch runs', async () => {
    let isBroken = true;
    const breaking = new Batcher<number, number>(
      'test',
      (items) => {
        if (isBroken) return Promise.reject(new Error('broken'));
        return Promise.resolve(items.map((value) => ({ value })));
      },
      { size: 10, underWay: 1 },
    );
    const outcomes = await Promise.allSettled([breaking.add(1), breaking.add(2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await breaking.add(3)).toBe(3);
  });

  const bound = (instance: Batcher<number, string>) => ({ add: (item: number) => instance.add(item) });
});
