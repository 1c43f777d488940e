import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { type RequestContext, changesBetween, credentialEntry, SYSTEM } from '../../audit/audit-event.js';
import { ownerNameFaults, withOwnerNames } from '../../policy/names/owner-name.js';
import { textFaults } from '../../policy/names/text.js';
import { newId } from '../../database/id.js';
import type { IdPageRequest, Page } from '../../database/sql/pages.js';
import { type FieldFaults, RegistryError } from '../../errors/registry-error.js';
import { generateCredential, hashSecret, secretHint } from '../../secrets/secret.js';
import type { ApiKeyEntity } from './api-key.entity.js';
import type { ApiKey, ApiKeyFilter, NewApiKey } from './api-key.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import type { Principal } from '../principal/principal.js';

export type { ApiKey, ApiKeyFilter, NewApiKey } from './api-key.js';

/** How long a key is used without another lookup, and so at most after another instance or the command line has revoked it. */
const REMEMBERED_MS = 1_000;
/** Keys that are remembered. Unknown ones are not: they would be an attacker's. */
const MAX_REMEMBERED = 10_000;

/** An admin key that ends sooner does not count as one that is left: there must be time to make another, over a weekend, too. */
export const LASTING_DAYS = 7;

/** The keys with which people and programs call. */
@Injectable()
export class ApiKeysService {
  /** Keys by their hashes, each until a time of `performance.now()`. */
  private remembered = new Map<string, { key: ApiKeyEntity; until: number }>();

  constructor(private readonly repository: ApiKeysRepository) {}

  /**
   * Makes a key. `value` is the only copy of it in plaintext.
   * @throws RegistryError `validation_error` with every field at fault
   */
  async create(asked: NewApiKey, context: RequestContext): Promise<{ apiKey: ApiKey; value: string }> {
    const key = withOwnerNames(asked);
    const invalidFields = apiKeyFaults(key, new Date());
    if (Object.keys(invalidFields).length > 0) {
      throw new RegistryError(
        'validation_error',
        `Invalid fields: ${Object.keys(invalidFields).join(', ')}.`,
        { invalidFields },
      );
    }
    const value = generateCredential('apiKey');
    return { apiKey: await this.store(key, value, context), value };
  }

  /** Makes sure that the key `value` is known. One that was revoked stays so. */
  async ensure(key: NewApiKey, value: string): Promise<void> {
    await this.store(key, value, SYSTEM);
  }

  /** Keys that match, the newest first. */
  async page(filter: ApiKeyFilter, request: IdPageRequest): Promise<Page<ApiKey>> {
    const page = await this.repository.page(filter, request);
    return { ...page, rows: page.rows.map(withoutHash) };
  }

  /** How many keys match. */
  count(filter: ApiKeyFilter): Promise<number> {
    return this.repository.count(filter);
  }

  /**
   * Ends a key permanently: here at once, on other instances within {@link REMEMBERED_MS}.
   * @throws RegistryError `not_found` if there is none that is not revoked already, or `validation_error` if no admin
   *   key would be left that is valid for another {@link LASTING_DAYS}
   */
  async revoke(id: string, context: RequestContext): Promise<ApiKey> {
    const now = new Date();
    const check = (key: ApiKeyEntity, admins: ApiKeyEntity[]) => {
      const isNeeded = key.role === 'admin' && !isOver(key, now);
      if (!isNeeded || admins.some((other) => other.id !== id && isLasting(other, now))) return;
      throw new RegistryError(
        'validation_error',
        `The API key is the only admin key that remains valid for ${LASTING_DAYS} days. Create another admin key first.`,
      );
    };
    const revoked = isUuid(id) ? await this.repository.revoke(id, now, context, check) : null;
    if (revoked === null) {
      throw new RegistryError('not_found', 'The API key does not exist or is already revoked.');
    }
    // A lookup that is in progress still fills the old map
    this.remembered = new Map();
    return withoutHash(revoked);
  }

  /** The principal of the key; null if it is unknown, revoked or expired. */
  async authenticate(apiKey: string): Promise<Principal | null> {
    return this.principalOf(await this.find(hashSecret(apiKey)));
  }

  /** The same for a session that was begun with the key. Changes by other instances count at once. */
  async authenticateSession(id: string, expiresAt: Date): Promise<Principal | null> {
    const key = await this.repository.findById(id);
    const principal = this.principalOf(key);
    if (key === null || principal === null) return null;
    const isKeyOutlived = key.expiresAt !== null && key.expiresAt < expiresAt;
    return { ...principal, sessionExpiresAt: isKeyOutlived ? key.expiresAt : expiresAt };
  }

  /** Whether an admin key was ever made. */
  hasAdmin(): Promise<boolean> {
    return this.repository.hasAdmin();
  }

  /** Whether an admin key is left that is valid for another {@link LASTING_DAYS}. */
  async hasLastingAdmin(): Promise<boolean> {
    const now = new Date();
    return (await this.repository.unrevokedAdmins()).some((key) => isLasting(key, now));
  }

  private async store(asked: NewApiKey, value: string, context: RequestContext): Promise<ApiKey> {
    const { name, orgId, userId, role, expiresAt } = asked;
    const key: ApiKey = {
      name,
      orgId,
      userId,
      role,
      expiresAt,
      id: newId(),
      hint: secretHint(value),
      createdAt: new Date(),
      lastUsedAt: null,
      revokedAt: null,
    };
    const entry = credentialEntry('api_key.created', key.id, changesBetween(null, asked));
    await this.repository.insert({ ...key, hash: hashSecret(value) }, entry, context);
    return key;
  }

  private principalOf(key: ApiKeyEntity | null): Principal | null {
    const now = new Date();
    if (key === null || key.revokedAt !== null || isOver(key, now)) return null;
    this.repository.uses.note(key);
    // Requests that find the remembered key meanwhile have nothing to write
    key.lastUsedAt = now;
    return {
      orgId: key.orgId,
      userId: key.userId,
      role: key.role,
      actor: { type: 'api_key', id: key.id },
      keyName: key.name,
      sessionExpiresAt: null,
    };
  }

  private async find(hash: string): Promise<ApiKeyEntity | null> {
    const { remembered } = this;
    const known = remembered.get(hash);
    if (known !== undefined && known.until > performance.now()) return known.key;
    const key = await this.repository.findByHash(hash);
    if (key === null) return null;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    // If the cache was replaced meanwhile, the entry goes into the old one
    remembered.set(hash, { key, until: performance.now() + REMEMBERED_MS });
    return key;
  }
}

const isOver = ({ expiresAt }: ApiKey, now: Date) => expiresAt !== null && expiresAt <= now;

const isLasting = ({ expiresAt }: ApiKey, now: Date) =>
  expiresAt === null || expiresAt.getTime() >= now.getTime() + LASTING_DAYS * 86_400_000;

const withoutHash = ({ hash, ...key }: ApiKeyEntity): ApiKey => key;

/** Everything that is wrong with a request for a key, by field. */
export function apiKeyFaults({ name, orgId, userId, expiresAt }: NewApiKey, now: Date): FieldFaults {
  const faults: FieldFaults = {
    name: textFaults(name),
    orgId: ownerNameFaults(orgId),
    userId: ownerNameFaults(userId),
    expiresAt: expiresAt === null || expiresAt > now ? [] : ['must be in the future'],
  };
  return Object.fromEntries(Object.entries(faults).filter(([, found]) => found.length > 0));
}
