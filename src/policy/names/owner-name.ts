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

/** Their letters look like those of Latin and of each other, and no word has both. */
const CYRILLIC_OR_GREEK = /[\p{sc=Cyrl}\p{sc=Grek}]/u;

const isMixed = (name: string) =>
  name.split(/[^\p{L}\p{M}]+/u).some((word) => CYRILLIC_OR_GREEK.test(word) && writingOf(word) === 'mixed');

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
  if (isMixed(name)) return ['must not mix Cyrillic or Greek letters with those of other scripts in a word'];
  return compatibilityFaults(name);
}

/** Whether a value is the name of an owner, in the form that it must have. */
export const isOwnerName = (value: unknown): value is string =>
  typeof value === 'string' && value === ownerName(value) && ownerNameFaults(value).length === 0;
