import { HTTP_LIMITS } from '../../../../src/http/limits/limit-values.js';
import { KNOWN, Workload } from '../../../../src/http/limits/workload.js';

describe('The requests that are worked on', () => {
  /** The callers that get no more, of a, b and c, after requests of these began; a capital: after one ended. */
  const fullAfter = (steps: string, limits = { maxRequests: 4, reservedRequests: 2 }) => {
    const workload = new Workload({ ...HTTP_LIMITS, ...limits });
    for (const step of steps) workload.count(step.toLowerCase(), step === step.toLowerCase() ? 1 : -1);
    return ['a', 'b', 'c'].filter((caller) => workload.isFullFor(caller)).join('');
  };

  it.each([
    ['are of one caller alone, up to the maximum', 'aaa', ''],
    ['leave reserved places to others', 'aaaa', 'a'],
    ['leave them to callers with less than an equal share', 'aaaab', 'a'],
    ['leave none of them to a caller with its share', 'aabb', 'ab'],
    ['leave none above the reserved places', 'aaaabb', 'abc'],
    ['leave a place that ended to callers without their share', 'aaaabbA', 'ab'],
    ['are of any caller below the maximum', 'aaaabbAAA', ''],
    ['are forgotten once they ended', 'bcBCaaa', ''],
    ['count no caller whose requests have ended', 'bcaaBCaa', 'a'],
  ])('%s: %s', (_, steps, full) => {
    expect(fullAfter(steps)).toBe(full);
  });

  it('leave a place to a caller without one if there are more callers than places', () => {
    expect(fullAfter('ab', { maxRequests: 1, reservedRequests: 2 })).toBe('ab');
  });

  it('are none if none are allowed', () => {
    expect(fullAfter('', { maxRequests: 0, reservedRequests: 2 })).toBe('abc');
  });

  it('leave places to known callers, of which one takes not all, when strangers have all others', () => {
    const workload = new Workload(HTTP_LIMITS);
    const begin = (caller: string) => {
      let begun = 0;
      for (; !workload.isFullFor(caller); begun++) workload.count(caller, 1);
      return begun;
    };
    let strangers = 0;
    for (let i = 0; i < 1_000; i++) strangers += begin(`stranger ${i}`);
    expect(strangers).toBe(300);
    expect([begin('stranger'), begin(`${KNOWN}a`), begin(`${KNOWN}b`)]).toEqual([0, 25, 13]);
    workload.count('stranger 0', -1);
    expect(begin('stranger')).toBe(0);
  });

  it('of many callers leave places to another one', () => {
    const workload = new Workload(HTTP_LIMITS);
    const flood = Array.from({ length: 1_000 }, (_, i) => `flood-${i % 20}`);
    for (const caller of flood) if (!workload.isFullFor(caller)) workload.count(caller, 1);
    expect(flood.filter((caller) => !workload.isFullFor(caller))).toEqual([]);
    let begun = 0;
    for (; !workload.isFullFor('other'); begun++) workload.count('other', 1);
    expect(begun).toBe(Math.ceil(HTTP_LIMITS.maxRequests / 21));
  });
});
