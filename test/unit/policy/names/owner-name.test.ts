import { textWorkOf } from '../../../support/measurements/text-work.js';
import { isOwnerName, ownerName, ownerNameFaults } from '../../../../src/policy/names/owner-name.js';

it.each([
  ['spaces', ' acme '],
  ['no-break spaces', 'acme\u00a0'],
  ['ideographic and figure spaces', '\u3000acme\u2007'],
])('The name of an owner has no white space at its ends: %s', (_, name) => {
  expect(ownerName(name)).toBe('acme');
  expect(ownerNameFaults(name)).toEqual([]);
  expect(isOwnerName(name)).toBe(false);
});

it('The name of an owner is composed', () => {
  expect(ownerName('Zoe\u0308')).toBe('Zo\u00eb');
  expect(isOwnerName('Zoe\u0308')).toBe(false);
  expect(isOwnerName('Zo\u00eb')).toBe(true);
});

it.each([
  ['Greek letters of four parts', '\u1f82'],
  ['syllables', '\ud55c'],
  ['letters beyond the Basic Multilingual Plane', '\u{1109a}'],
])('The longest name may come in its parts: %s', (_, letter) => {
  const name = letter.repeat(255);
  expect(name.normalize('NFD').length).toBeGreaterThan(510);
  expect(ownerName(name.normalize('NFD'))).toBe(name);
  expect(ownerNameFaults(name.normalize('NFD'))).toEqual([]);
});

it('Rejects a name of an owner that is too long before normalizing it', () => {
  const marks = `a${'\u0301\u0323'.repeat(32_000)}`;
  const { normalized } = textWorkOf(() => {
    expect(ownerNameFaults(marks)).toEqual(['must be 1 to 255 characters long']);
    expect(isOwnerName(marks)).toBe(false);
  });
  expect(normalized).toBe(0);
});

it.each([
  'acme',
  'Acme Corp',
  'auth0|5f7c8ec7c33c6c004bbafe82',
  'https://idp.example/users/1',
  'اسم',
  'สำนักงานน้ำ',
  'ບໍລິສັດນ້ຳ',
  '株式会社アクメ',
  'हिन्दी',
  'Zoë & Søn',
  'ООО Ромашка',
  'Яндекс.Cloud',
  'Ελληνική Τράπεζα (HB)',
  'บริษัทABC',
  'LINEヤフー',
  'ラーメン二郎',
  '統一企業',
  'Top一番',
  'A社',
  '네이버Cloud',
  'บริษัทABC จำกัด',
  'ABCไทย',
  'Yıldız Holding A.Ş.',
  'Łódź Sp. z o.o.',
  'Ærø & Œuvre',
  'Eʋegbe Ɖekawɔwɔ',
  'Công ty Ơn',
  'Ɓalewa',
  'Яндекс24',
  'ООО "Альфа-Банк"',
  'Ուսում (կրթություն)',
  'בית־ספר',
  'شركة ١٢٣',
  'बैंक १२',
  'Acme 🚀',
  '“Acme” ©',
  'ᏣᎳᎩ',
  'x'.repeat(255),
])('May be the name of an owner: %s', (name) => {
  expect(isOwnerName(name)).toBe(true);
});

it.each([
  ['nothing', ''],
  ['a space', ' '],
  ['256 characters', 'x'.repeat(256)],
  ['a line feed inside', 'ac\nme'],
  ['a control character', 'acme\u0007'],
  ['a no-break space inside', 'acme\u00a0corp'],
  ['an en space inside', 'acme\u2002corp'],
  ['two spaces, which a page shows as one', 'acme  corp'],
  ['a zero-width space', 'ac\u200bme'],
  ['a joiner, which a name of a client may need', 'می\u200cخواهم'],
  ['a variation selector', 'acme\ufe0f'],
  ['a bidirectional override', '\u202eemca'],
  ['half a surrogate pair', 'acme\ud83d'],
  ['a Cyrillic letter among Latin ones', '\u0430cme'],
  ['a Greek letter among Latin ones', 'acm\u03b5'],
  ['Greek and Cyrillic letters', '\u03bf\u0431\u0440\u0430\u0437'],
  ['an Armenian letter among Latin ones', 'gօօgle'],
  ['a Cherokee letter among Latin ones', 'Ꭺcme'],
  ['a Lisu letter among Latin ones', 'ꓮcme'],
  ['a Coptic letter among Latin ones', 'ⲁcme'],
  ['a Hebrew letter among Latin ones', 'acmeו'],
  ['a Thai letter among Latin ones', 'Acเme'],
  ['a Cyrillic letter and a digit', 'о1acme'],
  ['a Bengali digit among Latin letters', 'acme০'],
  ['an Arabic digit among Latin letters', 'acme٥'],
  ['Hebrew punctuation among Latin letters', 'acme׃x'],
  ['a Hebrew hyphen among Latin letters', 'acme־x'],
])('Must not be the name of an owner: %s', (_, name) => {
  expect(ownerNameFaults(name)).not.toEqual([]);
  expect(isOwnerName(name)).toBe(false);
});

it.each([undefined, null, 1, ['acme'], {}])('Is no name of an owner: %j', (value) => {
  expect(isOwnerName(value)).toBe(false);
});

it.each([
  ['in full-width letters', 'ａcme', 'acme'],
  ['in half-width katakana', 'ｱｸﾒ', 'アクメ'],
  ['with a ligature', 'oﬃce', 'office'],
  ['in letters that are symbols', '𝐚cme', 'acme'],
  ['with a letter in a circle', 'ⓐcme', 'acme'],
  ['with a superscript', 'acme²', 'acme2'],
  ['with a long s', 'acmeſ', 'acmes'],
  ['with a vowel in its parts', 'น\u0e4d\u0e32', 'นำ'],
])('Is rejected as the name of an owner, with the name to send: %s', (_, name, ordinary) => {
  expect(ownerNameFaults(name)).toEqual([
    `must not contain full-width letters, ligatures or other compatibility characters; send "${ordinary}"`,
  ]);
  expect(ownerNameFaults(ordinary)).toEqual([]);
  expect(isOwnerName(name)).toBe(false);
});

it.each([
  ['a hyphen', 'acme‐x', 'acme-x'],
  ['an en dash', 'acme – x', 'acme - x'],
  ['an em dash', 'acme—x', 'acme-x'],
  ['a minus sign', 'acme−x', 'acme-x'],
  ['a vowel sign of Katakana like a dash', 'acmeーx', 'acme-x'],
  ['an ideograph like a dash', 'acme一x', 'acme-x'],
  ['an apostrophe', 'L’Oréal', "L'Oréal"],
  ['a colon that is a letter', 'acme꞉x', 'acme:x'],
  ['a slash', 'acme∕x', 'acme/x'],
  ['a click letter like a bar', 'acmeǀx', 'acmelx'],
  ['a phonetic a', 'ɑcme', 'acme'],
  ['a phonetic g', 'ɡoogle', 'google'],
  ['small capitals', 'ᴏᴠᴇɴ', 'oven'],
])('Is rejected as the name of an owner, with the name to send: it has %s', (_, name, similar) => {
  expect(ownerNameFaults(name)).toEqual([
    `must not contain characters that look like ASCII ones; send ${JSON.stringify(similar)}`,
  ]);
  expect(isOwnerName(name)).toBe(false);
});

it('No other name is proposed if the name would be too long in ordinary characters', () => {
  expect(ownerNameFaults('\ufdfa'.repeat(255))).toEqual([
    'must not contain full-width letters, ligatures or other compatibility characters; send ordinary letters',
  ]);
});
