import { RememberedCredentials } from '../../../src/auth/remembered-credentials.js';

describe('Remembered credentials', () => {
  const stored = (memory: RememberedCredentials<number>, keys: string[]) =>
    keys.filter((key) => memory.has(key));

  it('that are too many lose the oldest of the owner that has most', () => {
    const memory = new RememberedCredentials<number>(4);
    memory.set('a1', 1, 'a');
    for (const key of ['b1', 'b2', 'b3']) memory.set(key, 1, 'b');
    memory.set('b1', 2, 'b');
    memory.set('b4', 1, 'b');
    expect(stored(memory, ['a1', 'b1', 'b2', 'b3', 'b4'])).toEqual(['a1', 'b1', 'b3', 'b4']);
    memory.set('c1', 1, 'c');
    expect(stored(memory, ['a1', 'b1', 'b3', 'b4', 'c1'])).toEqual(['a1', 'b1', 'b4', 'c1']);
    expect(memory.get('b1')).toBe(2);
  });

  it('can all be of one owner while there is no other', () => {
    const memory = new RememberedCredentials<number>(3);
    for (const key of ['1', '2', '3', '4']) memory.set(key, 1, 'a');
    expect(stored(memory, ['1', '2', '3', '4'])).toEqual(['2', '3', '4']);
  });

  it('are forgotten when they are deleted or too old, and can get another owner', () => {
    const memory = new RememberedCredentials<number>(2);
    memory.set('1', 1, 'a');
    memory.delete('1');
    memory.delete('1');
    expect(memory.has('1')).toBe(false);
    memory.set('2', 1, 'a');
    memory.set('2', 2, 'b');
    memory.set('3', 1, 'a');
    expect(stored(memory, ['2', '3'])).toEqual(['2', '3']);
    const short = new RememberedCredentials<number>(2, -1);
    short.set('1', 1, 'a');
    expect(short.get('1')).toBeUndefined();
  });
});
