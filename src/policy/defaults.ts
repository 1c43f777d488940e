import type { ClientDraft, ClientProfile, ExtendedMetadata, TokenEndpointAuthMethod } from './client.js';
import { COLUMN_FIELDS, type FieldRow, METADATA_FIELDS } from './fields.js';
import { type GrantType, offeredGrants } from './grant-types.js';

export const DEFAULT_GRANT_TYPES: readonly GrantType[] = COLUMN_FIELDS.grantTypes.default;

/** A client as somebody would ask for exactly it: `settle` makes the same of it again. */
export function draftOf({ metadata, ...columns }: ClientProfile): ClientDraft {
  const said = Object.entries(columns).map(([field, value]) => [field, value ?? undefined]);
  return { ...(Object.fromEntries(said) as ClientDraft), ...metadata };
}

/** How the client will authenticate: with a secret, unless it said otherwise (RFC 7591 §2). */
export function authMethodOf({ tokenEndpointAuthMethod, type }: ClientDraft): TokenEndpointAuthMethod {
  return tokenEndpointAuthMethod ?? (type === 'public' ? 'none' : 'client_secret_basic');
}

/** The values that fields get: those of the draft, or the defaults. What is twice in a list is there once. */
function settled(fields: Record<string, FieldRow>, draft: ClientDraft): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, { default: byDefault }]) => {
      const value: unknown = draft[field as keyof ClientDraft] ?? byDefault;
      return [field, Array.isArray(value) ? [...new Set(value)] : value];
    }),
  );
}

/** The client that a faultless draft becomes. */
export function settle(draft: ClientDraft): ClientProfile {
  const tokenEndpointAuthMethod = authMethodOf(draft);
  return {
    ...(settled(COLUMN_FIELDS, draft) as unknown as ClientProfile),
    name: draft.name?.trim() ?? null,
    type: tokenEndpointAuthMethod === 'none' ? 'public' : 'confidential',
    tokenEndpointAuthMethod,
    grantTypes: offeredGrants(draft.grantTypes ?? DEFAULT_GRANT_TYPES),
    metadata: extendedMetadata(draft),
  };
}

const trimmed = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text.trim()]));

function extendedMetadata(draft: ClientDraft): ExtendedMetadata {
  const { translations, tokenEndpointAuthSigningAlg } = draft;
  const said = {
    ...settled(METADATA_FIELDS, draft),
    tokenEndpointAuthSigningAlg:
      authMethodOf(draft) === 'private_key_jwt' ? tokenEndpointAuthSigningAlg : undefined,
    translations: translations && Object.keys(translations).length > 0 ? trimmed(translations) : undefined,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
