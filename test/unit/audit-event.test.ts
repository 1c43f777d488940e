import { changesBetween } from '../../src/audit/audit-event.js';

it.each<[string, object | null, object | null, [string, unknown, unknown][]]>([
  [
    'what came',
    null,
    { a: 1, b: null, c: undefined, d: [] },
    [
      ['a', null, 1],
      ['d', null, []],
    ],
  ],
  ['what went', { a: 1 }, null, [['a', 1, null]]],
  [
    'what changed',
    { a: 1, b: [1], c: 'x' },
    { a: 2, b: [1, 2], c: 'x' },
    [
      ['a', 1, 2],
      ['b', [1], [1, 2]],
    ],
  ],
  [
    'what is there on one side only',
    { a: 1, b: 2 },
    { b: 2, c: 3 },
    [
      ['a', 1, null],
      ['c', null, 3],
    ],
  ],
  ['false, which is not nothing', { a: undefined }, { a: false }, [['a', null, false]]],
  ['nothing, where it is the same', { a: [{ b: 1 }], d: new Date(0) }, { a: [{ b: 1 }], d: new Date(0) }, []],
])('Changes are %s', (_, before, after, expected) => {
  expect(changesBetween(before, after).map(({ field, before, after }) => [field, before, after])).toEqual(
    expected,
  );
});
