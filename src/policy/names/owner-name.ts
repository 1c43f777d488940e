import { loadConfusables } from './confusables.js';
import { LETTER_SYMBOLS } from './drawn-letters.js';
import type { Skeleton } from './name-readings.js';
import { writingOf } from './scripts.js';
import { MAX_TEXT_LENGTH, textFaults } from './text.js';

/** Whitespace that looks like a space, several spaces, which pages show as one, and invisible characters. */
const LOOK_ALIKE = /(?! )\s| {2}|\p{Default_Ignorable_Code_Point}/u;

/** Code units that at most become one character in Unicode NFC, and more: a longer text is not a name in any form. */
const MAX_UNITS_OF_CHARACTER = 8;

/**
 * The one form of the name of an organization or a user: without white space at its ends, and composed (Unicode NFC). What is too long to be
 * one is not composed, which takes longer the longer it is.
 */
export function ownerName(value: string): string {
  const trimmed = value.trim();
  return trimmed.length > MAX_TEXT_LENGTH * MAX_UNITS_OF_CHARACTER ? trimmed : trimmed.normalize('NFC');
}

/** The same for both names of an owner. */
export const withOwnerNames = <T extends { orgId: string; userId: string }>(owned: T): T => ({
  ...owned,
  orgId: ownerName(owned.orgId),
  userId: ownerName(owned.userId),
});

/** Thai and Lao write these as one character, which Unicode NFKC takes apart. */
const SARA_AM: readonly [parts: string, whole: string][] = [
  ['\u0e4d\u0e32', '\u0e33'],
  ['\u0ecd\u0eb2', '\u0eb3'],
];

/** The same name in ordinary characters: without full-width letters, ligatures, and letters that are symbols. */
const inOrdinaryCharacters = (name: string) =>
  SARA_AM.reduce((text, [parts, whole]) => text.replaceAll(parts, whole), name.normalize('NFKC'));

function compatibilityFaults(name: string): string[] {
  const ordinary = inOrdinaryCharacters(name);
  if (ordinary === name) return [];
  const isName = ordinary === ordinary.trim() && textFaults(ordinary).length === 0;
  const remedy = isName ? `send ${JSON.stringify(ordinary)}` : 'send ordinary letters';
  return [`must not contain full-width letters, ligatures or other compatibility characters; ${remedy}`];
}

/** Letters, marks and numbers, and all else that belongs to a script. */
const WORDS = /(?:[\p{L}\p{M}\p{N}]|(?!\p{scx=Zyyy})\S)+/gu;
/** Words of scripts that put no spaces between words, beside Latin ones. Those that UTS #39 mixes with Latin are not among them. */
const UNSPACED_WORDS = /[\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]{3,}/gu;

/** Whether a word has letters of scripts that no writing system mixes: UTS #39 §5.2, "highly restrictive". */
const isMixed = (name: string) =>
  (name.replace(UNSPACED_WORDS, ' ').match(WORDS) ?? []).some((word) => writingOf(word) === 'mixed');

const ASCII = /^[\0-\x7f]*$/;
const ASCII_CHARACTER = /^[\0-\x7f]$/;
const LATIN_OR_COMMON = /[\p{sc=Latn}\p{sc=Zyyy}]/u;
const LATIN_LETTER = /\p{sc=Latn}/u;
/** Letters of orthographies in use that look like i, y and u, such as those of Turkish and Ewe. */
const ORTHOGRAPHIC = 'ıɩɣʋ';
/** Dashes other than the hyphen, and letters that look like one beside ASCII characters. */
const DASHES = /[—―⸺⸻]|(?<=[!-~])[ー一](?![\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}])/gu;

let skeleton: Skeleton | undefined;
/** Loaded with the first name that needs it: thousands of characters. */
const skeletonOf: Skeleton = (text) => (skeleton ??= loadConfusables())(text);

/** The same name with the ASCII characters that others look like. */
const inAscii = (name: string) =>
  Array.from(name.replace(DASHES, '-'), (character) => {
    if (ASCII.test(character) || !LATIN_OR_COMMON.test(character)) return character;
    const capital = LATIN_LETTER.test(character) ? LETTER_SYMBOLS.get(character) : undefined;
    const similar = capital ?? skeletonOf(character);
    return ASCII_CHARACTER.test(similar) && !ORTHOGRAPHIC.includes(character) ? similar : character;
  }).join('');

/** Validates the name of an organization or user. Rejects characters by which two tenants would look alike. */
export function ownerNameFaults(value: string): string[] {
  const name = ownerName(value);
  const faults = textFaults(name);
  if (faults.length > 0) return faults;
  if (LOOK_ALIKE.test(name)) {
    return [
      'must not contain invisible characters, whitespace other than the space character, or several spaces in a row',
    ];
  }
  if (ASCII.test(name)) return [];
  if (isMixed(name))
    return ['must not mix letters of several scripts, such as Cyrillic and Latin, in a word'];
  const compatibility = compatibilityFaults(name);
  if (compatibility.length > 0) return compatibility;
  const similar = inAscii(name);
  return similar === name
    ? []
    : [`must not contain characters that look like ASCII ones; send ${JSON.stringify(similar)}`];
}

/** Whether a value is the name of an owner, in the form that it must have. */
export const isOwnerName = (value: unknown): value is string =>
  typeof value === 'string' && value === ownerName(value) && ownerNameFaults(value).length === 0;
