import { setImmediate as nextIteration } from 'node:timers/promises';
import {
  continueInTurn,
  doInTurn,
  doUrgently,
  noteConnection,
  rejectInTurn,
  takeTurn,
} from '../../../src/event-loop/turns.js';

/** Longer than a turn. */
const WORK_MS = 8;

function work(): void {
  const until = performance.now() + WORK_MS;
  while (performance.now() < until);
}

/** Counts iterations of the event loop while `task` goes on. */
async function iterationsDuring(task: (iteration: () => number) => Promise<unknown>): Promise<void> {
  let iteration = 0;
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      iteration++;
      await nextIteration();
    }
  })();
  await task(() => iteration);
  isOver = true;
  await counting;
}

describe('Turns of the event loop', () => {
  it('Work that is asked for at once is spread over iterations', async () => {
    const done: number[] = [];
    await iterationsDuring((iteration) =>
      Promise.all(
        Array.from({ length: 10 }, async () => {
          await takeTurn('');
          work();
          done.push(iteration());
        }),
      ),
    );
    expect(done).toHaveLength(10);
    expect(new Set(done).size).toBeGreaterThanOrEqual(9);
  });

  it('Work that has begun goes on before other work begins', async () => {
    const order: string[] = [];
    const piece = async (name: string) => {
      await takeTurn('');
      order.push(`${name} begins`);
      work();
      await continueInTurn('');
      order.push(`${name} ends`);
      work();
    };
    await Promise.all(['first', 'second', 'third'].map(piece));
    expect(order).toEqual([
      'first begins',
      'first ends',
      'second begins',
      'second ends',
      'third begins',
      'third ends',
    ]);
  });

  it('Callers take turns: work of one waits neither for all work nor for all pages of another', async () => {
    const order: string[] = [];
    const done = (name: string) => {
      order.push(name);
      work();
    };
    const page = async (caller: string) => {
      await takeTurn(caller);
      done(`${caller} begins`);
      await continueInTurn(caller);
      done(`${caller} ends`);
    };
    const pages = ['many', 'many', 'many', 'many', 'few'].map(page);
    const requests = ['busy', 'busy', 'busy', 'busy', 'modest'].map(
      (caller) => new Promise<void>((resolve) => doInTurn(caller, () => resolve(done(caller)))),
    );
    await Promise.all([...pages, ...requests]);
    const position = (name: string) => order.lastIndexOf(name);
    expect(position('modest')).toBeLessThan(position('busy'));
    expect(order.slice(0, position('modest')).filter((name) => name === 'busy').length).toBeLessThanOrEqual(
      2,
    );
    expect(
      order.slice(0, position('few ends')).filter((name) => name === 'many begins').length,
    ).toBeLessThanOrEqual(3);
  });

  it('A page that is asked for while others wait takes its turn after them', async () => {
    const order: string[] = [];
    const waits = (caller: string, begun: () => void) =>
      new Promise<void>((resolve) =>
        doInTurn(caller, () => {
          begun();
          resolve();
        }),
      );
    const pages: Promise<void>[] = [];
    const page = async (caller: string) => {
      await takeTurn('an organization');
      order.push(`page of ${caller}`);
      work();
    };
    await waits('first', work);
    await Promise.all([
      ...['a', 'b', 'c'].map((caller) => waits(caller, () => pages.push(page(caller)))),
      waits('modest', () => order.push('modest')),
    ]);
    await Promise.all(pages);
    expect(order).toEqual(['modest', 'page of a', 'page of b', 'page of c']);
  });

  it('Urgent work begins at once, then before other work, over iterations, and keeps none waiting for all of it', async () => {
    const order: string[] = [];
    const begun: number[] = [];
    await iterationsDuring((iteration) =>
      Promise.all([
        ...Array.from(
          { length: 40 },
          (_, i) =>
            new Promise<void>((resolve) =>
              doUrgently('many', () => {
                order.push('many');
                begun.push(iteration());
                if (i === 0) work();
                resolve();
              }),
            ),
        ),
        new Promise<void>((resolve) => doInTurn('other', () => resolve(void order.push('other')))),
        new Promise<void>((resolve) => doUrgently('few', () => resolve(void order.push('few')))),
      ]),
    );
    expect(order.filter((name) => name !== 'other').slice(0, 3)).toEqual(['many', 'many', 'few']);
    expect(order.indexOf('other')).toBeGreaterThan(1);
    expect(order.at(-1)).toBe('many');
    expect(begun[1]).toBeGreaterThan(begun[0]!);
  });

  /** Keeps other work waiting, of which one piece takes each turn, until `isOver`. Returns how many pieces have begun. */
  const keepBusy = (isOver: () => boolean) => {
    let begun = 0;
    for (const caller of ['busy', 'as busy']) {
      const again = () => {
        begun++;
        work();
        if (!isOver()) setImmediate(() => doInTurn(caller, again));
      };
      doInTurn(caller, again);
    }
    return () => begun;
  };
  const callers = (count: number) => Array.from({ length: count }, (_, i) => `caller ${i}`);

  it('Urgent work waits for no rejection of other callers, and rejections not for all other work', async () => {
    const order: string[] = [];
    const ask = (name: string, begin: typeof doUrgently, caller: string) =>
      new Promise<void>((resolve) => begin(caller, () => resolve(void order.push(name))));
    let isOver = false;
    keepBusy(() => isOver);
    // None of the rest is begun at once
    doUrgently('long', work);
    await Promise.all([
      ...callers(40).map((caller) => ask('rejection', rejectInTurn, caller)),
      ...callers(40).map((caller) => ask('other', doInTurn, caller)),
      ask('urgent', doUrgently, 'few'),
    ]);
    isOver = true;
    expect(order.slice(0, 5)).toEqual(['urgent', ...Array<string>(4).fill('rejection')]);
  });

  it('Urgent work of a hundred callers begins within a few turns while other work waits', async () => {
    let left = 100;
    const turns = keepBusy(() => left === 0);
    doUrgently('long', work);
    await Promise.all(
      callers(left).map(
        (caller) => new Promise<void>((resolve) => doUrgently(caller, () => resolve(void left--))),
      ),
    );
    expect(turns()).toBeLessThan(12);
  });

  it('Work pauses while connections arrive', async () => {
    let connections = 100;
    const arrive = () => {
      noteConnection();
      if (--connections > 0) setImmediate(arrive);
    };
    const left: number[] = [];
    arrive();
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        await takeTurn('');
        work();
        left.push(connections);
      }),
    );
    // The first began before any other asked
    expect(left.slice(1).every((count) => count === 0)).toBe(true);
  });
});
