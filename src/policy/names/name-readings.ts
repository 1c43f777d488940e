import { drawnLetters, joinSequences, LETTER_SYMBOLS, lettersForSigns } from './drawn-letters.js';
import { piecesOf, type Writing, withoutLettersLikeSigns, writingOf } from './scripts.js';

/** Replaces each character by the one that it can be mistaken for: the skeleton of Unicode UTS #39 §4. */
export type Skeleton = (text: string) => string;

/** All that a text may be taken for, each once: words of small letters and digits, with a space, a dot or a hyphen between them. */
export type Read = (text: string) => string[];

export const BETWEEN_WORDS = /[^\p{L}\p{N}]+/gu;
const MARKS = /[\p{M}\p{Cf}]/gu;
const MARK_ABOVE = /\p{Mn}/u;
const ASCII = /^[\0-\x7f]*$/;
const ASCII_WORDS = /^[a-z0-9 ]*$/i;
const LATIN = /^[a-z0-9]+$/i;
const LATIN_LETTER = /\p{sc=Latn}/u;

/** Scripts that put no spaces between words. */
export const UNSPACED =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]$/u;

/** Signs that are letters or digits, too: trademark signs, modifier letters, raised and enclosed numbers. */
const SIGN = String.raw`[\u2120\u2122\u{1f12a}-\u{1f12f}\u{1f16a}-\u{1f16c}\p{Lm}\p{No}]`;
/** Punctuation and symbols, and the signs. Many are drawn like letters. Letters in circles and of flags are none. */
const SYMBOL = String.raw`(?:${SIGN}|(?![\p{Alphabetic}\p{RI}])[\p{P}\p{S}])[\p{M}\p{Cf}]*`;
const SIGNS = new RegExp(SIGN, 'gu');
const SYMBOLS = new RegExp(SYMBOL, 'gu');
/** Symbols with space on both sides: "| Acme". */
const SYMBOLS_ALONE = new RegExp(String.raw`(?<!\S)(?:${SYMBOL})+(?!\S)`, 'gu');
/** Symbols with space on one side: "—Acme|". */
const SYMBOLS_AT_EDGES = new RegExp(
  String.raw`(?<!\S)(?:${SYMBOL})+|(?<!${SYMBOL})(?:${SYMBOL})+(?!\S)`,
  'gu',
);
/** Words of digits alone: "1. Acme" is read as "Acme". */
const NUMBERS = /(?<![\p{L}\p{N}])\p{N}+(?![\p{L}\p{N}])/gu;

/** Readings of a text: a symbol may represent a letter, separate words, or cut a word. */
const WAYS_TO_CUT: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.replace(SIGNS, ' ').replace(SYMBOLS_ALONE, ' '),
  (text) => text.replace(SYMBOLS_AT_EDGES, ' ').replace(SIGNS, ' '),
  // A hyphen is both: the end of a word, and nothing inside of one
  (text) => text.replace(SYMBOLS, '-'),
];

/** Separators between the labels of a host, before it (a scheme, a user) and after it (a port). */
const HOST_SEPARATORS = /[.:@。]/;

const withoutMarks = (text: string) => (ASCII.test(text) ? text : text.normalize('NFD').replace(MARKS, ''));

/** Digits of other scripts. They come in rows of ten, from zero. */
const DIGIT = /(?![0-9])\p{Nd}/u;
function digitOf(digit: string): string {
  let zero = digit.codePointAt(0)!;
  const code = zero;
  while (DIGIT.test(String.fromCodePoint(zero - 1))) zero--;
  return String((code - zero) % 10);
}

/** A character that Unicode holds to be the same, or the letter that is drawn by it, or by what it looks like. */
const compatible = (character: string, skeleton: Skeleton) => {
  const same = character.normalize('NFKC').replace(DIGIT, digitOf);
  const drawn = drawnLetters.get(same) ?? drawnLetters.get(withoutMarks(same));
  return drawn ?? (ASCII.test(same) ? same : (drawnLetters.get(skeleton(same)) ?? same));
};

/** What a character is read as: itself, another that shows the same, or the letter that it represents. */
const WAYS_TO_READ: readonly ((character: string, skeleton: Skeleton) => string)[] = [
  (character) => character,
  compatible,
  ...lettersForSigns.map(
    (letterFor) => (character: string, skeleton: Skeleton) => letterFor(compatible(character, skeleton)),
  ),
];
/** The way from which each of them differs, if it differs. */
const DIFFERS_FROM = [0, 0, 1, 1];
const AS_COMPATIBLE = 1;

/**
 * Letters of Latin orthographies, their marks, and what stands between words: as NFD. All others that are next to Latin letters are there
 * for their outline. Korean adds its particles to Latin words.
 */
const ORDINARY =
  /^(?:[a-zßæøđħıĸłŋœſ]\p{M}*|[\0-\x7f\p{Z}\p{Pd}\p{Cf}·‘’“”…]|\p{sc=Zinh}|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?)$/iu;
/** Words of scripts without spaces, before or after a Latin word. */
const UNSPACED_WORDS = new RegExp(
  '(?<!LETTER)(?:UNSPACED){2,}(?!OTHER)|(?<!OTHER)(?:UNSPACED){2,}(?!LETTER)'
    .replaceAll('OTHER', '(?![a-z0-9])LETTER')
    .replaceAll('LETTER', String.raw`[\p{L}\p{M}\p{N}]`)
    .replaceAll('UNSPACED', UNSPACED.source.slice(0, -1)),
  'giu',
);
/** Pictures of several characters, which are looked for only where one of these is. */
const PICTURES = new RegExp('\\p{RGI_Emoji}', 'gv');
const IN_PICTURES = /[\u200d\u20e3\p{RI}\p{EMod}]/u;
const asOne = (text: string) => (IN_PICTURES.test(text) ? text.replace(PICTURES, '\ufffd') : text);
/** Stands for any letter in a reading, or for none. */
export const ANY_LETTER = '*';
/** Stands for any letter. */
export const ONE_LETTER = '?';
const UNKNOWN_LETTER = '\ufffd';
const unknownAs = (text: string): Glyph => ({ text, isSeparator: false, isUnspaced: false });
const UNKNOWN = { one: unknownAs(UNKNOWN_LETTER), mixed: unknownAs(ANY_LETTER), rare: unknownAs(ONE_LETTER) };
const NO_LETTER = unknownAs('');
/** What an unknown letter may be in a word. No language has many of those Latin letters that are not ordinary. */
function unknownIn(writing: Writing, letter: string): Glyph {
  if (writing === 'rare') return MARK_ABOVE.test(letter) ? NO_LETTER : UNKNOWN.rare;
  return LATIN_LETTER.test(letter) ? UNKNOWN.mixed : UNKNOWN[writing];
}
const LATIN_LETTERS = /[a-z]/g;

/** An unknown letter is any one in a word that is mostly of Latin letters. Other words are foreign, and look like no Latin one. */
const withFewUnknown = (words: string) =>
  words.replace(/[^ .-]+/g, (word) => {
    const unknown = word.split(UNKNOWN_LETTER).length - 1;
    const isLatin = (word.match(LATIN_LETTERS) ?? []).length > unknown;
    return isLatin ? word.replaceAll(UNKNOWN_LETTER, ANY_LETTER) : word;
  });

/** The Latin letters that a character looks like, if need be in the size in which it does: т, unlike Т, is not a t to Unicode. */
function latinOf(character: string, skeleton: Skeleton): string {
  const same = skeleton(character);
  const shown = LETTER_SYMBOLS.get(character) ?? LETTER_SYMBOLS.get(same);
  if (shown !== undefined) return shown;
  const asItIs = withoutMarks(same);
  const capital = character.toUpperCase();
  if (LATIN.test(asItIs) || capital === character) return asItIs;
  const inCapitals = withoutMarks(skeleton(capital));
  return LATIN.test(inCapitals) ? inCapitals : asItIs;
}

/** The letter that a quick reader takes a character for. */
interface Glyph {
  /** Letters and digits, with a separator for other characters; empty for a mark. */
  text: string;
  isSeparator: boolean;
  isUnspaced: boolean;
}

/** Between words a space, between parts of a host a dot, between parts of a word a hyphen. */
const separatorOf = (between: string) => {
  if (/\s/u.test(between)) return ' ';
  return HOST_SEPARATORS.test(between) ? '.' : '-';
};
const ONLY_SEPARATORS = /^[ .-]+$/;

/** Latin letters and digits where there are any that look so, small, without accents. I looks like l, but then so does i. */
function glyphOf(character: string, skeleton: Skeleton): Glyph {
  const seen = ASCII.test(character) ? character : latinOf(character, skeleton);
  // Most characters that there are: no case, no accent, and nothing that they look like
  const isItself = seen === character && character.toLowerCase() === character && !ASCII.test(character);
  const small = isItself
    ? character
    : withoutMarks(skeleton(withoutMarks(skeleton(seen).toLowerCase()))).replaceAll('i', 'l');
  const text = small.replace(BETWEEN_WORDS, separatorOf);
  return { text, isSeparator: ONLY_SEPARATORS.test(text), isUnspaced: UNSPACED.test(seen) };
}

/** What has no other case, no compatible form, and is not a mark. */
const UNCHANGING = /^[^\0-\x7f\p{M}\p{Cf}\p{Nd}\p{CWKCF}\p{CWU}]$/u;
/** A syllable: the same composed and in its parts, since a name is composed before it is read. */
const HANGUL = /[\uac00-\ud7a3]/;

/** How closely a character has to be looked at. It fits in a byte, so that it can be remembered of all characters that there are. */
const [LETTER, UNSPACED_LETTER, SEPARATOR, CLOSER] = [1, 2, 3, 4];

/** Most characters can be read in one way only, as themselves. */
function closenessOf(character: string, skeleton: Skeleton): number {
  const isPlain =
    UNCHANGING.test(character) &&
    skeleton(character) === character &&
    !drawnLetters.has(character) &&
    !LETTER_SYMBOLS.has(character) &&
    (HANGUL.test(character) || character.normalize('NFD') === character);
  if (!isPlain) return CLOSER;
  const text = character.replace(BETWEEN_WORDS, separatorOf);
  if (text !== character) return text === '-' ? SEPARATOR : CLOSER;
  return UNSPACED.test(character) ? UNSPACED_LETTER : LETTER;
}

/** Several glyphs as one. */
const together = (glyphs: readonly Glyph[]): Glyph => ({
  text: glyphs.map(({ text }) => text).join(''),
  isSeparator: glyphs.length > 0 && glyphs.every(({ isSeparator }) => isSeparator),
  isUnspaced: glyphs.at(-1)?.isUnspaced ?? false,
});

/** Runs glyphs together to words. Single letters, as in "A C M E", are parts of one. */
function wordsOf(all: readonly Glyphs[], way: number): string {
  let words = '';
  let word = '';
  let [isLone, isBesideLone] = [false, false];
  // Separators before and after the word
  let [before, behind] = ['', ''];
  let last: Glyph | undefined;
  const endWord = () => {
    words += isLone && isBesideLone ? `-${word}` : before + word;
    isBesideLone = isLone && word !== '';
  };
  for (const glyphs of all) {
    const glyph = glyphs[way]!;
    if (glyph.text === '') continue;
    if (glyph.isSeparator) behind += glyph.text;
    else if (word !== '' && behind === '' && last?.isUnspaced === glyph.isUnspaced) {
      word += glyph.text;
      isLone = false;
    } else {
      endWord();
      [word, isLone, before, behind] = [glyph.text, true, behind || ' ', ''];
    }
    last = glyph;
  }
  endWord();
  return words.replace(/[ .-]{2,}/g, separatorOf).replace(/^[ .-]|[ .-]$/g, '');
}

/** The same as `look`, which is asked once for each argument. */
function remembered<T>(look: (character: string) => T): (character: string) => T {
  const known = new Map<string, T>();
  return (character) => {
    let value = known.get(character);
    if (value === undefined) {
      value = look(character);
      known.set(character, value);
    }
    return value;
  };
}

/** The same as `test`, which is asked once for each of all characters that there are. */
function rememberedTest(test: (character: string) => boolean): (character: string) => boolean {
  const known = new Uint8Array(0x110000);
  return (character) => {
    const code = character.codePointAt(0)!;
    known[code] ||= test(character) ? 2 : 1;
    return known[code] === 2;
  };
}

/** The glyphs of a character, one for each way to read, and the same one where two ways read the same. */
type GlyphsOf = (character: string) => readonly Glyph[];
type Glyphs = ReturnType<GlyphsOf>;

const inAllWays = (glyph: Glyph): readonly Glyph[] => [glyph, glyph, glyph, glyph];
const PLAIN_SEPARATOR = inAllWays({ text: '-', isSeparator: true, isUnspaced: false });

/**
 * Everything is looked at once: a request may bring a hundred long names in which no character comes twice. What takes a closer look is
 * some thousands of characters.
 */
function glyphReader(skeleton: Skeleton): GlyphsOf {
  const closeness = new Uint8Array(0x110000);
  const partOf = remembered((character) => glyphOf(character, skeleton));
  const closerLook = remembered((character) => {
    const glyphs = new Map<string, Glyph>();
    return WAYS_TO_READ.map((read) => {
      const text = read(character, skeleton);
      const glyph = glyphs.get(text) ?? together([...withoutMarks(text)].map(partOf));
      glyphs.set(text, glyph);
      return glyph;
    });
  });
  return (character) => {
    const code = character.codePointAt(0)!;
    closeness[code] ||= closenessOf(character, skeleton);
    if (closeness[code] === CLOSER) return closerLook(character);
    if (closeness[code] === SEPARATOR) return PLAIN_SEPARATOR;
    return inAllWays({
      text: character,
      isSeparator: false,
      isUnspaced: closeness[code] === UNSPACED_LETTER,
    });
  };
}

/** Reads texts. Most have one reading. */
export function reader(skeleton: Skeleton): Read {
  const glyphsOf = glyphReader(skeleton);
  const isOrdinary = rememberedTest((character) => ORDINARY.test(character.normalize('NFD')));
  /** Readings with unknown letters: those that look like no Latin letter, or all that are not ordinary. */
  const withUnknown = (text: string): string[] => {
    const words = ASCII.test(text) ? '' : asOne(text.replace(UNSPACED_WORDS, ' '));
    if (Array.from(words).every(isOrdinary)) return [];
    const glyphs = piecesOf(words).flatMap((piece) => {
      const writing = writingOf(piece);
      return Array.from(piece, (character) => {
        const glyph = glyphsOf(character)[AS_COMPATIBLE]!;
        if (isOrdinary(character)) return [glyph, glyph];
        const unknown = unknownIn(writing, character);
        const known = LATIN.test(glyph.text) ? glyph : unknown;
        // A digit of a rare script is used for its outline
        if (writing === 'rare') return DIGIT.test(character) ? [unknown, unknown] : [known, known];
        return [known, unknown];
      });
    });
    return [0, 1].map((way) => withFewUnknown(wordsOf(glyphs, way)));
  };
  /** The text with letters for what looks like several, in Latin letters of the same case where there is one. */
  const joinedText = (text: string) => {
    const latin = Array.from(text, (character) =>
      ASCII.test(character) ? character : glyphsOf(character)[AS_COMPATIBLE]!.text,
    ).join('');
    const all = joinSequences(latin);
    return all === latin ? [] : [all];
  };
  const readingsOf = (text: string): string[] => {
    const cut = ASCII_WORDS.test(text) ? [text] : WAYS_TO_CUT.map((cut) => cut(text));
    const texts = new Set([...cut, ...cut.map((each) => each.replace(NUMBERS, ' ')), ...joinedText(text)]);
    const readings = new Set<string>();
    for (const each of texts) {
      const characters = Array.from(each, glyphsOf);
      for (const way of WAYS_TO_READ.keys()) {
        const other = DIFFERS_FROM[way]!;
        const isNew = way === 0 || characters.some((glyphs) => glyphs[way] !== glyphs[other]);
        if (isNew) readings.add(wordsOf(characters, way));
      }
    }
    for (const each of new Set([text, text.replace(NUMBERS, ' ')])) {
      for (const reading of withUnknown(each)) readings.add(reading);
    }
    return [...readings];
  };
  return (name) => {
    const text = name.normalize('NFC');
    const shown = ASCII.test(text) ? text : withoutLettersLikeSigns(text);
    return shown === text ? readingsOf(text) : [...new Set([...readingsOf(text), ...readingsOf(shown)])];
  };
}
