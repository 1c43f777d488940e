/** Scripts in general use today: UAX #31, table 5. */
const RECOMMENDED = [
  'Arab Armn Beng Bopo Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira',
  'Kana Khmr Knda Laoo Latn Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt',
].flatMap((scripts) => scripts.split(' '));
/** Scripts of living languages in limited use: UAX #31, table 7, and Mongolian. */
const LIMITED = [
  'Adlm Bali Bamu Batk Cakm Cans Cham Cher Hmnp Java Kali Lana Lepc Limb Lisu Mand Mong Mtei',
  'Newa Nkoo Olck Osge Plrd Rohg Saur Sund Sylo Syrc Tale Talu Tavt Tfng Vaii Wcho Yiii',
].flatMap((scripts) => scripts.split(' '));
/** Scripts that are mixed in one word: UTS #39 §5.2, "highly restrictive". */
const MIXED = [
  ['Latn', 'Hani', 'Hira', 'Kana'],
  ['Latn', 'Hani', 'Bopo'],
  ['Latn', 'Hani', 'Hang'],
];

const classOf = (scripts: readonly string[], property = 'sc') =>
  `[${scripts.map((script) => `\\p{${property}=${script}}`).join('')}]`;
/** A letter in general use. */
const IN_USE = new RegExp(classOf(RECOMMENDED), 'u');
/** Characters of one writing system, and those of all: by Script_Extensions (UTS #39 §5.1). */
const WRITTEN = new RegExp(
  `^(?:${[...MIXED, ...RECOMMENDED.map((script) => [script])]
    .map((scripts) => `${classOf(['Zyyy', 'Zinh', ...scripts], 'scx')}*`)
    .join('|')})$`,
  'u',
);

/** The letters of a word are of one writing system, of scripts that none mixes, or of scripts that are in no general use. */
export type Writing = 'one' | 'mixed' | 'rare';

/** Tells which letters a word has. */
export function writingOf(word: string): Writing {
  if (WRITTEN.test(word)) return 'one';
  return IN_USE.test(word) ? 'mixed' : 'rare';
}

/** Ideographs that are numbers, strokes or parts of others, and no words. Those beyond the block in common use are words of no name. */
const IDEOGRAPH_LIKE_SIGN = String.raw`[一二三四五六七八九十〇丨丶丿亅乙乀乁乚乛丷亠冂冖凵匚匸冫勹卩厶囗口彡巛乂]|(?![\u4e00-\u9fff])\p{sc=Hani}`;
/** A letter that is a word in some language, and so no decoration: of Latin or Cyrillic, a syllable of Korean, an ideograph. */
const WORD_LETTER = String.raw`(?!\p{Lo})\p{sc=Latn}|[\p{sc=Cyrl}\uac00-\ud7a3]|(?!${IDEOGRAPH_LIKE_SIGN})\p{sc=Hani}`;
/**
 * Letters that form no word together: shapes, obsolete letters and vowels of Korean, letters without case of Latin and of no script,
 * finals of Canadian syllabics, and scripts of no living language.
 */
const SIGN_LETTER = [
  IDEOGRAPH_LIKE_SIGN,
  String.raw`[ロエノニㅁㅇㅏ-ㆎ\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\u141e-\u142a]`,
  String.raw`(?=\p{Lo})[\p{sc=Latn}\p{sc=Zyyy}]`,
  String.raw`(?!${classOf(['Zyyy', ...RECOMMENDED, ...LIMITED])})[\p{L}\p{Nl}]`,
].join('|');
/** What stands alone like a sign: "ㆍ Acme", "ㅁㆍ Acme". */
const SIGNS_ALONE = [
  // One letter where no language has a word, once or several times
  String.raw`(?!${WORD_LETTER})([\p{L}\p{Nl}]\p{M}*)\1*`,
  String.raw`(?:(?:${SIGN_LETTER})\p{M}*)+`,
  // Two different letters of a script in limited use, in any order: three may be a word
  String.raw`(LIMITED\p{M}*)\2*(?!\2)(LIMITED\p{M}*)(?:\2|\3)*`.replaceAll('LIMITED', classOf(LIMITED)),
].join('|');
const LETTER_LIKE_SIGN = new RegExp(
  // A hyphen joins a letter to a word, as in Hebrew
  String.raw`(?<![\p{L}\p{M}\p{N}־-])(?:${SIGNS_ALONE})(?![\p{L}\p{M}\p{N}־-])`,
  'gu',
);

/** The same text without letters that stand alone like a sign. */
export const withoutLettersLikeSigns = (text: string): string => text.replace(LETTER_LIKE_SIGN, ' ');

/** Currency and mathematical signs, and one of Thai, are drawn like letters. */
const LETTER = String.raw`(?:[\p{L}\p{M}\p{N}]|(?![\0-\x7f])[\p{Sc}\p{Sm}๏])`;
const LONE = `(?<!LETTER)LETTER(?!LETTER)`;
/** Single letters that form a word ("A C M E"), words, and what stands between. */
const PIECES = new RegExp(
  `${LONE}(?:.${LONE})+|LETTER+|(?:(?!LETTER).)+`.replaceAll('LETTER', LETTER),
  'gsu',
);

/** Cuts a text so that each word is a piece. */
export const piecesOf = (text: string): string[] => text.match(PIECES) ?? [];
