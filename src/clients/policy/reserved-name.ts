import type { ExtendedMetadata } from './client.js';
import type { Rule } from './rules.js';
import { MAX_TEXT_LENGTH } from './text.js';

/** Replaces each character by the one that it can be mistaken for: the skeleton of Unicode UTS #39 §4. */
export type Skeleton = (text: string) => string;

/** Letters and digits that a reserved name needs: shorter ones are a part of half of all names. */
const MIN_LETTERS = 3;

const BETWEEN_WORDS = /[^\p{L}\p{N}]+/gu;
const MARKS = /[\p{M}\p{Cf}]/gu;

/** `*acme*`: anywhere in a name, also inside of a word. */
const ANYWHERE = /^\*([^*]+)\*$/;

/** What may stand before a name without making it another. */
const ARTICLES = ['the', 'my', 'official'];

/** Whether `value` can be reserved: a name, or `*name*`. */
export function isReservable(value: string): boolean {
  const name = ANYWHERE.exec(value)?.[1] ?? value;
  return !name.includes('*') && [...name.normalize('NFKC').replace(BETWEEN_WORDS, '')].length >= MIN_LETTERS;
}

const BEYOND_ASCII = /[^\0-\x7f]/gu;
const LATIN = /^[a-z0-9]+$/i;

/** Unicode takes small capitals for letters of their own: in the order of the alphabet, and there is none of x. */
const SMALL_CAPITALS = [...'ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ'];
const FIRST_LETTER = 'a'.charCodeAt(0);

/** Symbols that show a letter, and that no normalization makes one of: negative circled, negative squared, of flags. */
const LETTER_SYMBOLS = [0x1f150, 0x1f170, 0x1f1e6];

/** Characters of which it is remembered what they look like. */
const MAX_REMEMBERED = 5_000;

/** Signs beside a word that are also letters or digits: trademark signs, modifier letters, raised and enclosed numbers. */
const SIGNS = /[\u2120\u2122\u{1f12a}-\u{1f12f}\u{1f16a}-\u{1f16c}\p{Lm}\p{No}]/gu;
/** Words of digits alone: "1. Acme" is read as "Acme". */
const NUMBERS = /(?<![\p{L}\p{N}])\p{N}+(?![\p{L}\p{N}])/gu;

/** Scripts that put no spaces between words. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]$/u;

/** Digits and signs that are read as a letter where one is expected. 0 and 1 look like one, and need no mention. */
const READ_AS: Partial<Record<string, string>> = {
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '€': 'e',
  '£': 'l',
  '!': 'l',
  '+': 't',
};
const READ_AS_LETTER = /[2-9@$€£!+]/g;

const compatible = (character: string) => character.normalize('NFKC');

/** What a character is read as: itself, one that Unicode holds to be the same, or a letter that it stands for. */
const WAYS_TO_READ: readonly ((character: string) => string)[] = [
  (character) => character,
  compatible,
  (character) => compatible(character).replace(READ_AS_LETTER, (sign) => READ_AS[sign]!),
];

const withoutMarks = (text: string) => text.normalize('NFD').replace(MARKS, '');

/** The Latin letters that a character looks like, if need be in the size in which it does: т, unlike Т, is no t to Unicode. */
function latinOf(character: string, skeleton: Skeleton): string {
  const place = SMALL_CAPITALS.indexOf(character);
  if (place >= 0) return String.fromCharCode(FIRST_LETTER + place);
  const code = character.codePointAt(0)!;
  const first = LETTER_SYMBOLS.find((first) => code >= first && code < first + 26);
  if (first !== undefined) return String.fromCharCode(FIRST_LETTER + code - first);
  const asItIs = withoutMarks(skeleton(character));
  if (LATIN.test(asItIs)) return asItIs;
  const inCapitals = withoutMarks(skeleton(character.toUpperCase()));
  return LATIN.test(inCapitals) ? inCapitals : asItIs;
}

/** What a character is to somebody who reads in passing. */
interface Glyph {
  /** Letters and digits, with a space or a hyphen for what separates them; empty for a mark. */
  text: string;
  isSeparator: boolean;
  isUnspaced: boolean;
}

/** Between words a space, between parts of one a hyphen. */
const separatorOf = (between: string) => (/\s/u.test(between) ? ' ' : '-');

/** Latin letters and digits where there are any that look so, small, without accents. I looks like l, but then so does i. */
function glyphOf(character: string, skeleton: Skeleton): Glyph {
  const seen = withoutMarks(character).replace(BEYOND_ASCII, (each) => latinOf(each, skeleton));
  const small = withoutMarks(skeleton(withoutMarks(skeleton(seen).toLowerCase()))).replaceAll('i', 'l');
  const text = small.replace(BETWEEN_WORDS, separatorOf);
  return { text, isSeparator: /^[ -]+$/.test(text), isUnspaced: UNSPACED.test(seen) };
}

/** Runs glyphs together to words. Letters that stand one by one, as in "A C M E", are parts of one. */
function wordsOf(glyphs: readonly Glyph[]): string {
  const words: { text: string; isLone: boolean; before: string }[] = [];
  let before = '';
  let last: Glyph | undefined;
  for (const glyph of glyphs) {
    const { text, isSeparator, isUnspaced } = glyph;
    const word = words.at(-1);
    if (isSeparator) before += text;
    else if (word && before === '' && last?.isUnspaced === isUnspaced) {
      word.text += text;
      word.isLone = false;
    } else {
      words.push({ text, isLone: true, before: before || ' ' });
      before = '';
    }
    last = isSeparator ? undefined : glyph;
  }
  return words
    .map(({ text, isLone, before }, i) => (isLone && words[i - 1]?.isLone ? `-${text}` : before + text))
    .join('')
    .replace(/[ -]+/g, separatorOf)
    .replace(/^[ -]|[ -]$/g, '');
}

/** All that a text may be taken for, each once. Most names have one reading. */
type Read = (text: string) => string[];

function reader(skeleton: Skeleton): Read {
  const ways = WAYS_TO_READ.map((read) => {
    const known = new Map<string, Glyph>();
    return (character: string) => {
      let glyph = known.get(character);
      if (glyph === undefined) {
        glyph = glyphOf(read(character), skeleton);
        if (known.size >= MAX_REMEMBERED) known.clear();
        known.set(character, glyph);
      }
      return glyph;
    };
  });
  return (text) => {
    const withoutSigns = text.replace(SIGNS, ' ');
    const texts = new Set([
      text,
      withoutSigns,
      text.replace(NUMBERS, ' '),
      withoutSigns.replace(NUMBERS, ' '),
    ]);
    const readings = [...texts].flatMap((each) =>
      ways.map((glyphOf) => wordsOf([...each].map(glyphOf).filter(({ text }) => text !== ''))),
    );
    return [...new Set(readings)];
  };
}

/** A reserved name, prepared to be found. */
interface ReservedName {
  entry: string;
  isAnywhere: boolean;
  /** Letters and digits alone. */
  text: string;
  /** Finds it at the beginning of a name. */
  beginning: RegExp;
}

/** Words that a capital letter tells apart may be told apart by a space in a name. */
const CAPITAL_WITHIN = /(?<=\p{Ll})(?=\p{Lu})/gu;

function prepare(entry: string, read: Read, articles: string): ReservedName {
  const [words = ''] = read(entry.replaceAll('*', '').replace(CAPITAL_WITHIN, ' '));
  // A name may cut a word by a hyphen; by a space only where the entry has one
  const spelled = words.split(/[ -]/).map((word) => [...word].join('-?'));
  const end = UNSPACED.test(words) ? '' : '(?=[ -]|$)';
  return {
    entry,
    isAnywhere: ANYWHERE.test(entry),
    text: joined(words),
    beginning: new RegExp(`^(?:(?:${articles})[ -])*${spelled.join('[ -]?')}${end}`, 'u'),
  };
}

const joined = (words: string) => words.replace(/[ -]/g, '');

/**
 * Says which of the reserved names a name poses as; undefined: none. A plain one stands for whole words at the beginning of a name, since
 * software is called after the server that it connects to ("Example for Acme"), or for the name as a whole.
 */
export function reservedNameIn(
  reserved: readonly string[],
  skeleton: Skeleton,
): (name: string) => string | undefined {
  const read = reader(skeleton);
  const articles = ARTICLES.map((article) => read(article)[0]).join('|');
  const names = reserved.map((entry) => prepare(entry, read, articles));
  return (name) => {
    // What is longer is refused for that
    const readings = read([...name.slice(0, 2 * MAX_TEXT_LENGTH)].slice(0, MAX_TEXT_LENGTH).join(''));
    const wholes = readings.map(joined);
    return names.find(({ isAnywhere, text, beginning }) =>
      isAnywhere
        ? wholes.some((whole) => whole.includes(text))
        : wholes.includes(text) || readings.some((reading) => beginning.test(reading)),
    )?.entry;
  };
}

/** The names of a client in other languages. */
export const translatedNames = ({ translations = {} }: Pick<ExtendedMetadata, 'translations'>): string[] =>
  Object.entries(translations)
    .filter(([member]) => member.startsWith('client_name#'))
    .map(([, name]) => name);

/** What a developer is told to do. */
function reservedNameFault(entry: string): string {
  const name = ANYWHERE.exec(entry)?.[1];
  const remedy = 'or ask the operator of this server to create the client';
  return name === undefined
    ? `must not begin with the reserved name ${JSON.stringify(entry)}, in any language; put the name of your software first, as in ${JSON.stringify(`Example for ${entry}`)}, ${remedy}`
    : `must not contain the reserved name ${JSON.stringify(name)}, in any language; choose another name, ${remedy}`;
}

/**
 * No name, in no language, may pose as a reserved one.
 * @param known names that the client has already: an operator may have given them to it
 */
export function reservedNameRule(
  reservedIn: (name: string) => string | undefined,
  known: readonly string[] = [],
): Rule {
  return {
    field: 'name',
    faults: (draft) => {
      const names = [draft.name ?? '', ...translatedNames(draft)];
      const posed = names.filter((each) => !known.includes(each.trim())).map(reservedIn);
      return [...new Set(posed.filter((each) => each !== undefined))].map(reservedNameFault);
    },
  };
}
