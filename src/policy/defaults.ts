import type {
  ClientMetadataInput,
  ClientMetadata,
  ExtendedMetadata,
  TokenEndpointAuthMethod,
} from './client.js';
import { COLUMN_FIELDS, type FieldRow, METADATA_FIELDS } from './fields.js';
import { type GrantType, offeredGrants } from './grant-types.js';

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

const COLUMNS = Object.entries<FieldRow>(COLUMN_FIELDS);
const METADATA = Object.entries<FieldRow>(METADATA_FIELDS);

/** The values that fields get: those of the draft, or the defaults. What is twice in a list is there once. */
function settled(fields: typeof COLUMNS, draft: ClientMetadataInput): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [field, { default: byDefault }] of fields) {
    const value: unknown = draft[field as keyof ClientMetadataInput] ?? byDefault;
    if (value !== undefined) values[field] = Array.isArray(value) ? [...new Set(value)] : value;
  }
  return values;
}

/** The client that a faultless draft becomes. */
export function applyDefaults(draft: ClientMetadataInput): ClientMetadata {
  const tokenEndpointAuthMethod = authMethodOf(draft);
  const complete: ClientMetadataInput = {
    ...draft,
    name: draft.name?.trim(),
    type: tokenEndpointAuthMethod === 'none' ? 'public' : 'confidential',
    tokenEndpointAuthMethod,
    grantTypes: offeredGrants(draft.grantTypes ?? DEFAULT_GRANT_TYPES),
    tokenEndpointAuthSigningAlg:
      tokenEndpointAuthMethod === 'private_key_jwt' ? draft.tokenEndpointAuthSigningAlg : undefined,
  };
  const columns = settled(COLUMNS, complete) as Omit<ClientMetadata, 'metadata'>;
  return Object.assign(columns, { metadata: extendedMetadata(complete) });
}

const trimmed = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text.trim()]));

function extendedMetadata(draft: ClientMetadataInput): ExtendedMetadata {
  const { translations = {} } = draft;
  const metadata: ExtendedMetadata = settled(METADATA, draft);
  if (Object.keys(translations).length > 0) metadata.translations = trimmed(translations);
  return metadata;
}
