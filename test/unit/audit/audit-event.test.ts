import { createHash } from 'node:crypto';
import { changesBetween } from '../../../src/audit/audit-event.js';

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
  ['nothing, if it is the same', { a: [{ b: 1 }], d: new Date(0) }, { a: [{ b: 1 }], d: new Date(0) }, []],
])('Changes are %s', (_, before, after, expected) => {
  expect(changesBetween(before, after).map(({ field, before, after }) => [field, before, after])).toEqual(
    expected,
  );
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

it('Stores a value over 256 bytes as hash and length', () => {
  const long = 'ä'.repeat(129);
  expect(changesBetween({ a: 'x'.repeat(256) }, { a: long })).toEqual([
    { field: 'a', before: 'x'.repeat(256), after: { sha256: sha256(long), bytes: 258 } },
  ]);
  const keys = { keys: [{ n: long }] };
  expect(changesBetween(null, { jwks: keys })).toEqual([
    {
      field: 'jwks',
      before: null,
      after: { sha256: sha256(JSON.stringify(keys)), bytes: Buffer.byteLength(JSON.stringify(keys)) },
    },
  ]);
});

it('Stores a long list as its added and removed entries', () => {
  const list = Array.from({ length: 50 }, (_, i) => `https://example.com/${i}`);
  const removed = list[3];
  expect(changesBetween({ a: list }, { a: [...list.filter((each) => each !== removed), 'new'] })).toEqual([
    { field: 'a', before: null, after: null, added: ['new'], removed: [removed] },
  ]);
  expect(changesBetween({ a: list }, { a: list.toReversed() })).toEqual([
    { field: 'a', before: null, after: null, added: [], removed: [] },
  ]);
});

it('Bounds the size of a change', () => {
  const listOf = (name: string) =>
    Array.from({ length: 50 }, (_, i) => `https://${name}/${i}/${'x'.repeat(1000)}`);
  const [before, after] = [listOf('a'), listOf('b')];
  const [change] = changesBetween({ a: before }, { a: after });
  expect(JSON.stringify(change).length).toBeLessThan(2_000);
  const shown = change!.added!.slice(0, -1);
  expect(shown).toEqual(
    after.slice(0, shown.length).map((each) => ({ sha256: sha256(each), bytes: each.length, hosts: ['b'] })),
  );
  const rest = after.slice(shown.length);
  const text = JSON.stringify(rest);
  expect(change!.added!.at(-1)).toEqual({
    sha256: sha256(text),
    bytes: text.length,
    hosts: ['b'],
    entries: rest.length,
  });
});

it('Stores names unchanged and keeps the hosts of truncated URIs', () => {
  const name = 'あ'.repeat(255);
  const uri = `https://evil.example/${'x'.repeat(300)}`;
  const changes = changesBetween({ name, 'client_name#en': name, logoUri: uri, note: name }, null);
  expect(changes.map(({ before }) => before)).toEqual([
    name,
    { sha256: sha256(uri), bytes: uri.length, hosts: ['evil.example'] },
    { sha256: sha256(name), bytes: Buffer.byteLength(name) },
    name,
  ]);
});

it('Bounds an event with many translations; the shortest names are stored', () => {
  const [before, after] = ['漢', '字'].map((letter) => ({
    ...Object.fromEntries(
      Array.from({ length: 75 }, (_, i) => [`client_name#x-${i}`, `${letter.repeat(250)} ${i}`]),
    ),
    'client_name#en': `${letter} Bank`,
  }));
  const changes = changesBetween(before!, after!);
  expect(JSON.stringify(changes).length).toBeLessThan(5_000);
  expect(changes[0]).toEqual({ field: 'client_name#en', before: '漢 Bank', after: '字 Bank' });
  const rest = (from: object) =>
    Object.fromEntries(
      Object.entries(from).filter(([field]) => !changes.some((change) => change.field === field)),
    ) as Record<string, string>;
  const digestOf = (values: object) => {
    const text = JSON.stringify(values);
    return {
      sha256: sha256(text),
      bytes: Buffer.byteLength(text),
      entries: Object.keys(values).length,
    };
  };
  expect(changes.at(-1)).toEqual({
    field: 'translations',
    before: digestOf(rest(before!)),
    after: digestOf(rest(after!)),
  });
  expect(changesBetween(null, after!).at(-1)).toMatchObject({ field: 'translations', before: null });
});
