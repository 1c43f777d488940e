import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import type { RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { ClientEntity } from '../../clients/client/client.entity.js';
import { newId } from '../../database/id.js';
import { rowLock } from '../../database/sql/row-lock.js';
import { batchedFindOne, type Lookup } from '../../database/sql/lookup.js';
import { purgeDue } from '../../database/writes/purge-batches.js';
import { UseNotes } from '../../database/writes/use-notes.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { TokenEntity } from '../tokens/token.entity.js';
import type { Grant, GrantedScopes } from './grant.js';
import { GrantEntity } from './grant.entity.js';

/** How exact the times of last use are. */
const RESOLUTION_MS = 60_000;

type Owner = Pick<Grant, 'orgId' | 'userId'>;

/** Grants in the database. */
@Injectable()
export class GrantsRepository {
  /** When tokens were issued under grants. */
  readonly uses: UseNotes;
  private readonly byId: Lookup<GrantEntity>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
  ) {
    this.uses = new UseNotes(writeQueue, GrantEntity, RESOLUTION_MS);
    this.byId = batchedFindOne(dataSource, GrantEntity, ['id']);
  }

  /** Also one that was revoked. */
  find(id: string): Promise<Grant | null> {
    return this.byId([id]);
  }

  /** A page of a user's grants that were not revoked, the newest first, and how many there are. */
  async page(
    { orgId, userId }: Owner,
    offset: number,
    size: number,
  ): Promise<{ grants: Grant[]; total: number }> {
    const where = { orgId, userId, revokedAt: IsNull() };
    const [grants, total] = await this.dataSource.manager.findAndCount(GrantEntity, {
      where,
      order: { id: 'DESC' },
      skip: offset,
      take: size,
    });
    return { grants, total };
  }

  /**
   * Uses up a consent token, and stores the code that comes of it. The user has one grant to the client, which keeps its scopes and gets
   * the new ones.
   * @returns false if the token was used before
   */
  give(
    consentHash: string,
    { clientId, orgId, userId }: Owner & Pick<Grant, 'clientId'>,
    granted: GrantedScopes,
    code: TokenEntity,
    context: RequestContext,
  ): Promise<boolean> {
    return this.writeQueue.run(async (manager) => {
      if (!(await useUp(manager, consentHash))) return false;
      const now = new Date();
      const none = { id: newId(), clientId, orgId, userId, scopes: {}, createdAt: now };
      // A unique index decides whether there is one already
      await manager.createQueryBuilder().insert().into(GrantEntity).values(none).orIgnore().execute();
      const where = { clientId, orgId, userId, revokedAt: IsNull() };
      const { id, scopes: before } = await manager.findOneOrFail(GrantEntity, {
        where,
        lock: rowLock(manager),
      });
      const scopes = union(before, granted);
      await manager.update(GrantEntity, { id }, { scopes });
      const ofGrant = { ...code, grantId: id, payload: { ...code.payload, grantId: id } };
      await manager.insert(TokenEntity, ofGrant);
      // Clients with grants are not unused
      await manager.update(ClientEntity, { id: clientId, lastUsedAt: IsNull() }, { lastUsedAt: now });
      const changes = [{ field: 'scopes', before, after: scopes }];
      await record(manager, context, [{ action: 'grant.given', clientId, targetId: id, changes }]);
      return true;
    }, context);
  }

  /** Revokes a grant, and with it all of its tokens. False if it was revoked before or does not exist. */
  revoke(id: string, reason: string, context: RequestContext): Promise<boolean> {
    return this.writeQueue.run(
      async (manager) => {
        const { affected } = await manager.update(
          GrantEntity,
          { id, revokedAt: IsNull() },
          { revokedAt: new Date() },
        );
        if (affected !== 1) return false;
        const { clientId } = await manager.findOneByOrFail(GrantEntity, { id });
        const changes = [{ field: 'reason', before: null, after: reason }];
        await record(manager, context, [{ action: 'grant.revoked', clientId, targetId: id, changes }]);
        return true;
      },
      context,
      id,
    );
  }

  /** Removes grants that were revoked before `limit`. Returns how many. */
  purge(limit: Date): Promise<number> {
    return purgeDue(this.writeQueue, GrantEntity, 'revokedAt', limit);
  }

  /** Uses up a consent token without a grant. False if it was used before. */
  deny(consentHash: string, clientId: string, context: RequestContext): Promise<boolean> {
    return this.writeQueue.run(async (manager) => {
      if (!(await useUp(manager, consentHash))) return false;
      await record(manager, context, [{ action: 'grant.denied', clientId, targetId: clientId, changes: [] }]);
      return true;
    }, context);
  }
}

async function useUp(manager: EntityManager, hash: string): Promise<boolean> {
  const { affected } = await manager.update(
    TokenEntity,
    { hash, consumedAt: IsNull() },
    { consumedAt: new Date() },
  );
  return affected === 1;
}

/** Both, resource by resource: a step-up keeps what was granted. */
function union(before: GrantedScopes, added: GrantedScopes): GrantedScopes {
  const resources = [...new Set([...Object.keys(before), ...Object.keys(added)])];
  return Object.fromEntries(
    resources.map((each) => [each, [...new Set([...(before[each] ?? []), ...(added[each] ?? [])])]]),
  );
}
