import { MAX_BODY_BYTES, parseJsonBody } from '../../../../src/http/requests/request-body.js';
import { RegistryError } from '../../../../src/errors/registry-error.js';
import { parseStrictJson } from '../../../../src/json/strict-json.js';

const NOT_UTF8 = 'The request body must be encoded in UTF-8.';
const NOT_JSON = 'The request body must be valid JSON.';
const TOO_DEEP = 'The request body must not be nested deeper than 32 levels.';
const TOO_MANY = 'The request body must not contain more than 1000 members in all objects.';
const TOO_MANY_VALUES = 'The request body must not contain more than 2500 values.';
const PROTO = 'The request body must not contain a member "__proto__".';
const twice = (name: string) => `The request body must not contain the member ${JSON.stringify(name)} twice.`;

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
const members = (count: number) => Array.from({ length: count }, (_, i) => `"m${i}":":"`).join();
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** The rejection of a body, or the value that was read. */
function outcome(body: Buffer | string): unknown {
  try {
    return { value: parseJsonBody(Buffer.from(body)) };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { code: error.code, description: error.message, invalidFields: error.options.invalidFields };
  }
}
const refusal = (description: string) => ({ code: 'invalid_request', description, invalidFields: undefined });

it('A body may have 64 KiB', () => {
  expect(MAX_BODY_BYTES).toBe(65_536);
});

it.each<[string, Buffer | string, unknown]>([
  ['nothing', '', undefined],
  ['an object', ' {"a" : [1, true, null, "x"]}\r\n', { a: [1, true, null, 'x'] }],
  ['an empty object', '{}', {}],
  ['1,000 members', `{${members(1_000)}}`, JSON.parse(`{${members(1_000)}}`)],
  ['a string', '"{"', '{'],
  ['null', 'null', null],
  [
    'a byte order mark before it, which RFC 8259 §8.1 lets a reader ignore',
    bytes([0xef, 0xbb, 0xbf], '{"a":1}'),
    { a: 1 },
  ],
  [
    'the same member in two objects',
    '{"a":{"a":1},"b":[{"a":2},{"a":3}]}',
    { a: { a: 1 }, b: [{ a: 2 }, { a: 3 }] },
  ],
  ['a member again after an inner object that has it', '{"x":{"a":1},"a":2}', { x: { a: 1 }, a: 2 }],
  ['the same value twice', '{"a":"a","b":"a"}', { a: 'a', b: 'a' }],
  [
    'strings that look like structure',
    '{"a":"{\\"a\\":1,\\"a\\":[","b":"]}:\\\\","c":"\\\\\\""}',
    { a: '{"a":1,"a":[', b: ']}:\\', c: '\\"' },
  ],
  [
    'names that look like structure',
    '{"{":1,"[":2,":":3,",":4,"\\"":5,"\\\\":6}',
    { '{': 1, '[': 2, ':': 3, ',': 4, '"': 5, '\\': 6 },
  ],
  [
    'brackets by the thousand in a string',
    JSON.stringify({ a: '[{'.repeat(10_000) }),
    { a: '[{'.repeat(10_000) },
  ],
  ['names that differ in case', '{"a":1,"A":2}', { a: 1, A: 2 }],
  ['names that differ in Unicode normalization', '{"\u00e9":1,"e\u0301":2}', { '\u00e9': 1, 'e\u0301': 2 }],
  ['an empty name', '{"":1}', { '': 1 }],
  ['__proto__ as a value', '{"a":"__proto__"}', { a: '__proto__' }],
  [
    'names that objects inherit',
    '{"constructor":1,"toString":2,"hasOwnProperty":3}',
    { constructor: 1, toString: 2, hasOwnProperty: 3 },
  ],
  ['big numbers, as doubles', '{"n":12345678901234567890,"m":-1E-400}', { n: 12345678901234567890, m: -0 }],
  ['an escape for every kind of character', '{"a":"\\u0061\\n\\/\\ud83d\\ude00"}', { a: 'a\n/😀' }],
  ['32 levels', nested(32), JSON.parse(nested(32))],
])('A body is read: %s', (_, body, value) => {
  expect(outcome(body)).toEqual({ value });
});

it.each<[string, Buffer | string, string]>([
  ['a member twice', '{"a":1,"a":1}', twice('a')],
  ['a member twice, not side by side', '{"a":{"b":[{}]},"c":"a","a":2}', twice('a')],
  ['a member twice, once escaped', '{"a":1,"\\u0061":2}', twice('a')],
  ['a member twice, escaped in two ways', '{"\\u002F":1,"\\/":2}', twice('/')],
  ['a member twice, a letter in hexadecimal of either case', '{"\\u00eb":1,"\\u00EB":2}', twice('ë')],
  ['a member twice, as a surrogate pair', '{"😀":1,"\\ud83d\\ude00":2}', twice('😀')],
  ['a member twice, spaced apart', '{"a" \n\t: 1 , "a"\r:2}', twice('a')],
  ['a member twice, deep inside', '[[{"x":[{"a":1,"b":2,"a":3}]}]]', twice('a')],
  ['a member twice, behind a string that ends in backslashes', '{"x":"\\\\","a":1,"a":2}', twice('a')],
  ['a member twice, with a quote in its name', '{"\\"":1,"\\u0022":2}', twice('"')],
  ['an empty name twice', '{"":1,"":2}', twice('')],
  ['an inherited name twice', '{"constructor":1,"constructor":2}', twice('constructor')],
  ['1,001 members', `{${members(1_001)}}`, TOO_MANY],
  ['1,001 members of two objects', `[{${members(1_000)}},{"a":1}]`, TOO_MANY],
  ['2,501 values in arrays', `{"a":[${'{},'.repeat(1_249)}{}]}`, TOO_MANY_VALUES],
  ['2,501 values of an array', `[${'1,'.repeat(2_499)}1,1]`, TOO_MANY_VALUES],
  ['1,001 members, never closed', `{${members(1_001)}`, TOO_MANY],
  ['a string, never closed', '{"a":"', NOT_JSON],
  ['a name with a broken escape', '{"\\u12":1}', NOT_JSON],
  ['__proto__', '{"__proto__":{"a":1}}', PROTO],
  ['__proto__, escaped', '{"\\u005f_proto_\\u005F":{}}', PROTO],
  ['__proto__, inside', '{"a":[{"__proto__":null}]}', PROTO],
  ['33 levels', nested(33), TOO_DEEP],
  ['33 levels of objects', '{"a":'.repeat(33) + '1' + '}'.repeat(33), TOO_DEEP],
  ['10,000 levels', nested(10_000), TOO_DEEP],
  ['as many levels as a body can have', nested(32_768), TOO_DEEP],
  ['10,000 levels, never closed', '['.repeat(10_000), TOO_DEEP],
  ['spaces', '  ', NOT_JSON],
  ['a byte order mark alone', bytes([0xef, 0xbb, 0xbf]), NOT_JSON],
  ['two byte order marks', bytes([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], '{}'), NOT_JSON],
  ['a form', 'client_name=My+app', NOT_JSON],
  ['two values', '{}{}', NOT_JSON],
  ['a trailing comma', '{"a":1,}', NOT_JSON],
  ['a comment', '{/**/}', NOT_JSON],
  ['single quotes', "{'a':1}", NOT_JSON],
  ['NaN', '{"a":NaN}', NOT_JSON],
  ['a line feed in a string', '{"a":"\n"}', NOT_JSON],
  ['a NUL after it', '{}\0', NOT_JSON],
  ['a no-break space around it', '\u00a0{}', NOT_JSON],
  ['Latin-1', bytes('{"a":"', [0xe9], '"}'), NOT_UTF8],
  ['a character that is cut off', bytes('{"a":"', [0xe2, 0x82]), NOT_UTF8],
  ['an overlong quote', bytes('{"a":"', [0xc0, 0xa2], '"}'), NOT_UTF8],
  ['a surrogate in UTF-8', bytes('{"a":"', [0xed, 0xa0, 0x80], '"}'), NOT_UTF8],
  ['a character above U+10FFFF', bytes('"', [0xf4, 0x90, 0x80, 0x80], '"'), NOT_UTF8],
  ['UTF-16 with a byte order mark', Buffer.from('\ufeff{}', 'utf16le'), NOT_UTF8],
  ['UTF-16 without one', Buffer.from('{}', 'utf16le'), NOT_JSON],
])('A body is rejected: %s', (_, body, description) => {
  expect(outcome(body)).toEqual(refusal(description));
});

it('A rejected body leaves no trace in the next one', () => {
  expect(outcome(bytes('"', [0xe2, 0x82]))).toEqual(refusal(NOT_UTF8));
  expect(outcome('"é"')).toEqual({ value: 'é' });
});

it('The name in a rejection is truncated after 100 characters', () => {
  const name = 'a'.repeat(1000);
  expect(outcome(`{"${name}":1,"${name}":2}`)).toEqual(refusal(twice('a'.repeat(100))));
});

it.each(['in an array', 'outside of everything'])(
  'reads no string again for each of a thousand colons after it, %s',
  (where) => {
    const parse = jest.spyOn(JSON, 'parse');
    const string = `"${'a\\n'.repeat(20_000)}"${':'.repeat(1000)}`;
    const text = where === 'in an array' ? `[${string}]` : string;
    expect(() => parseStrictJson(text)).toThrow('must be valid JSON');
    expect(parse.mock.calls.length).toBeLessThanOrEqual(1);
    parse.mockRestore();
  },
);
