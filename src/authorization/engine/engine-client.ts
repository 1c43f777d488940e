import type { AllClientMetadata } from 'oidc-provider';
import type { Client } from '../../clients/client/client.js';

/**
 * A client as the library takes it. Its method is always `none`: clients are authenticated before the library is asked
 * (ADR 20), so that it needs no secret, and no placeholder for one.
 * @param redirectUri the one of the request, which was compared to the registered ones before; null: the request has none
 */
export function toEngineClient(
  { id, name, grantTypes }: Client,
  redirectUri: string | null,
): AllClientMetadata {
  const redirectUris = redirectUri === null ? [] : [redirectUri];
  return {
    client_id: id,
    token_endpoint_auth_method: 'none',
    grant_types: grantTypes,
    response_types: redirectUri === null ? [] : ['code'],
    redirect_uris: redirectUris,
    application_type: redirectUris.every((uri) => /^https?:/.test(uri)) ? 'web' : 'native',
    client_name: name,
  };
}
