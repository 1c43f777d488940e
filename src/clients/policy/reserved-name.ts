import type { Rule } from './rules.js';

/** Replaces each character by the one that it can be mistaken for: the skeleton of Unicode UTS #39 §4. */
export type Skeleton = (text: string) => string;

/** Letters and digits that a reserved name needs: shorter ones are a part of half of all names. */
const MIN_LETTERS = 3;

/** Of a name as it is compared: some characters stand for eighteen others, and nobody reads that far. */
const MAX_LENGTH = 510;

const NEITHER_LETTER_NOR_DIGIT = /[^\p{L}\p{N}]/gu;

/** Whether `value` can be reserved. */
export function isReservable(value: string): boolean {
  return [...value.normalize('NFKC').replace(NEITHER_LETTER_NOR_DIGIT, '')].length >= MIN_LETTERS;
}

const BEYOND_ASCII = /[^\0-\x7f]/gu;
const LATIN = /^[a-z0-9]+$/i;

/** Unicode takes small capitals for letters of their own: in the order of the alphabet, and there is none of x. */
const SMALL_CAPITALS = [...'ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ'];
const FIRST_LETTER = 'a'.charCodeAt(0);

/** Foreign characters whose Latin is remembered. */
const MAX_REMEMBERED = 5_000;

/**
 * Folds names to what somebody takes them for who reads them in passing: without accents, spaces, signs and the difference between
 * large and small, and the same for letters that look the same. I and l do, but then so do i and l.
 */
export function nameFolder(skeleton: Skeleton): (name: string) => string {
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
    const seen = name.normalize('NFKC').slice(0, MAX_LENGTH).normalize('NFD').replace(BEYOND_ASCII, foreign);
    const lower = skeleton(seen).toLowerCase().normalize('NFD');
    return skeleton(lower).replace(NEITHER_LETTER_NOR_DIGIT, '').replaceAll('i', 'l');
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

/** Says which of the reserved names a name contains, anywhere; undefined: none. They are folded once, here. */
export function reservedNameIn(
  reserved: readonly string[],
  skeleton: Skeleton,
): (name: string) => string | undefined {
  const fold = nameFolder(skeleton);
  const folded = reserved.map((name) => ({ name, folded: fold(name) }));
  return (name) => {
    const candidate = fold(name);
    return folded.find((each) => candidate.includes(each.folded))?.name;
  };
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
      return [...new Set(posed.filter((each) => each !== undefined))].map(
        (each) => `must not be taken for the reserved name ${JSON.stringify(each)}, in no language`,
      );
    },
  };
}
