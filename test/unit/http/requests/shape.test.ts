import {
  Flag,
  MayBeAbsent,
  Member,
  type MemberSorter,
  OneOf,
  readShape,
  Text,
  TextList,
} from '../../../../src/http/requests/shape.js';
import { RegistryError } from '../../../../src/errors/registry-error.js';

class Body {
  @Text()
  name!: string;

  @MayBeAbsent()
  @Text()
  note?: string;

  @MayBeAbsent()
  @Flag()
  flag?: boolean;

  @MayBeAbsent()
  @OneOf(['red', 'blue'])
  colour?: string;

  @MayBeAbsent()
  @TextList()
  texts?: string[];

  @MayBeAbsent()
  @TextList(['a', 'b'])
  letters?: string[];

  @MayBeAbsent()
  @Member()
  object?: object;
}

const KNOWN = ['name', 'note', 'flag', 'colour', 'texts', 'letters', 'object'];
const sort: MemberSorter = (member) =>
  KNOWN.includes(member) ? 'accepted' : member.startsWith('ignored') ? 'ignored' : 'rejected';

/** What is read of a body, as plain data. */
function read(raw: unknown) {
  const { body, faults } = readShape(Body, raw, sort);
  return { body: { ...body }, faults };
}

const TEXT = ['must be a string'];
const FLAG = ['must be true or false'];
const COLOUR = ['must be one of red, blue'];
const TEXTS = ['must be an array of strings'];
const LETTERS = ['must be an array of one or more of a, b'];
const OBJECT = ['must be an object'];
const UNKNOWN = ['is not supported; omit it'];
const SET_BY_THE_SERVER = ['is set by the server; omit it'];

it.each([
  ['what must be there', { name: 'n' }],
  [
    'every member',
    {
      name: 'n',
      note: '',
      flag: false,
      colour: 'red',
      texts: ['x'],
      letters: ['b', 'a'],
      object: { a: [1] },
    },
  ],
  ['empty lists and objects', { name: '', texts: [], letters: [], object: {} }],
])('Members of the right type are read as they are: %s', (_, raw) => {
  expect(read(raw)).toEqual({ body: raw, faults: {} });
});

it.each<[string, object, object, object]>([
  ['a required member that is not there', {}, {}, { name: ['is required and must be a string'] }],
  ['null for a required member', { name: null }, {}, { name: TEXT }],
  [
    'null for every other member (D10)',
    { name: 'n', note: null, flag: null, colour: null, texts: null, letters: null, object: null },
    { name: 'n' },
    {
      note: TEXT,
      flag: FLAG,
      colour: COLOUR,
      texts: TEXTS,
      letters: LETTERS,
      object: OBJECT,
    },
  ],
  [
    'a number for each',
    { name: 1, note: 1, flag: 1, colour: 1, texts: 1, letters: 1, object: 1 },
    {},
    {
      name: TEXT,
      note: TEXT,
      flag: FLAG,
      colour: COLOUR,
      texts: TEXTS,
      letters: LETTERS,
      object: OBJECT,
    },
  ],
  [
    'a string for each',
    { name: 'n', flag: 'true', texts: 'x', letters: 'a', object: '{}' },
    { name: 'n' },
    {
      flag: FLAG,
      texts: TEXTS,
      letters: LETTERS,
      object: OBJECT,
    },
  ],
  [
    'a list for each',
    { name: ['n'], note: [], flag: [true], colour: ['red'], object: [] },
    {},
    {
      name: TEXT,
      note: TEXT,
      flag: FLAG,
      colour: COLOUR,
      object: OBJECT,
    },
  ],
  [
    'an object for each',
    { name: {}, flag: {}, colour: {}, texts: { 0: 'x', length: 1 }, letters: {} },
    {},
    {
      name: TEXT,
      flag: FLAG,
      colour: COLOUR,
      texts: TEXTS,
      letters: LETTERS,
    },
  ],
  ['a value in another case', { name: 'n', colour: 'Red' }, { name: 'n' }, { colour: COLOUR }],
  ['an inherited name for a value', { name: 'n', colour: 'constructor' }, { name: 'n' }, { colour: COLOUR }],
  [
    'one wrong entry in each list',
    { name: 'n', texts: ['x', 1], letters: ['a', 'c'] },
    { name: 'n' },
    { texts: TEXTS, letters: LETTERS },
  ],
  [
    'null in each list',
    { name: 'n', texts: [null], letters: [null] },
    { name: 'n' },
    { texts: TEXTS, letters: LETTERS },
  ],
  [
    'a list in each list',
    { name: 'n', texts: [['x']], letters: [['a']] },
    { name: 'n' },
    { texts: TEXTS, letters: LETTERS },
  ],
  [
    'unknown members beside known ones',
    { name: 'n', other: 1, org_id: 'x' },
    { name: 'n' },
    { other: UNKNOWN, org_id: SET_BY_THE_SERVER },
  ],
  [
    'unknown members that objects inherit',
    JSON.parse('{"name":"n","constructor":{},"toString":1}') as object,
    { name: 'n' },
    {
      constructor: UNKNOWN,
      toString: UNKNOWN,
    },
  ],
  ['an ignored member of any type', { name: 'n', ignored: null, ignored2: { deep: [] } }, { name: 'n' }, {}],
  [
    'everything wrong in one answer',
    { note: 1, flag: 0, other: 1 },
    {},
    {
      name: ['is required and must be a string'],
      note: TEXT,
      flag: FLAG,
      other: UNKNOWN,
    },
  ],
])('A wrong member is named and left out, the others are read: %s', (_, raw, body, faults) => {
  expect(read(raw)).toEqual({ body, faults });
});

it.each([
  ['nothing', undefined],
  ['null', null],
  ['a list', [{ name: 'n' }]],
  ['a string', '{"name":"n"}'],
  ['a number', 0],
  ['true', true],
])('A body that is not an object is an invalid_request (D6): %s', (_, raw) => {
  expect(() => read(raw)).toThrow(
    new RegistryError(
      'invalid_request',
      'The request body must be a JSON object with the Content-Type application/json.',
    ),
  );
  expect(() => read(raw)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400 }));
});

it('What was read is an instance of its class, with nothing of the request in its prototype', () => {
  const { body } = readShape(Body, { name: 'n' }, sort);
  expect([body instanceof Body, Object.getPrototypeOf(body) === Body.prototype]).toEqual([true, true]);
});

it.each([
  ['of a text', '{"name":{"constructor":"x"}}', {}, { name: TEXT }],
  ['of an entry of a list', '{"name":"n","texts":[{"constructor":"x"}]}', { name: 'n' }, { texts: TEXTS }],
  ['of a prototype', '{"name":{"constructor":{"prototype":null}}}', {}, { name: TEXT }],
])('A member called "constructor" in the place %s is a fault like any other', (_, json, body, faults) => {
  expect(read(JSON.parse(json))).toEqual({ body, faults });
});

it.each([
  ['constructor', '{"keys":[{"kty":"RSA","constructor":"x"}]}'],
  ['constructor, of null', '{"keys":[{"kty":"RSA","constructor":null}]}'],
  ['toString and valueOf', '{"keys":[{"kty":"RSA","toString":"x","valueOf":1}]}'],
  ['then, map and size', '{"then":"x","map":[],"size":1}'],
])('Keeps nested members with any name: %s', (_, json) => {
  const object = JSON.parse(json) as object;
  expect(read({ name: 'n', object })).toEqual({ body: { name: 'n', object }, faults: {} });
});
