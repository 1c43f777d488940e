import type {
  ClientMetadataInput,
  ClientMetadata,
  ExtendedMetadata,
  TokenEndpointAuthMethod,
} from './client.js';
import {
  type ClientField,
  COLUMN_FIELDS,
  type FieldRow,
  type FieldValues,
  METADATA_FIELDS,
} from './fields.js';
import { type GrantType, offeredGrants } from './grants/grant-types.js';

export const DEFAULT_GRANT_TYPES: readonly GrantType[] = COLUMN_FIELDS.grantTypes.default;

/** The metadata that requests exactly this client: `applyDefaults` returns the same client again. */
export function draftOf({ metadata, ...columns }: ClientMetadata): ClientMetadataInput {
  const said = Object.entries(columns).map(([field, value]) => [field, value ?? undefined]);
  return { ...(Object.fromEntries(said) as ClientMetadataInput), ...metadata };
}

/** How the client will authenticate: with a secret, unless it said otherwise (RFC 7591 §2). */
export function authMethodOf({
  tokenEndpointAuthMethod,
  type,
}: ClientMetadataInput): TokenEndpointAuthMethod {
  return tokenEndpointAuthMethod ?? (type === 'public' ? 'none' : 'client_secret_basic');
}

/** Fields whose values are not simply those of the draft. */
const COMPUTED: { [F in ClientField]?: (draft: ClientMetadataInput) => FieldValues[F] | undefined } = {
  name: ({ name }) => name?.trim(),
  type: (draft) => (authMethodOf(draft) === 'none' ? 'public' : 'confidential'),
  tokenEndpointAuthMethod: authMethodOf,
  grantTypes: ({ grantTypes }) => grantTypes && offeredGrants(grantTypes),
  tokenEndpointAuthSigningAlg: (draft) =>
    authMethodOf(draft) === 'private_key_jwt' ? draft.tokenEndpointAuthSigningAlg : undefined,
};

/** The fields of a table, each with its default and how its value is found. */
const fieldsOf = (rows: Record<string, FieldRow>) =>
  (Object.keys(rows) as ClientField[]).map((field) => ({
    field,
    valueOf: COMPUTED[field] ?? ((draft: ClientMetadataInput) => draft[field]),
    byDefault: rows[field]!.default,
  }));

const COLUMNS = fieldsOf(COLUMN_FIELDS);
const METADATA = fieldsOf(METADATA_FIELDS);

/** The values that fields get: those of the draft, or the defaults. Duplicates in lists are removed. */
function valuesOf(fields: typeof COLUMNS, draft: ClientMetadataInput): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { field, valueOf, byDefault } of fields) {
    const value: unknown = valueOf(draft) ?? byDefault;
    if (value !== undefined) values[field] = Array.isArray(value) ? [...new Set(value)] : value;
  }
  return values;
}

/** The client that a faultless draft becomes. */
export function applyDefaults(draft: ClientMetadataInput): ClientMetadata {
  const columns = valuesOf(COLUMNS, draft) as Omit<ClientMetadata, 'metadata'>;
  return Object.assign(columns, { metadata: extendedMetadata(draft) });
}

const trimmed = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text.trim()]));

function extendedMetadata(draft: ClientMetadataInput): ExtendedMetadata {
  const { translations = {} } = draft;
  const metadata: ExtendedMetadata = valuesOf(METADATA, draft);
  if (Object.keys(translations).length > 0) metadata.translations = trimmed(translations);
  return metadata;
}
