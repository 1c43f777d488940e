import { domainToASCII } from 'node:url';

/**
 * Characters that a person cannot see, or that change how the rest is read, such as bidirectional marks and the empty
 * Braille pattern. Variation selectors are ignorable too, but emoji and Japanese names need them.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2800\ufff9-\ufffb]|(?![\ufe00-\ufe0f\u{e0100}-\u{e01ef}])\p{Default_Ignorable_Code_Point}/u;

/** A letter, digit, sign or symbol: marks alone have no base character. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

export const MAX_TEXT_LENGTH = 255;

const ZERO_WIDTH_JOINERS = /[\u200c\u200d]/;
/** Emoji with joiners between them. */
const EMOJI_SEQUENCES = /\p{ExtPict}[\p{EMod}\ufe0f]*(?:\u200d\p{ExtPict}[\p{EMod}\ufe0f]*)+/gu;
/** Those that are one, such as families: those that Unicode recommends (UTS #51), and no others, which would look like several. */
const EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v');
/** The thousands of them are compared one by one: the result is kept. */
const knownEmoji = new Set<string>();
/** Together they show nothing more. */
const TWO_JOINERS = /[\u200c\u200d]{2}/;
const WORDS = /[\p{L}\p{M}\u200c\u200d]+/gu;

function isEmoji(sequence: string): boolean {
  if (knownEmoji.has(sequence)) return true;
  if (!EMOJI.test(sequence)) return false;
  knownEmoji.add(sequence);
  return true;
}

/**
 * The same text without the joiners that its writing needs, as Persian and Indic do: RFC 5892, appendix A.1 and A.2. The check is the one
 * of domain names (UTS #46, CheckJoiners), which every label has to pass. Where one joiner is not needed, all are left.
 */
function withoutNeededJoiners(value: string): string {
  if (!ZERO_WIDTH_JOINERS.test(value) || TWO_JOINERS.test(value)) return value;
  if (!(value.match(EMOJI_SEQUENCES) ?? []).every(isEmoji)) return value;
  const text = value.replace(EMOJI_SEQUENCES, ' ');
  const words = text.match(WORDS)?.filter((word) => ZERO_WIDTH_JOINERS.test(word)) ?? [];
  const isNeeded = words.length === 0 || domainToASCII(words.join('.').normalize('NFC')) !== '';
  return isNeeded ? text.replaceAll(/[\u200c\u200d]/g, '') : value;
}

/** Validates a short text of 1 to `max` characters after trimming. */
export function textFaults(value: string, max = MAX_TEXT_LENGTH): string[] {
  const faults: string[] = [];
  // Before anything that takes longer the longer the text is: a character has at most two code units
  const trimmed = value.trim();
  const isTooLong = trimmed.length > 2 * max || [...trimmed].length > max;
  if (isTooLong || trimmed === '') faults.push(`must be 1 to ${max} characters long`);
  else if (!VISIBLE.test(value)) faults.push('must contain a letter, a digit or a symbol');
  if (INVISIBLE.test(isTooLong ? value : withoutNeededJoiners(value))) {
    faults.push(
      'must not contain control, bidirectional-override, zero-width or unpaired surrogate characters',
    );
  }
  return faults;
}

const MAX_CONTACTS = 20;
const MAX_CONTACT_LENGTH = 320;

/** Validates contacts; each error contains the number of its entry. */
export function contactFaults(contacts: readonly string[]): string[] {
  if (contacts.length > MAX_CONTACTS) return [`must have at most ${MAX_CONTACTS} entries`];
  return contacts.flatMap((contact, index) =>
    textFaults(contact, MAX_CONTACT_LENGTH).map((fault) => `entry ${index + 1} ${fault}`),
  );
}
