/** Scripts in general use today: UAX #31, table 5. */
const RECOMMENDED = [
  'Arab Armn Beng Bopo Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira',
  'Kana Khmr Knda Laoo Latn Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt',
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
