import type { ClientDetailsFragment, UpdateOAuthClientInput } from '../../graphql/operations';
import { lines } from '../../parts/use-fields';
import { GRANT_TYPES } from '../clients/clients-search';

export const AUTH_METHODS = ['NONE', 'CLIENT_SECRET_BASIC', 'CLIENT_SECRET_POST', 'PRIVATE_KEY_JWT'] as const;
export const APPLICATION_TYPES = ['WEB', 'NATIVE'] as const;

/** The input of a field: a line, one entry per line, checkboxes, one of several, a switch. */
export type FieldKind = 'text' | 'lines' | 'ticks' | 'choice' | 'flag';

interface Field {
  label: string;
  /** An explanation that needs no knowledge of the RFCs. */
  hint: string;
  kind: FieldKind;
  values?: readonly string[];
}

/** Every field of a client that can be changed, in the order in which it is shown; the names are those of the schema. */
export const FIELDS = {
  name: { kind: 'text', label: 'Name', hint: 'Shown to users on the consent screen.' },
  allowedGrantTypes: {
    kind: 'ticks',
    values: GRANT_TYPES,
    label: 'Grant types',
    hint: 'How the client gets tokens. Authorization code: a user signs in. Client credentials: the client acts for itself. Refresh token: the user stays signed in.',
  },
  redirectUris: {
    kind: 'lines',
    label: 'Redirect URIs',
    hint: 'Where authorization responses are sent, one URI per line, compared character by character. The authorization code grant needs at least one.',
  },
  requirePkce: {
    kind: 'flag',
    label: 'Require PKCE',
    hint: 'The client must prove that it requested the code that it redeems (RFC 7636). Recommended for public clients.',
  },
  allowedScopes: {
    kind: 'lines',
    label: 'Scopes',
    hint: 'Scopes that the client may request, one per line.',
  },
  tokenEndpointAuthMethod: {
    kind: 'choice',
    values: AUTH_METHODS,
    label: 'Token endpoint authentication',
    hint: 'How the client authenticates at the token endpoint: none for public clients. private_key_jwt needs a JWKS URI and has no secret.',
  },
  logoUri: {
    kind: 'text',
    label: 'Logo',
    hint: 'An image to show beside the name. The console does not load it.',
  },
  clientUri: { kind: 'text', label: 'Home page', hint: 'A page about the client.' },
  policyUri: { kind: 'text', label: 'Privacy policy', hint: 'A page that says how personal data is used.' },
  tosUri: { kind: 'text', label: 'Terms of service', hint: 'A page with the terms that users accept.' },
  contacts: { kind: 'lines', label: 'Contacts', hint: 'Ways to reach the people responsible, one per line.' },
  jwksUri: { kind: 'text', label: 'JWKS URI', hint: 'The URL of the public keys of the client.' },
  softwareId: {
    kind: 'text',
    label: 'Software ID',
    hint: 'Identifies the software. The same for all its instances (RFC 7591 §2).',
  },
  softwareVersion: { kind: 'text', label: 'Software version', hint: 'The version of the software.' },
  applicationType: {
    kind: 'choice',
    values: APPLICATION_TYPES,
    label: 'Application type',
    hint: 'Web: the client runs on a server. Native: it runs on users’ devices.',
  },
  initiateLoginUri: {
    kind: 'text',
    label: 'Initiate login URI',
    hint: 'An https URL at which a sign-in to the client starts (OpenID Connect Registration §2).',
  },
  postLogoutRedirectUris: {
    kind: 'lines',
    label: 'Post-logout redirect URIs',
    hint: 'Where users may be sent after sign-out, one URI per line (OpenID Connect RP-Initiated Logout §3.1).',
  },
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];
export const FIELD_LABELS = Object.fromEntries(
  FIELD_NAMES.map((name) => [name, FIELDS[name].label]),
) as Record<FieldName, string>;

/** Values of a form: lists as lines, null as an empty string. */
export type FieldValues = Record<FieldName, string | boolean | string[]>;

export const BLANK_FIELDS = Object.fromEntries(
  FIELD_NAMES.map((name) => [name, blankOf(FIELDS[name].kind)]),
) as FieldValues;

function blankOf(kind: FieldKind): string | boolean | string[] {
  if (kind === 'flag') return false;
  return kind === 'ticks' ? [] : '';
}

/** A client as values of a form. */
export function valuesOf(client: ClientDetailsFragment): FieldValues {
  const entries = FIELD_NAMES.map((name) => {
    const value = client[name];
    return [name, FIELDS[name].kind === 'lines' ? (value as string[]).join('\n') : (value ?? '')];
  });
  return Object.fromEntries(entries) as FieldValues;
}

/** A value of a form as the schema has it: null if empty. */
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

/** Two edits of the same client, merged. */
export interface Merge {
  /** Their value for fields that only they changed, else mine. */
  values: FieldValues;
  /** Fields that only they changed. */
  taken: FieldName[];
  /** Fields that both changed to different values. */
  disputed: FieldName[];
}

/** @param base the client before both edits */
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
