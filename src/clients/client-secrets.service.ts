import { Injectable } from '@nestjs/common';
import { RegistryError } from '../errors/registry-error.js';
import { generateSecret } from '../secrets/secret.js';
import { type ClientSecret, MAX_VALID_SECRETS, type SecretRequest } from './client-secret.js';
import { ClientSecretsRepository } from './client-secrets.repository.js';
import type { ClientKey } from './client-query.js';
import { ClientsService } from './clients.service.js';

/** The life of secrets: issued beside each other, so that a rotation can overlap, and revoked one by one. */
@Injectable()
export class ClientSecretsService {
  constructor(
    private readonly clients: ClientsService,
    private readonly repository: ClientSecretsRepository,
  ) {}

  /**
   * Issues another secret to a confidential client. `value` is the only copy of it in clear.
   * @throws RegistryError `not_found`, or `validation_error` for a public client or one secret too many
   */
  async issue(
    key: ClientKey,
    { expiresAt, expireOthersInSeconds }: SecretRequest,
  ): Promise<{ secret: ClientSecret; value: string }> {
    const value = generateSecret();
    const now = new Date();
    return this.repository.withSecretsOf(key, async (secrets, { type }) => {
      if (type === 'public') {
        throw refusal('A public client cannot keep a secret, so it gets none (RFC 6749 §2.1).');
      }
      if (expireOthersInSeconds !== null) {
        await secrets.expireBy(new Date(now.getTime() + expireOthersInSeconds * 1000));
      }
      if ((await secrets.valid(now)).length >= MAX_VALID_SECRETS) {
        throw refusal(`The client has ${MAX_VALID_SECRETS} valid secrets already; revoke one first.`);
      }
      return { secret: await secrets.add({ value, expiresAt }, now), value };
    });
  }

  /**
   * The secrets of a client that were not revoked, the newest first.
   * @throws RegistryError `not_found`
   */
  async list(key: ClientKey): Promise<ClientSecret[]> {
    const { id } = await this.clients.get(key);
    return this.repository.list(id);
  }

  /**
   * Revokes a secret at once.
   * @param force even if no valid one is left
   * @throws RegistryError `not_found`, or `validation_error` for the last valid one
   */
  async revoke(key: ClientKey, secretId: string, force: boolean): Promise<void> {
    const now = new Date();
    await this.repository.withSecretsOf(key, async (secrets) => {
      const valid = await secrets.valid(now);
      if (!force && valid.length === 1 && valid[0]?.id === secretId) {
        throw refusal(
          'This is the last valid secret of the client; issue another one first, or add ?force=true.',
        );
      }
      if (!(await secrets.revoke(secretId, now))) {
        throw new RegistryError('not_found', 'There is no such secret.');
      }
    });
  }
}

const refusal = (description: string) => new RegistryError('validation_error', description);
