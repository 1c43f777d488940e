import { MAX_TEXT_LENGTH, textFaults } from './text.js';

/** White space that looks like a space and is another character, and what nobody sees at all. */
const LOOK_ALIKE = /(?! )\s|\p{Default_Ignorable_Code_Point}/u;

/** Code units that at most become one character in Unicode NFC, and more: a longer text is no name in any form. */
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

/**
 * What is wrong with the name of an organization or a user, of 1 to 255 characters in that form. Two names that look alike would be two
 * tenants that people take for one.
 */
export function ownerNameFaults(value: string): string[] {
  const name = ownerName(value);
  const faults = textFaults(name);
  return faults.length === 0 && LOOK_ALIKE.test(name)
    ? ['must not contain white space other than the space, nor characters that nobody sees']
    : faults;
}

/** Whether a value is the name of an owner, in the form that it must have. */
export const isOwnerName = (value: unknown): value is string =>
  typeof value === 'string' && value === ownerName(value) && ownerNameFaults(value).length === 0;
