import { ASSERTION_SIGNING_ALGORITHMS, type ClientMetadataInput } from './client.js';
import { type ClientField, FIELD_ROWS, type FieldNames } from './fields.js';
import { isLoopback, readUrl } from './uris/uri.js';

export const MAX_TRANSLATIONS = 100;

/** Error messages by the caller's field names. */
export type FieldErrors = Record<string, string[]>;

/** A validation rule for clients. */
export interface Rule {
  /** The field that is reported. */
  field: ClientField;
  /** Other fields that the rule reads; it is skipped if one of them is invalid. */
  reads?: readonly ClientField[];
  /** Returns the errors, each completing the sentence "FIELD …". */
  errors: (draft: ClientMetadataInput) => string[];
}

/** The rules for every client at every interface. */
export const CLIENT_RULES: readonly Rule[] = [
  // The rules of single fields
  ...FIELD_ROWS.flatMap(([field, { errors }]): Rule[] =>
    errors === undefined
      ? []
      : [{ field, errors: ({ [field]: value }) => (value === undefined ? [] : errors(value as never)) }],
  ),
  {
    // RFC 6749 §2.1: confidential clients authenticate, public clients do not
    field: 'tokenEndpointAuthMethod',
    reads: ['type'],
    errors: ({ tokenEndpointAuthMethod: method, type }) =>
      method && type && (method === 'none') !== (type === 'public')
        ? ['must be "none" for a public client and a client_secret_* method for a confidential client']
        : [],
  },
  {
    // RFC 7591 §2: the two must not both be present
    field: 'jwks',
    reads: ['jwksUri'],
    errors: ({ jwks, jwksUri }) => (jwks && jwksUri ? ['must not be sent together with jwks_uri'] : []),
  },
  {
    // OpenID Connect Core §9: the assertion is verified with a key that the client registered
    field: 'jwks',
    reads: ['jwksUri', 'tokenEndpointAuthMethod'],
    errors: ({ jwks, jwksUri, tokenEndpointAuthMethod: method }) =>
      method === 'private_key_jwt' && !jwks && !jwksUri
        ? ['is required for private_key_jwt, unless jwks_uri is sent']
        : [],
  },
  {
    field: 'jwksUri',
    reads: ['tokenEndpointAuthMethod'],
    errors: ({ jwksUri, tokenEndpointAuthMethod: method }) =>
      method === 'private_key_jwt' && jwksUri !== undefined && !isKeySource(jwksUri)
        ? ['must use https for private_key_jwt, since keys fetched over http can be replaced in transit']
        : [],
  },
  {
    // Not stored with other methods
    field: 'tokenEndpointAuthSigningAlg',
    reads: ['tokenEndpointAuthMethod'],
    errors: ({ tokenEndpointAuthSigningAlg: algorithm, tokenEndpointAuthMethod: method }) =>
      method === 'private_key_jwt' &&
      algorithm !== undefined &&
      !ASSERTION_SIGNING_ALGORITHMS.includes(algorithm)
        ? [`must be one of ${ASSERTION_SIGNING_ALGORITHMS.join(', ')} for private_key_jwt`]
        : [],
  },
  {
    // RFC 6749 §3.1.2.2: the redirect-based grant requires a redirect URI
    field: 'redirectUris',
    reads: ['grantTypes'],
    errors: ({ grantTypes, redirectUris }) =>
      grantTypes?.includes('authorization_code') && !redirectUris?.length
        ? ['must contain at least one URI for the authorization_code grant']
        : [],
  },
];

/** Whether keys can be fetched from there unchanged: over TLS, or without leaving the machine. */
function isKeySource(uri: string): boolean {
  const url = readUrl(uri);
  return url !== null && (url.protocol === 'https:' || isLoopback(url));
}

/**
 * All errors of a draft.
 * @param known errors that were found before, such as wrong types; rules about these fields are skipped
 */
export function validate(
  draft: ClientMetadataInput,
  rules: readonly Rule[],
  names: FieldNames,
  known: FieldErrors,
): FieldErrors {
  const errors: FieldErrors = { ...known, ...translationFaults(draft.translations ?? {}) };
  const isInvalid = (field: ClientField) => Object.hasOwn(errors, names[field]);
  for (const rule of rules) {
    if (isInvalid(rule.field) || rule.reads?.some(isInvalid)) continue;
    const found = rule.errors(draft);
    if (found.length > 0) errors[names[rule.field]] = found;
  }
  return errors;
}

/** Rules about fields in which two drafts differ: what was accepted before is not validated again. */
export function rulesAboutChanges(
  rules: readonly Rule[],
  before: ClientMetadataInput,
  after: ClientMetadataInput,
): readonly Rule[] {
  return rules.filter(({ field, reads = [] }) =>
    [field, ...reads].some((field) => isChanged(field, before, after)),
  );
}

/**
 * A field that keeps the value it had `before`.
 * @param isKept whether another value will do as well
 */
export function isFixed(
  field: ClientField,
  before: ClientMetadataInput,
  remedy: string,
  isKept: (value: unknown) => boolean = () => false,
): Rule {
  return {
    field,
    errors: (draft) =>
      isChanged(field, before, draft) && !isKept(draft[field]) ? [`cannot be changed; ${remedy}`] : [],
  };
}

function isChanged(field: ClientField, before: ClientMetadataInput, after: ClientMetadataInput): boolean {
  return JSON.stringify(before[field]) !== JSON.stringify(after[field]);
}

/** The errors of a text, by the member whose translation it is. */
const ERRORS_OF_TRANSLATION = new Map(
  FIELD_ROWS.flatMap(([, { registration: member, errors, isTranslatable }]) =>
    member !== undefined && errors !== undefined && isTranslatable
      ? [[member, errors as (value: string) => string[]] as const]
      : [],
  ),
);

/** Localized members obey the rules of their base members. */
function translationFaults(translations: Record<string, string>): FieldErrors {
  const members = Object.entries(translations);
  const surplus = members.slice(MAX_TRANSLATIONS).map(([member]) => member);
  if (surplus.length > 0) {
    return Object.fromEntries(
      surplus.map((member) => [
        member,
        [`exceeds the limit of ${MAX_TRANSLATIONS} localized members; omit it`],
      ]),
    );
  }
  return Object.fromEntries(
    members
      .map(([member, value]): [string, string[]] => [
        member,
        ERRORS_OF_TRANSLATION.get(member.slice(0, member.indexOf('#')))?.(value) ?? [],
      ])
      .filter(([, errors]) => errors.length > 0),
  );
}
