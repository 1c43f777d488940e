import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, type SelectQueryBuilder } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { type RequestContext, changesBetween, credentialEntry, SYSTEM } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-trail.js';
import { ownerNameFaults, withOwnerNames } from '../../policy/names/owner-name.js';
import { textFaults } from '../../policy/names/text.js';
import { type Conditions, whereOf } from '../../database/sql/conditions.js';
import { newId } from '../../database/id.js';
import { type IdPageRequest, type Page, pageById } from '../../database/sql/pages.js';
import { type Lookup, lookupBy } from '../../database/sql/lookup.js';
import { lockRows } from '../../database/sql/row-lock.js';
import { Transactions } from '../../database/writes/transactions.js';
import { type FieldFaults, RegistryError } from '../../errors/registry-error.js';
import { generateCredential, hashSecret, secretHint } from '../../secrets/secret.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeyUses, LAST_USED_RESOLUTION_MS } from './api-key-uses.js';
import type { Principal, Role } from '../principal/principal.js';

/**
 * A key that was found is not looked up again for so long: a second statement would take as long as the rest of most
 * requests. So long, too, may a key be used that another instance or the command line has revoked.
 */
const REMEMBERED_MS = 1_000;
/** Keys that are remembered. Unknown ones are not: they would be an attacker's. */
const MAX_REMEMBERED = 10_000;

/** An admin key that ends sooner is none that others can be revoked for: there must be time to make another one, over a weekend, too. */
export const LASTING_MS = 7 * 86_400_000;

/** What somebody asks for who wants a key. */
export interface NewApiKey extends Pick<Principal, 'orgId' | 'userId' | 'role'> {
  /** What it is for, in the words of whoever makes it. */
  name: string;
  /** Null: never. */
  expiresAt: Date | null;
}

/** A key, without itself. */
export interface ApiKey extends NewApiKey {
  id: string;
  /** The last four characters of the key. */
  hint: string;
  createdAt: Date;
  /** Exact to a minute. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** Which keys; those that match everything that is said. */
export interface ApiKeyFilter {
  /** Exclusive. */
  expiresBefore?: Date;
  role?: Role;
  orgId?: string;
  /** Those that are neither revoked nor expired; or all others. */
  active?: boolean;
}

const ACTIVE = `key.revokedAt IS NULL AND COALESCE(key.expiresAt, ${Number.MAX_SAFE_INTEGER}) > :value`;
const CONDITIONS: Conditions<ApiKeyFilter> = {
  expiresBefore: { sql: 'key.expiresAt < :value', value: (time: Date) => time.getTime() },
  role: { sql: 'key.role = :value' },
  orgId: { sql: 'key.orgId = :value' },
  active: {
    sql: (isActive: boolean) => (isActive ? ACTIVE : `NOT (${ACTIVE})`),
    value: () => Date.now(),
  },
};

/** The keys with which people and programs call. */
@Injectable()
export class ApiKeysService {
  private readonly uses: ApiKeyUses;
  private readonly byHash: Lookup<ApiKeyEntity>;
  private readonly byId: Lookup<ApiKeyEntity>;
  /** By their hashes, until when each is remembered (`performance.now()`). */
  private remembered = new Map<string, { key: ApiKeyEntity; until: number }>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly transactions: Transactions,
  ) {
    this.uses = new ApiKeyUses(transactions);
    transactions.writability.tables.set(dataSource.getMetadata(ApiKeyEntity).tableName, 'read');
    this.byHash = lookupBy(dataSource, ApiKeyEntity, ['hash']);
    this.byId = lookupBy(dataSource, ApiKeyEntity, ['id']);
  }

  /**
   * Makes a key. `value` is the only copy of it in clear.
   * @throws RegistryError `validation_error` with every field at fault
   */
  async create(asked: NewApiKey, context: RequestContext): Promise<{ apiKey: ApiKey; value: string }> {
    const key = withOwnerNames(asked);
    const invalidFields = apiKeyFaults(key, new Date());
    if (Object.keys(invalidFields).length > 0) {
      throw new RegistryError(
        'validation_error',
        `These fields are invalid: ${Object.keys(invalidFields).join(', ')}.`,
        { invalidFields },
      );
    }
    const value = generateCredential('apiKey');
    const row = toRow(key, value);
    await this.transactions.run(async (manager) => {
      await manager.insert(ApiKeyEntity, row);
      await record(manager, context, [credentialEntry('api_key.created', row.id, changesBetween(null, key))]);
    });
    return { apiKey: withoutHash(row), value };
  }

  /** Keys that match, the newest first. */
  async page(filter: ApiKeyFilter, request: IdPageRequest): Promise<Page<ApiKey>> {
    const page = await pageById(this.select(filter), request);
    return { ...page, rows: page.rows.map(withoutHash) };
  }

  /** How many keys match. */
  count(filter: ApiKeyFilter): Promise<number> {
    return this.select(filter).getCount();
  }

  private select(filter: ApiKeyFilter): SelectQueryBuilder<ApiKeyEntity> {
    const { sql, parameters } = whereOf(CONDITIONS, filter);
    return this.dataSource.manager.createQueryBuilder(ApiKeyEntity, 'key').where(sql, parameters);
  }

  /**
   * Ends a key for good: here at once, on other instances within {@link REMEMBERED_MS}.
   * @throws RegistryError `not_found` where there is none that is not revoked already, or `validation_error` where no admin
   *   key would be left that is valid for another {@link LASTING_MS}
   */
  async revoke(id: string, context: RequestContext): Promise<ApiKey> {
    if (!isUuid(id)) throw noSuchKey();
    const revoked = await this.transactions.run(
      async (manager) => {
        const now = new Date();
        // All of them: two admins who revoke each other at once must not both find one that is left
        const query = manager
          .createQueryBuilder(ApiKeyEntity, 'key')
          .where(`key.role = 'admin' AND key.revokedAt IS NULL`)
          .orderBy('key.id');
        const admins = await lockRows(query).getMany();
        const key = await manager.findOneBy(ApiKeyEntity, { id, revokedAt: IsNull() });
        if (key === null) throw noSuchKey();
        const isValid = ({ expiresAt }: ApiKeyEntity) => expiresAt === null || expiresAt > now;
        if (
          key.role === 'admin' &&
          isValid(key) &&
          !admins.some((other) => other.id !== id && isLasting(other, now))
        ) {
          throw new RegistryError(
            'validation_error',
            'Without this key there would be no admin key that is valid for another 7 days; make one that is first.',
          );
        }
        await manager.update(ApiKeyEntity, id, { revokedAt: now });
        await record(manager, context, [credentialEntry('api_key.revoked', id, [])]);
        return { ...withoutHash(key), revokedAt: now };
      },
      context,
      'admin keys',
    );
    // A lookup that is under way still fills the old map
    this.remembered = new Map();
    return revoked;
  }

  /**
   * Whom the key belongs to; null where it is unknown, revoked or expired. It is found by its hash, which nobody can guess a
   * part of, so that nothing is left to compare.
   */
  async authenticate(apiKey: string): Promise<Principal | null> {
    return this.principalOf(await this.find(hashSecret(apiKey)));
  }

  /** The same for a session that was begun with the key. Whatever another instance has done to it is known at once. */
  async authenticateSession(id: string, expiresAt: Date): Promise<Principal | null> {
    const key = await this.byId([id]);
    const principal = this.principalOf(key);
    if (key === null || principal === null) return null;
    const isKeyOutlived = key.expiresAt !== null && key.expiresAt < expiresAt;
    return { ...principal, sessionExpiresAt: isKeyOutlived ? key.expiresAt : expiresAt };
  }

  private principalOf(key: ApiKeyEntity | null): Principal | null {
    const now = new Date();
    if (key === null || key.revokedAt !== null) return null;
    if (key.expiresAt !== null && key.expiresAt <= now) return null;
    this.noteUse(key, now);
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
    const key = await this.byHash([hash]);
    if (key === null) return null;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    // Where all was forgotten meanwhile, this is, too
    remembered.set(hash, { key, until: performance.now() + REMEMBERED_MS });
    return key;
  }

  /** Makes sure that the key `value` is known. One that was revoked stays so. */
  async ensure(key: NewApiKey, value: string): Promise<void> {
    await this.transactions.run(async (manager) => {
      const row = toRow(key, value);
      // The same bootstrap key comes again with every start, and from many instances at once
      await manager.createQueryBuilder().insert().into(ApiKeyEntity).values(row).orIgnore().execute();
      const isNew = await manager.existsBy(ApiKeyEntity, { id: row.id });
      if (isNew)
        await record(manager, SYSTEM, [
          credentialEntry('api_key.created', row.id, changesBetween(null, key)),
        ]);
    });
  }

  /** Whether an admin key was ever made. */
  async hasAdmin(): Promise<boolean> {
    return this.dataSource.manager.existsBy(ApiKeyEntity, { role: 'admin' });
  }

  /** Whether an admin key is left that is valid for another {@link LASTING_MS}. */
  async hasLastingAdmin(): Promise<boolean> {
    const now = new Date();
    const keys = await this.dataSource.manager.findBy(ApiKeyEntity, { role: 'admin', revokedAt: IsNull() });
    return keys.some((key) => isLasting(key, now));
  }

  private noteUse(key: ApiKeyEntity, now: Date): void {
    const { id, lastUsedAt } = key;
    if (lastUsedAt !== null && lastUsedAt.getTime() > now.getTime() - LAST_USED_RESOLUTION_MS) return;
    // Requests that find the remembered key meanwhile have nothing to write
    key.lastUsedAt = now;
    this.uses.note(id);
  }
}

const isLasting = ({ expiresAt }: ApiKeyEntity, now: Date) =>
  expiresAt === null || expiresAt.getTime() >= now.getTime() + LASTING_MS;

const noSuchKey = () => new RegistryError('not_found', 'There is no such key, or it is revoked already.');

function withoutHash({ hash, ...key }: ApiKeyEntity): ApiKey {
  return key;
}

const toRow = (key: NewApiKey, value: string): ApiKeyEntity => ({
  name: key.name,
  orgId: key.orgId,
  userId: key.userId,
  role: key.role,
  expiresAt: key.expiresAt,
  id: newId(),
  hash: hashSecret(value),
  hint: secretHint(value),
  createdAt: new Date(),
  lastUsedAt: null,
  revokedAt: null,
});

/** Everything that is wrong with a request for a key, by field. */
export function apiKeyFaults({ name, orgId, userId, expiresAt }: NewApiKey, now: Date): FieldFaults {
  const faults: FieldFaults = {
    name: textFaults(name),
    orgId: ownerNameFaults(orgId),
    userId: ownerNameFaults(userId),
    expiresAt: expiresAt === null || expiresAt > now ? [] : ['must be a time to come'],
  };
  return Object.fromEntries(Object.entries(faults).filter(([, found]) => found.length > 0));
}
