import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Transactions } from '../database/transactions.js';
import { generateCredential, hashSecret, matchesHash, secretHint } from '../secrets/secret.js';
import { ApiKeyEntity } from './api-key.entity.js';
import type { Principal } from './principal.js';

/** A use is written down at most this often, so that a busy key costs no write per request. */
const LAST_USED_RESOLUTION_MS = 60_000;

export interface NewApiKey extends Principal {
  name: string;
  /** Null: never. */
  expiresAt: Date | null;
}

/** The keys with which people and programs call. */
@Injectable()
export class ApiKeysService {
  private readonly logger = new Logger(ApiKeysService.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly transactions: Transactions,
  ) {}

  /** Makes a key. What is returned here is the only copy of it in clear. */
  async create(key: NewApiKey): Promise<{ id: string; apiKey: string }> {
    const apiKey = generateCredential('apiKey');
    return { id: await this.store(key, apiKey), apiKey };
  }

  /** Every key, the newest first. */
  list(): Promise<ApiKeyEntity[]> {
    return this.dataSource.manager.find(ApiKeyEntity, { order: { id: 'DESC' } });
  }

  /** Ends a key for good, at once. False where there is no such key, or none that was still valid. */
  async revoke(id: string): Promise<boolean> {
    const { affected } = await this.transactions.run((manager) =>
      manager
        .createQueryBuilder()
        .update(ApiKeyEntity)
        .set({ revokedAt: new Date() })
        .where('id = :id AND revoked_at IS NULL', { id })
        .execute(),
    );
    return affected === 1;
  }

  /** Whom the key belongs to; null where it is unknown, revoked or expired. */
  async authenticate(apiKey: string): Promise<Principal | null> {
    const key = await this.dataSource.manager.findOneBy(ApiKeyEntity, { hash: hashSecret(apiKey) });
    const now = new Date();
    if (key === null || !matchesHash(apiKey, key.hash) || key.revokedAt !== null) return null;
    if (key.expiresAt !== null && key.expiresAt <= now) return null;
    await this.noteUse(key, now);
    return { orgId: key.orgId, userId: key.userId, role: key.role };
  }

  /** Makes sure that `apiKey` is known. One that was revoked stays so. */
  async ensure(key: NewApiKey, apiKey: string): Promise<void> {
    await this.store(key, apiKey);
  }

  /** Whether any key was ever made. */
  async hasAny(): Promise<boolean> {
    return this.dataSource.manager.exists(ApiKeyEntity);
  }

  /** A key whose use cannot be written down is as good as before. */
  private async noteUse({ id, lastUsedAt }: ApiKeyEntity, now: Date): Promise<void> {
    const stale = now.getTime() - LAST_USED_RESOLUTION_MS;
    if (lastUsedAt !== null && lastUsedAt.getTime() > stale) return;
    try {
      await this.transactions.run((manager) =>
        manager
          .createQueryBuilder()
          .update(ApiKeyEntity)
          .set({ lastUsedAt: now })
          // Of many requests in the same moment, one writes
          .where('id = :id AND (last_used_at IS NULL OR last_used_at <= :stale)', { id, stale })
          .execute(),
      );
    } catch (error) {
      this.logger.warn(error);
    }
  }

  private async store(key: NewApiKey, apiKey: string): Promise<string> {
    const id = uuidv7();
    await this.transactions.run((manager) =>
      manager
        .createQueryBuilder()
        .insert()
        .into(ApiKeyEntity)
        .values({ ...key, id, hash: hashSecret(apiKey), hint: secretHint(apiKey), createdAt: new Date() })
        // The same bootstrap key comes again with every start, and from many instances at once
        .orIgnore()
        .execute(),
    );
    return id;
  }
}
