import type { Rule } from './rules.js';

/** Replaces each character by the one that it can be mistaken for: the skeleton of Unicode UTS #39 §4. */
export type Skeleton = (text: string) => string;

/** Letters and digits that a reserved name needs: shorter ones are a part of half of all names. */
const MIN_LETTERS = 3;

/** Of a name as it is compared: some characters stand for eighteen others, and nobody reads that far. */
const MAX_LENGTH = 510;

const BETWEEN_WORDS = /[^\p{L}\p{N}]+/gu;
const MARKS = /[\p{M}\p{Cf}]/gu;
/** Signs beside a word that NFKC would make letters or digits of it: trademark signs, modifier letters, raised and enclosed numbers. */
const SIGNS = /[\u2120\u2122\u{1f12a}-\u{1f12f}\u{1f16a}-\u{1f16c}\p{Lm}\p{No}]/gu;

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

/** Foreign characters whose Latin is remembered. */
const MAX_REMEMBERED = 5_000;

/**
 * Folds names to the words that somebody takes them for who reads them in passing: without accents, signs and the difference between
 * large and small, and the same for letters that look the same. I and l do, but then so do i and l.
 */
export function nameFolder(skeleton: Skeleton): (name: string) => string[] {
  const known = new Map<string, string>();
  const foreign = (character: string) => {
    let latin = known.get(character);
    if (latin === undefined) {
      latin = latinOf(character, skeleton);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(character, latin);
    }
    return latin;
  };
  return (name) => {
    const plain = name.replace(SIGNS, ' ').normalize('NFKC').slice(0, MAX_LENGTH);
    const seen = plain.normalize('NFD').replace(BEYOND_ASCII, foreign);
    const lower = skeleton(seen).toLowerCase().normalize('NFD');
    return skeleton(lower).replace(MARKS, '').replaceAll('i', 'l').split(BETWEEN_WORDS).filter(Boolean);
  };
}

/** The Latin letters that a character looks like, if need be in the size in which it does: т, unlike Т, is no t to Unicode. */
function latinOf(character: string, skeleton: Skeleton): string {
  const place = SMALL_CAPITALS.indexOf(character);
  if (place >= 0) return String.fromCharCode(FIRST_LETTER + place);
  const asItIs = skeleton(character);
  if (LATIN.test(asItIs)) return asItIs;
  const inCapitals = skeleton(character.toUpperCase());
  return LATIN.test(inCapitals) ? inCapitals : asItIs;
}

/**
 * Says which of the reserved names a name poses as; undefined: none. A plain one stands for whole words at the beginning of a name, since
 * software is called after the server that it connects to ("Example for Acme"). They are folded once, here.
 */
export function reservedNameIn(
  reserved: readonly string[],
  skeleton: Skeleton,
): (name: string) => string | undefined {
  const fold = nameFolder(skeleton);
  const articles = new Set(ARTICLES.flatMap(fold));
  const folded = reserved.map((entry) => ({
    entry,
    text: fold(entry).join(''),
    isAnywhere: ANYWHERE.test(entry),
  }));
  const longest = Math.max(...folded.map(({ text }) => text.length));
  return (name) => {
    const words = fold(name);
    const whole = words.join('');
    const beginnings = beginningsOf(words, articles, longest);
    return folded.find(({ text, isAnywhere }) => (isAnywhere ? whole.includes(text) : beginnings.has(text)))
      ?.entry;
  };
}

/** What whole words a name begins with, run together as "ExampleDesktop" is for "Example Desktop", after any articles. */
function beginningsOf(words: string[], articles: ReadonlySet<string>, longest: number): ReadonlySet<string> {
  const beginnings = new Set<string>();
  for (let start = 0; start < words.length; start++) {
    let beginning = '';
    for (let i = start; i < words.length && beginning.length < longest; i++) {
      beginning += words[i];
      beginnings.add(beginning);
    }
    if (!articles.has(words[start]!)) break;
  }
  return beginnings;
}

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
    faults: ({ name, translations = {} }) => {
      const translated = Object.entries(translations).filter(([member]) => member.startsWith('client_name#'));
      const names = [name ?? '', ...translated.map(([, value]) => value)];
      const posed = names.filter((each) => !known.includes(each.trim())).map(reservedIn);
      return [...new Set(posed.filter((each) => each !== undefined))].map(reservedNameFault);
    },
  };
}
