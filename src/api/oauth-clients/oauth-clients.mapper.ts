import type { Client, IssuedSecret } from '../../clients/client.js';
import type { Submission } from '../../clients/clients.service.js';
import { REGISTERED_NAMES } from '../../clients/policy/rules.js';
import type { Shaped } from '../shape.js';
import type { OAuthClient, OAuthClientCreateRequest } from './oauth-clients.dto.js';

/** How callers of this door name the fields of a client. */
const NAMES = {
  ...REGISTERED_NAMES,
  name: 'name',
  grantTypes: 'allowed_grant_types',
  scopes: 'allowed_scopes',
} as const;

export function toSubmission({ body, faults }: Shaped<OAuthClientCreateRequest>): Submission {
  return {
    draft: {
      name: body.name,
      type: body.client_type,
      grantTypes: body.allowed_grant_types,
      scopes: body.allowed_scopes,
      redirectUris: body.redirect_uris,
      requirePkce: body.require_pkce,
      logoUri: body.logo_uri,
      policyUri: body.policy_uri,
      tosUri: body.tos_uri,
    },
    faults,
    names: NAMES,
    refusalCode: () => 'validation_error',
  };
}

/** @param secret only in the reply that issues it */
export function toOAuthClient(client: Client, secret: IssuedSecret | null): OAuthClient {
  return {
    record_type: 'oauth_client',
    client_id: client.id,
    name: client.name,
    // The contract has no place for a client without an owner; nor does this door show one
    org_id: client.orgId ?? '',
    user_id: client.userId ?? '',
    allowed_scopes: client.scopes,
    client_type: client.type,
    require_pkce: client.requirePkce,
    allowed_grant_types: client.grantTypes,
    redirect_uris: client.redirectUris,
    logo_uri: client.logoUri,
    tos_uri: client.tosUri,
    policy_uri: client.policyUri,
    client_secret: secret?.value ?? null,
    created_at: client.createdAt.toISOString(),
    updated_at: client.updatedAt.toISOString(),
  };
}
