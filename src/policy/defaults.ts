import type { ClientDraft, ClientProfile, ExtendedMetadata, TokenEndpointAuthMethod } from './client.js';
import { type GrantType, offeredGrants } from './grant-types.js';

/** RFC 7591 §2 */
export const DEFAULT_GRANT_TYPES: readonly GrantType[] = ['authorization_code'];

/** A client as somebody would ask for exactly it: `settle` makes the same of it again. */
export function draftOf({ metadata, ...profile }: ClientProfile): ClientDraft {
  const { name, logoUri, policyUri, tosUri } = profile;
  return {
    ...profile,
    ...metadata,
    name: name ?? undefined,
    logoUri: logoUri ?? undefined,
    policyUri: policyUri ?? undefined,
    tosUri: tosUri ?? undefined,
  };
}

/** How the client will authenticate: with a secret, unless it said otherwise (RFC 7591 §2). */
export function authMethodOf({ tokenEndpointAuthMethod, type }: ClientDraft): TokenEndpointAuthMethod {
  return tokenEndpointAuthMethod ?? (type === 'public' ? 'none' : 'client_secret_basic');
}

const unique = (values: readonly string[] = []) => [...new Set(values)];

/**
 * The client that a faultless draft becomes: what was left out gets its default, what was said twice is there once.
 */
export function settle(draft: ClientDraft): ClientProfile {
  const tokenEndpointAuthMethod = authMethodOf(draft);
  return {
    name: draft.name?.trim() ?? null,
    type: tokenEndpointAuthMethod === 'none' ? 'public' : 'confidential',
    tokenEndpointAuthMethod,
    grantTypes: offeredGrants(draft.grantTypes ?? DEFAULT_GRANT_TYPES),
    scopes: unique(draft.scopes),
    redirectUris: unique(draft.redirectUris),
    requirePkce: draft.requirePkce ?? false,
    logoUri: draft.logoUri ?? null,
    policyUri: draft.policyUri ?? null,
    tosUri: draft.tosUri ?? null,
    metadata: extendedMetadata(draft),
  };
}

const trimmed = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text.trim()]));

function extendedMetadata(draft: ClientDraft): ExtendedMetadata {
  const { clientUri, contacts, jwksUri, jwks, softwareId, softwareVersion, softwareStatement } = draft;
  const { applicationType, translations, tokenEndpointAuthSigningAlg } = draft;
  const said = {
    clientUri,
    contacts: contacts && unique(contacts),
    jwksUri,
    jwks,
    tokenEndpointAuthSigningAlg:
      authMethodOf(draft) === 'private_key_jwt' ? tokenEndpointAuthSigningAlg : undefined,
    softwareId,
    softwareVersion,
    softwareStatement,
    applicationType,
    translations: translations && Object.keys(translations).length > 0 ? trimmed(translations) : undefined,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
