import { isScopeToken, scopeFaults, splitScope } from '../../../../src/policy/grants/scope.js';

const NOT_TOKENS =
  'must contain only scope-tokens: 1 to 128 printable ASCII characters each, except space, double quote and backslash (RFC 6749 §3.3)';

it('Scope-tokens are made of exactly the characters of RFC 6749 §3.3', () => {
  const allowed = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(isScopeToken);
  const ranges = [
    [0x21, 0x21],
    [0x23, 0x5b],
    [0x5d, 0x7e],
  ] as const;
  expect(allowed).toEqual(
    ranges.flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, i) => String.fromCharCode(first + i)),
    ),
  );
});

const scopes = (count: number) => Array.from({ length: count }, (_, i) => `scope:${i}`);

it.each([
  ['none', [], []],
  ['words, URLs and punctuation', ['admin', 'https://api.example.com/read', 'a:b.c/d-e_f,{}[]'], []],
  ['128 characters', ['a'.repeat(128)], []],
  ['100 scopes', scopes(100), []],
  ['101 scopes', scopes(101), ['must have at most 100 scopes']],
  ['129 characters', ['a'.repeat(129)], [NOT_TOKENS]],
  ['an empty one', ['admin', ''], [NOT_TOKENS]],
  ['a space inside', ['read write'], [NOT_TOKENS]],
  ['a double quote', ['"admin"'], [NOT_TOKENS]],
  ['a backslash', ['a\\b'], [NOT_TOKENS]],
  ['a line feed at the end', ['admin\n'], [NOT_TOKENS]],
  ['a NUL', ['admin\0'], [NOT_TOKENS]],
  ['letters that are not ASCII', ['lesen-für'], [NOT_TOKENS]],
  ['a Cyrillic look-alike', ['аdmin'], [NOT_TOKENS]],
  ['a zero-width space', ['ad\u200bmin'], [NOT_TOKENS]],
  ['a lone surrogate', ['\ud800'], [NOT_TOKENS]],
])('A list of scopes is validated: %s', (_, list, faults) => {
  expect(scopeFaults(list)).toEqual(faults);
});

it.each([
  ['the empty string has no scopes', '', []],
  ['spaces have no scopes', '  ', []],
  ['one', 'admin', ['admin']],
  ['in order', 'b a', ['b', 'a']],
  ['surplus spaces', ' a  b ', ['a', 'b']],
  ['only the space separates, so that a tab is rejected later', 'a\tb\nc', ['a\tb\nc']],
])('A scope member is split into tokens: %s', (_, scope, tokens) => {
  expect(splitScope(scope)).toEqual(tokens);
});
