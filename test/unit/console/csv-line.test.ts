import { csvLine, csvList } from '../../../console/src/parts/csv-line.js';

const field = (value: string) => csvLine([value]).slice(0, -2);

it.each([
  ['App', '"App"'],
  ['', '""'],
  ['a, b', '"a, b"'],
  ['say "hi"', '"say ""hi"""'],
  ['https://a.example/cb?x=1&y=-2', '"https://a.example/cb?x=1&y=-2"'],
  ['a-b', '"a-b"'],
  ['a = b', '"a = b"'],
  ['日本語', '"日本語"'],
])('Every field is quoted: %j', (value, expected) => {
  expect(field(value)).toBe(expected);
});

const STARTS = [...'=+-@＝＋－＠﹦﹢﹣﹫−'];

it.each([
  ...STARTS.map((start) => [`${start}1`, `"'${start}1"`]),
  ['\t1', `"'\t1"`],
  ['\r1', `"'\r1"`],
  ['\n1', `"'\n1"`],
  [' =1', `" '=1"`],
  ['"=1', `"""'=1"`],
  ["x;=cmd|' /C calc'!A0;y", `"x;'=cmd|' /C calc'!A0;y"`],
  ['x,=1', `"x,'=1"`],
  ['x\t=1', `"x\t'=1"`],
  ['x\n=1', `"x\n'=1"`],
  ['x|＝1', `"x|'＝1"`],
  ['x; "+1', `"x; ""'+1"`],
  ['x;\t=1', `"x;'\t'=1"`],
])('Neutralizes formulas for every separator: %j', (value, expected) => {
  expect(field(value)).toBe(expected);
});

it('Neutralizes formulas in each entry of a list', () => {
  const scopes = ['read', '=HYPERLINK("http://a.example";"x")', '+1', 'a=b'];
  expect(field(csvList(scopes))).toBe(`"read '=HYPERLINK(""http://a.example"";""x"") '+1 a=b"`);
});

it('A line ends as RFC 4180 says', () => {
  expect(csvLine(['a', 'b'])).toBe('"a","b"\r\n');
});
