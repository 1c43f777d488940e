import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { type RequestContext, changesBetween } from '../../audit/audit-event.js';
import type { IdPageRequest, Page } from '../../database/sql/pages.js';
import { RegistryError } from '../../errors/registry-error.js';
import { generateSecret } from '../../secrets/secret.js';
import {
  type ClientSecret,
  type ExpiringPageRequest,
  type ExpiringSecret,
  MAX_VALID_SECRETS,
  type NumberedSecretPage,
  type SecretSubmission,
} from './client-secret.js';
import { usesSecret } from '../../policy/client.js';
import { secretRequestFaults } from '../../policy/secret-request.js';
import { refusal } from '../client/client-request.js';
import { ClientSecretsRepository, type LockSecrets } from './client-secrets.repository.js';
import type { ClientKey, NumberedPageRequest } from '../client/client-query.js';
import { ClientLookupRepository } from '../client/client-lookup.repository.js';

/** Issues and revokes secrets. A client may have several valid ones, so that a rotation can overlap. */
@Injectable()
export class ClientSecretsService {
  constructor(
    private readonly lookup: ClientLookupRepository,
    private readonly repository: ClientSecretsRepository,
  ) {}

  /**
   * Issues another secret to a confidential client. `value` is the only copy of it in plaintext.
   * @throws RegistryError `not_found`, or see {@link issueWithin}
   */
  issue(
    key: ClientKey,
    submission: SecretSubmission,
    context: RequestContext,
  ): Promise<{ secret: ClientSecret; value: string }> {
    return this.issueWithin(this.lockOf(key, context), submission, null);
  }

  /**
   * The same for callers that lock the client themselves.
   * @param maxTtlMs how long it is valid at most; null: as long as requested
   * @throws RegistryError `validation_error` with every field at fault, for a public client, or for one secret too many
   */
  async issueWithin(
    lock: LockSecrets,
    { request, faults, names }: SecretSubmission,
    maxTtlMs: number | null,
  ): Promise<{ secret: ClientSecret; value: string }> {
    const now = new Date();
    const invalidFields = { ...secretRequestFaults(request, names, now), ...faults };
    if (Object.keys(invalidFields).length > 0) throw refusal('validation_error', invalidFields);
    const { expireOthersInSeconds } = request;
    const expiresAt = earliest(
      request.expiresAt,
      maxTtlMs === null ? null : new Date(now.getTime() + maxTtlMs),
    );
    const value = generateSecret();
    const othersExpireAt =
      expireOthersInSeconds === null ? null : new Date(now.getTime() + expireOthersInSeconds * 1000);
    return lock(async ({ client, secrets, record }) => {
      if (client.type === 'public') {
        throw impossible('A public client cannot have a secret (RFC 6749 §2.1).');
      }
      if (!usesSecret(client)) {
        throw impossible(
          `A client with the token endpoint authentication method ${client.tokenEndpointAuthMethod} cannot have a secret.`,
        );
      }
      if (othersExpireAt !== null) await secrets.expireBy(othersExpireAt);
      if ((await secrets.valid(now)).length >= MAX_VALID_SECRETS) {
        throw impossible(`The client already has ${MAX_VALID_SECRETS} valid secrets. Revoke one first.`);
      }
      const secret = await secrets.add({ value, expiresAt }, now);
      await record('client_secret.issued', secret.id, changesBetween(null, { expiresAt, othersExpireAt }));
      return { secret, value };
    });
  }

  /**
   * A page of the secrets of a client that were not revoked, the newest first.
   * @throws RegistryError `not_found`
   */
  async list(key: ClientKey, page: NumberedPageRequest): Promise<NumberedSecretPage> {
    const { id } = await this.lookup.get(key);
    return this.repository.numberedPage(id, page);
  }

  /** A page of the same by its cursor, for each of several clients. */
  pages(clientIds: readonly string[], request: IdPageRequest): Promise<Map<string, Page<ClientSecret>>> {
    return this.repository.pages(clientIds, request);
  }

  /** Valid secrets that expire before then, the soonest first; those of deleted clients are omitted. */
  pageExpiring(before: Date, request: ExpiringPageRequest): Promise<Page<ExpiringSecret>> {
    return this.repository.pageExpiring(new Date(), before, request);
  }

  /** How many they are. */
  countExpiring(before: Date): Promise<number> {
    return this.repository.countExpiring(new Date(), before);
  }

  /** How many clients in use will be left without a secret by then, among the `limit` secrets that expire next. */
  countLastOnesExpiring(until: Date, limit: number): Promise<number> {
    return this.repository.countLastOnesExpiring(new Date(), until, limit);
  }

  /** Permanently removes secrets that expired or were revoked before `limit`; says how many. */
  purge(limit: Date): Promise<number> {
    return this.repository.purge(limit);
  }

  /**
   * Revokes a secret at once.
   * @param force even if no valid one is left
   * @throws RegistryError `not_found`, or `validation_error` for the last valid one
   */
  revoke(key: ClientKey, secretId: string, force: boolean, context: RequestContext): Promise<void> {
    return this.revokeWithin(this.lockOf(key, context), secretId, force);
  }

  /** The same for callers that lock the client themselves. */
  async revokeWithin(lock: LockSecrets, secretId: string, force: boolean): Promise<void> {
    const now = new Date();
    if (!isUuid(secretId)) throw noSuchSecret();
    await lock(async ({ secrets, record }) => {
      const valid = await secrets.valid(now);
      if (!force && valid.length === 1 && valid[0]?.id === secretId) {
        throw impossible(
          'The secret is the last valid secret of the client. Issue another secret first, or send force=true.',
        );
      }
      if (!(await secrets.revoke(secretId, now))) {
        throw noSuchSecret();
      }
      await record('client_secret.revoked', secretId, []);
    });
  }

  private lockOf(key: ClientKey, context: RequestContext): LockSecrets {
    return (work) => this.repository.withSecretsOf(key, work, context);
  }
}

/** Null: never. */
const earliest = (one: Date | null, other: Date | null) =>
  one === null || (other !== null && other < one) ? other : one;

const noSuchSecret = () => new RegistryError('not_found', 'The secret does not exist.');

const impossible = (description: string) => new RegistryError('validation_error', description);
