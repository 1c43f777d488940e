import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, type SelectQueryBuilder } from 'typeorm';
import { type AuditEntry, credentialEntry, type RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { type Conditions, whereOf } from '../../database/sql/conditions.js';
import { type Lookup, batchedFindOne } from '../../database/sql/lookup.js';
import { type IdPageRequest, type Page, pageById } from '../../database/sql/pages.js';
import { lockRows } from '../../database/sql/for-update.js';
import { UseNotes } from '../../database/writes/use-notes.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { ApiKeyEntity } from './api-key.entity.js';
import type { ApiKeyFilter } from './api-key.js';

const UNREVOKED_ADMINS = { role: 'admin', revokedAt: IsNull() } as const;
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

/** How exact the time of a key's last use is. */
const LAST_USED_RESOLUTION_MS = 60_000;

/** API keys in the database. */
@Injectable()
export class ApiKeysRepository {
  private readonly byHash: Lookup<ApiKeyEntity>;
  private readonly byId: Lookup<ApiKeyEntity>;
  /** Last uses of keys. */
  readonly uses: UseNotes;

  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {
    writeQueue.writability.tables.set(dataSource.getMetadata(ApiKeyEntity).tableName, 'read');
    this.byHash = batchedFindOne(dataSource, ApiKeyEntity, ['hash']);
    this.byId = batchedFindOne(dataSource, ApiKeyEntity, ['id']);
    this.uses = new UseNotes(writeQueue, ApiKeyEntity, LAST_USED_RESOLUTION_MS);
  }

  findByHash(hash: string): Promise<ApiKeyEntity | null> {
    return this.byHash([hash]);
  }

  findById(id: string): Promise<ApiKeyEntity | null> {
    return this.byId([id]);
  }

  /** Stores a key and its event; nothing if there is a key of the same value already. */
  insert(key: ApiKeyEntity, entry: AuditEntry, context: RequestContext): Promise<void> {
    return this.writeQueue.run(async (manager) => {
      await manager.createQueryBuilder().insert().into(ApiKeyEntity).values(key).orIgnore().execute();
      const isNew = await manager.existsBy(ApiKeyEntity, { id: key.id });
      if (isNew) await record(manager, context, [entry]);
    });
  }

  /** Keys that match, the newest first. */
  page(filter: ApiKeyFilter, request: IdPageRequest): Promise<Page<ApiKeyEntity>> {
    return pageById(this.select(filter), request);
  }

  count(filter: ApiKeyFilter): Promise<number> {
    return this.select(filter).getCount();
  }

  /**
   * Revokes a key; null if there is none that is not revoked already.
   * @param check gets the key and the admin keys that are not revoked, locked until the end of the transaction; may throw
   */
  revoke(
    id: string,
    revokedAt: Date,
    context: RequestContext,
    check: (key: ApiKeyEntity, admins: ApiKeyEntity[]) => void,
  ): Promise<ApiKeyEntity | null> {
    return this.writeQueue.run(
      async (manager) => {
        // All of them: two admins that revoke each other's key at once must not both find a remaining one
        const query = manager
          .createQueryBuilder(ApiKeyEntity, 'key')
          .where(UNREVOKED_ADMINS)
          .orderBy('key.id');
        const admins = await lockRows(query).getMany();
        const key = await manager.findOneBy(ApiKeyEntity, { id, revokedAt: IsNull() });
        if (key === null) return null;
        check(key, admins);
        await manager.update(ApiKeyEntity, id, { revokedAt });
        await record(manager, context, [credentialEntry('api_key.revoked', id, [])]);
        return { ...key, revokedAt };
      },
      context,
      'admin keys',
    );
  }

  /** Whether an admin key was ever made. */
  hasAdmin(): Promise<boolean> {
    return this.dataSource.manager.existsBy(ApiKeyEntity, { role: 'admin' });
  }

  unrevokedAdmins(): Promise<ApiKeyEntity[]> {
    return this.dataSource.manager.findBy(ApiKeyEntity, UNREVOKED_ADMINS);
  }

  private select(filter: ApiKeyFilter): SelectQueryBuilder<ApiKeyEntity> {
    const { sql, parameters } = whereOf(CONDITIONS, filter);
    return this.dataSource.manager.createQueryBuilder(ApiKeyEntity, 'key').where(sql, parameters);
  }
}
