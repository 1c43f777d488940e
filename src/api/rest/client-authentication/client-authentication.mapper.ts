import type {
  AuthenticatedClient,
  AuthenticationFailure,
  ClientCredentials,
  FailedAuthentication,
} from '../../../clients/authentication/client-authentication.js';
import { usableGrantTypes } from '../../../clients/client/client.js';
import { refusal } from '../../../clients/client/client-request.js';
import type { Shaped } from '../../../http/requests/shape.js';
import { toResponse } from '../registration/registration.mapper.js';
import type { ClientAuthenticationReply, ClientAuthenticationRequest } from './client-authentication.dto.js';

/** @throws RegistryError `validation_error` with every invalid field */
export function toClientCredentials({
  body,
  faults,
}: Shaped<ClientAuthenticationRequest>): ClientCredentials {
  const { client_id, client_secret, client_assertion, client_assertion_type, audience } = body;
  const invalidFields = { ...faults };
  if (client_assertion && !audience && invalidFields.audience === undefined) {
    invalidFields.audience = ['is required with client_assertion: send the issuer identifier of your server'];
  }
  if (Object.keys(invalidFields).length > 0) throw refusal('validation_error', invalidFields);
  return {
    clientId: client_id,
    // RFC 6749 §3.1: what is empty counts as omitted
    clientSecret: client_secret || undefined,
    clientAssertion: client_assertion || undefined,
    clientAssertionType: client_assertion_type,
    audience,
  };
}

/** Failures that do not count as failed attempts: the software of a missing client must learn to register again. */
const NOT_COUNTED: readonly AuthenticationFailure[] = ['unknown_client', 'deleted_client', 'disabled_client'];

export const isFailedAttempt = (result: AuthenticatedClient | FailedAuthentication): boolean =>
  'failure' in result && !NOT_COUNTED.includes(result.failure);

export function toReply(result: AuthenticatedClient | FailedAuthentication): ClientAuthenticationReply {
  if ('failure' in result) {
    return { active: false, reason: result.failure, description: result.description };
  }
  const { client, method, secret, keyId } = result;
  return {
    active: true,
    method,
    client: {
      ...toResponse(client, null, {}),
      grant_types: usableGrantTypes(client),
      client_type: client.type,
      require_pkce: client.requirePkce,
      verified: client.verified,
      org_id: client.orgId,
      user_id: client.userId,
    },
    ...(secret && { secret: { id: secret.id, expires_at: secret.expiresAt?.toISOString() ?? null } }),
    ...(method === 'private_key_jwt' && { key: { kid: keyId } }),
  };
}
