import type { ClientSecret, SecretSubmission } from '../../../clients/secrets/client-secret.js';
import type { Shaped } from '../../../http/requests/shape.js';
import type { ClientSecretCreateRequest, ClientSecretView } from './client-secrets.dto.js';

export function toSecretSubmission({ body, faults }: Shaped<ClientSecretCreateRequest>): SecretSubmission {
  const { expires_at: expiresAt, expire_others_in: expireOthersIn } = body;
  return {
    request: {
      expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
      expireOthersInSeconds: expireOthersIn ?? null,
    },
    faults,
    names: { expiresAt: 'expires_at', expireOthersInSeconds: 'expire_others_in' },
  };
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
