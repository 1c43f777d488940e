import type { ClientDetailsFragment, UpdateOAuthClientInput } from '../../graphql/operations';
import { lines } from '../../parts/use-fields';
import { GRANT_TYPES } from '../clients/clients-search';

export const AUTH_METHODS = ['NONE', 'CLIENT_SECRET_BASIC', 'CLIENT_SECRET_POST', 'PRIVATE_KEY_JWT'] as const;
export const APPLICATION_TYPES = ['WEB', 'NATIVE'] as const;

/** How a field is typed: a line, one entry a line, ticks, one of several, yes or no. */
export type FieldKind = 'text' | 'lines' | 'ticks' | 'choice' | 'flag';

interface Field {
  label: string;
  /** What it means, for whoever does not know the RFCs. */
  hint: string;
  kind: FieldKind;
  values?: readonly string[];
}

/** Every field of a client that can be changed, in the order in which it is shown; the names are those of the schema. */
export const FIELDS = {
  name: { kind: 'text', label: 'Name', hint: 'What people are shown when they are asked for consent.' },
  allowedGrantTypes: {
    kind: 'ticks',
    values: GRANT_TYPES,
    label: 'Grants',
    hint: 'Ways in which it may get tokens. Authorization code: people sign in. Client credentials: it acts for itself. Refresh token: it stays signed in.',
  },
  redirectUris: {
    kind: 'lines',
    label: 'Redirect URIs',
    hint: 'Where authorization responses may be sent, one a line; compared character by character. The authorization code grant needs one.',
  },
  requirePkce: {
    kind: 'flag',
    label: 'Require PKCE',
    hint: 'Whether it must prove that whoever redeems a code is who asked for it (RFC 7636). For public clients, yes.',
  },
  allowedScopes: { kind: 'lines', label: 'Scopes', hint: 'What it may ask for, one scope a line.' },
  tokenEndpointAuthMethod: {
    kind: 'choice',
    values: AUTH_METHODS,
    label: 'Authentication',
    hint: 'How it proves who it is at the token endpoint; none for public clients. private_key_jwt needs a JWKS URI and has no secret.',
  },
  logoUri: { kind: 'text', label: 'Logo', hint: 'A picture to show beside the name. It is not loaded here.' },
  clientUri: { kind: 'text', label: 'Home page', hint: 'A page about the client.' },
  policyUri: { kind: 'text', label: 'Privacy policy', hint: 'What is done with data about people.' },
  tosUri: { kind: 'text', label: 'Terms of service', hint: 'The terms that people accept.' },
  contacts: { kind: 'lines', label: 'Contacts', hint: 'Ways to reach the people behind it, one a line.' },
  jwksUri: { kind: 'text', label: 'JWKS URI', hint: 'Where its public keys are.' },
  softwareId: {
    kind: 'text',
    label: 'Software ID',
    hint: 'The same for every instance of the software (RFC 7591 §2).',
  },
  softwareVersion: { kind: 'text', label: 'Software version', hint: 'The version of the software.' },
  applicationType: {
    kind: 'choice',
    values: APPLICATION_TYPES,
    label: 'Application type',
    hint: 'Whether it runs on a server or on people’s own devices.',
  },
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];
export const FIELD_LABELS = Object.fromEntries(
  FIELD_NAMES.map((name) => [name, FIELDS[name].label]),
) as Record<FieldName, string>;

/** What stands in a form: lists as lines, nothing as an empty text. */
export type FieldValues = Record<FieldName, string | boolean | string[]>;

export const BLANK_FIELDS = Object.fromEntries(
  FIELD_NAMES.map((name) => [name, blankOf(FIELDS[name].kind)]),
) as FieldValues;

function blankOf(kind: FieldKind): string | boolean | string[] {
  if (kind === 'flag') return false;
  return kind === 'ticks' ? [] : '';
}

/** A client as a form shows it. */
export function valuesOf(client: ClientDetailsFragment): FieldValues {
  const entries = FIELD_NAMES.map((name) => {
    const value = client[name];
    return [name, FIELDS[name].kind === 'lines' ? (value as string[]).join('\n') : (value ?? '')];
  });
  return Object.fromEntries(entries) as FieldValues;
}

/** What the schema wants for it: nothing is null. */
function inputOf(name: FieldName, value: string | boolean | string[]): unknown {
  if (FIELDS[name].kind === 'lines') return lines(value as string);
  return typeof value === 'string' ? value.trim() || null : value;
}

const isSame = (name: FieldName, one: FieldValues, other: FieldValues) =>
  JSON.stringify(inputOf(name, one[name])) === JSON.stringify(inputOf(name, other[name]));

export const changedFields = (before: FieldValues, after: FieldValues): FieldName[] =>
  FIELD_NAMES.filter((name) => !isSame(name, before, after));

/** The fields named, as an input of the schema. */
export const toInput = (values: FieldValues, names: readonly FieldName[]): UpdateOAuthClientInput =>
  Object.fromEntries(names.map((name) => [name, inputOf(name, values[name])]));

/** What two people made of the same client. */
export interface Merge {
  /** With what they alone changed taken over, and mine where both did. */
  values: FieldValues;
  /** What they alone changed. */
  taken: FieldName[];
  /** What both changed, each to something else: somebody has to choose. */
  disputed: FieldName[];
}

/** @param base what both began with */
export function merge(base: FieldValues, mine: FieldValues, theirs: FieldValues): Merge {
  const theirChanges = changedFields(base, theirs);
  const isMine = (name: FieldName) => !isSame(name, base, mine);
  const taken = theirChanges.filter((name) => !isMine(name));
  const disputed = theirChanges.filter((name) => isMine(name) && !isSame(name, mine, theirs));
  return {
    values: { ...mine, ...Object.fromEntries(taken.map((name) => [name, theirs[name]])) },
    taken,
    disputed,
  };
}
