import type { AllClientMetadata } from 'oidc-provider';
import type { Client } from '../../clients/client/client.js';

/**
 * A client as the library takes it. Its method is `none`, whatever it registered: clients are authenticated before the library is asked
 * (ADR 20), so that it needs no secret, and no placeholder for one.
 */
export function toEngineClient({
  id,
  grantTypes,
  redirectUris,
  scopes,
  ...client
}: Client): AllClientMetadata {
  return {
    client_id: id,
    token_endpoint_auth_method: 'none',
    // Codes are issued for authorization_code alone
    grant_types: grantTypes,
    response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
    redirect_uris: redirectUris,
    application_type: applicationTypeOf(redirectUris),
    client_name: client.name,
  };
}

/** The library's default, `web`, takes neither loopback URIs nor private-use schemes (RFC 8252 §7). */
const applicationTypeOf = (redirectUris: readonly string[]) =>
  redirectUris.every((uri) => uri.startsWith('https:')) ? 'web' : 'native';
