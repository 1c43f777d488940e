import type { ClientSecret, SecretRequest } from '../../clients/client-secret.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { Shaped } from '../shape.js';
import type { ClientSecretCreateRequest, ClientSecretView } from './client-secrets.dto.js';

/** @throws RegistryError `validation_error` with every field at fault */
export function toSecretRequest({ body, faults }: Shaped<ClientSecretCreateRequest>): SecretRequest {
  const expiresAt = body.expires_at === undefined ? null : new Date(body.expires_at);
  const invalidFields = { ...faults };
  if (expiresAt !== null && !(expiresAt.getTime() > Date.now())) {
    invalidFields.expires_at = ['must be in the future'];
  }
  if (Object.keys(invalidFields).length > 0) {
    throw new RegistryError('validation_error', 'Some fields are invalid; invalid_fields names each.', {
      invalidFields,
    });
  }
  return { expiresAt, expireOthersInSeconds: body.expire_others_in ?? null };
}

export function toSecretView({ id, hint, createdAt, expiresAt, lastUsedAt }: ClientSecret): ClientSecretView {
  return {
    id,
    hint,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
  };
}
