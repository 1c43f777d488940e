import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { credentialEntry, type RequestContext } from '../../audit/audit-event.js';
import { record, spendOn } from '../../audit/audit-events.repository.js';
import { type Lookup, batchedFindOne } from '../../database/sql/lookup.js';
import { purgeDue } from '../../database/writes/purge-batches.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { AdminSessionEntity } from './admin-session.entity.js';

/** Sessions of operators in the database. */
@Injectable()
export class AdminSessionsRepository {
  private readonly byHash: Lookup<AdminSessionEntity>;

  constructor(
    dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {
    this.byHash = batchedFindOne(dataSource, AdminSessionEntity, ['hash']);
  }

  findByHash(hash: string): Promise<AdminSessionEntity | null> {
    return this.byHash([hash]);
  }

  /**
   * Stores a session of an API key.
   * @param orgId that of the key
   * @throws RegistryError `rate_limited`
   */
  insert(session: AdminSessionEntity, orgId: string, context: RequestContext): Promise<void> {
    return this.writeQueue.run(async (manager) => {
      const started = credentialEntry('session.started', session.apiKeyId, []);
      // Its end counts beforehand, since it is never rejected
      const both = [started, credentialEntry('session.ended', session.apiKeyId, [])];
      spendOn(context, { orgId, partId: session.apiKeyId }, both, session);
      await manager.insert(AdminSessionEntity, session);
      await record(manager, context, [started]);
    });
  }

  /** Removes a session; nothing if another request has done so. */
  remove({ hash, apiKeyId }: AdminSessionEntity, context: RequestContext): Promise<void> {
    return this.writeQueue.run(async (manager) => {
      const { affected } = await manager.delete(AdminSessionEntity, { hash });
      if (affected) await record(manager, context, [credentialEntry('session.ended', apiKeyId, [])]);
    });
  }

  /** Removes sessions that expired before `limit`; says how many. */
  purge(limit: Date): Promise<number> {
    return purgeDue(this.writeQueue, AdminSessionEntity, 'expiresAt', limit);
  }
}
