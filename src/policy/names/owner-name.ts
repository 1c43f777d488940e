import { MAX_TEXT_LENGTH, textFaults } from './text.js';

/** Whitespace that looks like a space, and invisible characters. */
const LOOK_ALIKE = /(?! )\s|\p{Default_Ignorable_Code_Point}/u;

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

/** Validates the name of an organization or user. Rejects characters by which two tenants would look alike. */
export function ownerNameFaults(value: string): string[] {
  const name = ownerName(value);
  const faults = textFaults(name);
  return faults.length === 0 && LOOK_ALIKE.test(name)
    ? ['must not contain invisible characters, or whitespace other than the space character']
    : faults;
}

/** Whether a value is the name of an owner, in the form that it must have. */
export const isOwnerName = (value: unknown): value is string =>
  typeof value === 'string' && value === ownerName(value) && ownerNameFaults(value).length === 0;
