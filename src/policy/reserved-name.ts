import type { ClientMetadata, ClientMetadataInput, ExtendedMetadata } from './client.js';
import { FIELD_NAMES, FIELD_ROWS } from './fields.js';
import { MAX_TRANSLATIONS, type Rule } from './rules.js';
import { joinSequences } from './names/drawn-letters.js';
import { type NamePattern, NamePatterns, optional, spaced } from './names/name-pattern.js';
import {
  ANY_LETTER,
  BETWEEN_WORDS,
  ONE_LETTER,
  reader,
  type Read,
  type Skeleton,
  UNSPACED,
} from './names/name-readings.js';
import { MAX_TEXT_LENGTH } from './names/text.js';
import { isRegisteredRedirectUri } from './uris/redirect-uri.js';

/** Different names of one client together, such as 50 characters in 50 languages: they are compared without a pause. */
const MAX_NAMES_LENGTH = 2_500;

/** Minimum letters and digits: shorter reserved names would match too many names. */
const MIN_LETTERS = 3;

/** `*acme*`: anywhere in a name, also inside of a word. */
const ANYWHERE = /^\*([^*]+)\*$/;

/** Words ignored before a name; the last two are letters that look like a bar and a dash. */
const ARTICLES = ['a', 'an', 'the', 'my', 'your', 'our', 'official', 'verified', 'www', 'l', 'ー'];
/** Schemes ignored before a name, as in "https://acme". */
const SCHEMES = ['http', 'https'];

/** Whether `value` can be reserved: a name, or `*name*`. */
export function isReservable(value: string): boolean {
  const name = ANYWHERE.exec(value)?.[1] ?? value;
  return !name.includes('*') && [...name.normalize('NFKC').replace(BETWEEN_WORDS, '')].length >= MIN_LETTERS;
}

/** A reserved name compiled for matching. */
interface ReservedName {
  isAnywhere: boolean;
  /** Letters and digits only. */
  text: string;
  /** Of the words at the beginning of a name; where it is reserved anywhere, of letters and digits. */
  pattern: NamePattern;
  /** Whether other letters may follow. */
  isUnspaced: boolean;
}

/** A boundary marked by a capital letter may be a space in a name. */
const CAPITAL_WITHIN = /(?<=\p{Ll})(?=\p{Lu})/gu;

/** A name as it may be written, with letters for what looks like several: see {@link joinSequences}. */
function formsOf(name: string): string[] {
  const small = name.toLowerCase();
  const inTitle = small.replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase());
  return [...new Set([name, ...[name, small, inTitle, name.toUpperCase()].map(joinSequences)])];
}

function prepare(entry: string, read: Read): ReservedName[] {
  const isAnywhere = ANYWHERE.test(entry);
  const forms = formsOf(entry.replaceAll('*', '').replace(CAPITAL_WITHIN, ' '));
  const readings = new Set(forms.map((form) => read(form)[0] ?? ''));
  return Array.from(readings, (words, place) => {
    const text = joined(words);
    // Only as it is written has it the letters that any others may stand for
    const lettersOf = place === 0 ? lettersOrOne : lettersOrAny;
    // A name may cut a word by a hyphen or a dot; by a space only if the entry has one
    const spelled = words
      .split(SEPARATOR)
      .map((word) => spaced(lettersOf(word), optional(`.${ANY_LETTER}-`)))
      .flatMap((word, index) => (index === 0 ? word : [optional(` .${ANY_LETTER}-`), ...word]));
    const other = optional(ANY_LETTER);
    const pattern = isAnywhere ? spaced(lettersOf(text), other) : [other, ...spelled, other];
    return { isAnywhere, text, pattern, isUnspaced: UNSPACED.test(words) };
  });
}

/** Patterns of the letters of a word, or of `other`. The skeleton of an m is two. */
const lettersOr =
  (other: string, ...otherForTwo: string[][]) =>
  (word: string): NamePattern =>
    Array.from(word.match(/rn|./gu) ?? [], (letter) =>
      letter === 'rn' ? [['r', 'n'], ['r', '.-', 'n'], [other], ...otherForTwo] : [[letter + other]],
    );
const lettersOrAny = lettersOr(ANY_LETTER);
const lettersOrOne = lettersOr(ANY_LETTER + ONE_LETTER, [ANY_LETTER + ONE_LETTER, ONE_LETTER]);

const SEPARATOR = /[ .-]/g;
/** Without spaces, except between words in which each letter is any one: they are found whole. */
const joined = (words: string) => words.replace(/(?<!\?) | (?!\?)|[.-]/g, '');

const UNKNOWN_RUN = new RegExp(`[${ANY_LETTER}]+`, 'g');
/** A run of letters that may be any or none: as it is, as one of them, and as none. A pattern that repeats them would backtrack for long. */
const withoutRuns = (reading: string): string[] =>
  reading.includes(ANY_LETTER)
    ? [reading, ...[ANY_LETTER, ''].map((other) => trimmed(reading.replace(UNKNOWN_RUN, other)))]
    : [reading];
/** A word without letters leaves the separators around it. */
const trimmed = (reading: string) => reading.replace(/([ .-])[ .-]+/g, '$1').replace(/^[ .-]/, '');

/** The labels of the host that a name begins with ("login.acme.com", "https://acme.com"), without the last, which is not a name. */
function labelsOf(text: string): string[] {
  const [host = ''] = text.split(' ', 1);
  return host.split('.').slice(0, -1).map(joined);
}

/**
 * Returns the reserved name that a name imitates; undefined: none. A plain entry matches whole words at the beginning of a name, since
 * software is named after the server that it connects to ("Example for Acme"), the name as a whole, or a label of the host that a name
 * begins with.
 */
export function reservedNameIn(
  reserved: readonly string[],
  skeleton: Skeleton,
): (name: string) => string | undefined {
  const read = reader(skeleton);
  const [articles, schemes] = [ARTICLES, SCHEMES].map((words) =>
    words.map((word) => read(word)[0]).join('|'),
  );
  const opening = new RegExp(`(?:${articles})[ .-]|(?:${schemes})\\.`, 'y');
  /** Where a name may begin: before and after each opening. */
  const startsOf = (reading: string): number[] => {
    const starts = [(opening.lastIndex = 0)];
    while (opening.test(reading)) starts.push(opening.lastIndex);
    return starts;
  };
  // Each with the index of its entry: the first entry that is found counts
  const texts = new Map<string, number>();
  const beginnings = new NamePatterns<{ index: number; isUnspaced: boolean }>();
  const parts = new NamePatterns<number>();
  reserved.forEach((entry, index) => {
    for (const { isAnywhere, text, pattern, isUnspaced } of prepare(entry, read)) {
      if (isAnywhere) parts.add(pattern, index);
      else {
        if (!texts.has(text)) texts.set(text, index);
        beginnings.add(pattern, { index, isUnspaced });
      }
    }
  });
  return (name) => {
    // A separate rule rejects longer names
    const text = [...name.trim().slice(0, 2 * MAX_TEXT_LENGTH)].slice(0, MAX_TEXT_LENGTH).join('');
    const found = new Set<number | undefined>();
    for (const reading of new Set(read(text).flatMap(withoutRuns))) {
      const starts = startsOf(reading);
      const [letters, whole] = [[...reading], joined(reading)];
      for (const alone of [whole, ...labelsOf(reading.slice(starts.at(-1)))]) found.add(texts.get(alone));
      for (const { value, ends } of beginnings.matches(letters, starts)) {
        if (value.isUnspaced || endsWord(letters, ends)) found.add(value.index);
      }
      for (const index of foundWithin(parts, [...whole])) found.add(index);
    }
    return reserved.find((_, index) => found.has(index));
  };
}

/** Returns the values of patterns that are anywhere in a text, not beside letters that may be any. */
function foundWithin(patterns: NamePatterns<number>, text: readonly string[]): number[] {
  const starts = [...text.keys()].filter((start) => text[start - 1] !== ONE_LETTER);
  const matches = [...patterns.matches(text, starts)];
  return matches.filter(({ ends }) => ends.some((end) => text[end] !== ONE_LETTER)).map(({ value }) => value);
}

/** Whether a word of the text ends at one of `ends`. */
const endsWord = (text: readonly string[], ends: readonly number[]) =>
  ends.some((end) => ' .-'.includes(text[end] ?? ' '));

/** Whether a member in another language is a name. */
const isName = (member: string) => member.startsWith('client_name#');

/** The names of a client in other languages. */
export const translatedNames = ({ translations = {} }: Pick<ExtendedMetadata, 'translations'>): string[] =>
  Object.entries(translations)
    .filter(([member]) => isName(member))
    .map(([, name]) => name);

/** The error message for a developer. */
function reservedNameFault(entry: string): string {
  const name = ANYWHERE.exec(entry)?.[1];
  const remedy = 'or ask the operator of this server to create the client';
  return name === undefined
    ? `must not begin with the reserved name ${JSON.stringify(entry)} in any language; begin with the name of your software, such as ${JSON.stringify(`Example for ${entry}`)}, ${remedy}`
    : `must not contain the reserved name ${JSON.stringify(name)} in any language; use another name, ${remedy}`;
}

/** The same for a client that has the name already. */
const keptNameFault = (entry: string, fields: readonly string[]) =>
  `must not be a name with the reserved name ${JSON.stringify(entry.replaceAll('*', ''))} if ${fields.join(' and ')} has other URIs; ` +
  'send the registered URIs, or another name, or ask the operator of this server to change the client';

const URI_ROWS = FIELD_ROWS.filter(([, { shape }]) => shape === 'uri' || shape === 'uris');

const urisIn = (value: unknown) => [value ?? []].flat() as string[];

/** Members of client metadata with URIs that the client does not have, also in other languages. */
function membersWithNewUris(draft: ClientMetadataInput, registered: ClientMetadata): string[] {
  const { metadata, ...columns } = registered;
  const old: Partial<Record<string, unknown>> = { ...columns, ...metadata };
  const members = URI_ROWS.filter(([field]) => {
    const known = urisIn(old[field]);
    // Of loopback ones, another port is the same place
    return urisIn(draft[field]).some((uri) => !isRegisteredRedirectUri(uri, known));
  }).map(([field]) => FIELD_NAMES.registration[field]);
  const translated = Object.entries(draft.translations ?? {})
    .filter(([member, uri]) => !isName(member) && uri.trim() !== metadata.translations?.[member])
    .map(([member]) => member.replace(/#.*/s, ''));
  return [...new Set([...members, ...translated])];
}

/**
 * Rejects reserved names in every language.
 * @param registered the client that is changed, whose name an operator may have set: it keeps the name while it leads nowhere else
 */
export function reservedNameRule(
  reservedIn: (name: string) => string | undefined,
  registered: ClientMetadata | null = null,
): Rule {
  const known = registered === null ? [] : [registered.name, ...translatedNames(registered.metadata)];
  return {
    field: 'name',
    errors: (draft) => {
      // A separate rule rejects more translations
      const all = new Set([draft.name ?? '', ...translatedNames(draft).slice(0, MAX_TRANSLATIONS)]);
      const isKnown = (each: string) => known.includes(each.trim());
      const elsewhere = registered === null ? [] : membersWithNewUris(draft, registered);
      const names = elsewhere.length > 0 ? [...all] : [...all].filter((each) => !isKnown(each));
      const length = names.reduce((sum, each) => sum + each.length, 0);
      if (length > MAX_NAMES_LENGTH) {
        return [`must be at most ${MAX_NAMES_LENGTH} characters long, with its translations`];
      }
      for (const name of names) {
        const entry = reservedIn(name);
        if (entry === undefined) continue;
        return [isKnown(name) ? keptNameFault(entry, elsewhere) : reservedNameFault(entry)];
      }
      return [];
    },
  };
}
