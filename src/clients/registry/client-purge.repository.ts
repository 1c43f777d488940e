import { Injectable } from '@nestjs/common';
import { type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import type { RequestContext } from '../../audit/audit-event.js';
import { record } from '../../audit/audit-events.repository.js';
import { lockRows } from '../../database/sql/for-update.js';
import { inSmallBatches } from '../../database/writes/purge-batches.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { clientEntry } from '../client/client-audit.js';
import type { Client } from '../client/client.js';
import { ClientEntity } from '../client/client.entity.js';
import { ClientSearchRepository } from './client-search.repository.js';
import { OrganizationQuota } from './organization-quota.js';

/** What users granted clients. It goes with them, and one client can have any number. */
const GRANTS = 'oauth_grants';

/** Permanently removes deleted clients. */
@Injectable()
export class ClientPurgeRepository {
  constructor(
    private readonly writeQueue: WriteQueue,
    private readonly quota: OrganizationQuota,
    private readonly search: ClientSearchRepository,
  ) {}

  /**
   * Permanently removes clients that were deleted before `limit`.
   * @returns how many rows were removed: clients, and grants that were too many to go with their client
   */
  purge(limit: Date, context: RequestContext): Promise<number> {
    const select = (manager: EntityManager) =>
      this.search
        .select({ deleted: true }, manager)
        .andWhere('client.deletedAt < :limitMs', { limitMs: limit.getTime() });
    return this.purgeInOrder('deletedAt', select, context);
  }

  /**
   * Permanently removes deleted clients of organizations that are more than may be restored, those that were created first. It looks at
   * organizations in which this process has created clients since the last time.
   * @returns as {@link purge}
   */
  async purgeSurplus(context: RequestContext): Promise<number> {
    const { growing } = this.quota;
    let rows = 0;
    for (const orgId of [...growing]) {
      growing.delete(orgId);
      try {
        rows += await this.purgeSurplusOf(orgId, context);
      } catch (error) {
        growing.add(orgId);
        throw error;
      }
    }
    return rows;
  }

  private async purgeSurplusOf(orgId: string, context: RequestContext): Promise<number> {
    const newest = await this.search.deletedBehind(orgId, this.quota.maxDeleted);
    if (newest === null) return 0;
    const select = (manager: EntityManager) =>
      this.search
        .select({ deleted: true, orgId }, manager)
        .andWhere('(client.createdAt, client.id) <= (:newestMs, :newestId)', newest);
    return this.purgeInOrder('createdAt', select, context);
  }

  private purgeInOrder(
    by: 'createdAt' | 'deletedAt',
    select: (manager: EntityManager) => SelectQueryBuilder<ClientEntity>,
    context: RequestContext,
  ): Promise<number> {
    // PostgreSQL keeps index entries of removed rows: no batch looks at those of the ones before
    let fromMs = 0;
    let removed: RemovedGrants = NO_GRANTS;
    return inSmallBatches(this.writeQueue, async (manager, size) => {
      const query = select(manager)
        .andWhere(`client.${by} >= :fromMs`, { fromMs })
        .orderBy(`client.${by}`)
        .limit(size);
      // Each of several instances takes other rows
      const clients = await lockRows(query, 'skip_locked').getMany();
      if (clients.length === 0) return 0;
      fromMs = clients[0]![by]!.getTime();
      const purged = await purgeClients(manager, clients, size, removed, context);
      removed = purged.removed;
      return purged.rows;
    });
  }
}

/** The grants of a client up to one, in the order of their ids. */
interface RemovedGrants {
  clientId: string;
  until: string;
}
const NO_GRANTS: RemovedGrants = { clientId: '', until: '' };

/**
 * Removes clients with their grants, as far as these are at most `maxGrants`. The first client that has more stays, with the grants that are
 * left, and so do those behind it.
 * @param removed which were removed before: PostgreSQL keeps index entries of removed rows, and no batch looks at those of the ones before
 * @returns how many rows, and which grants of a client that stays
 */
async function purgeClients(
  manager: EntityManager,
  clients: readonly Client[],
  maxGrants: number,
  removed: RemovedGrants,
  context: RequestContext,
): Promise<{ rows: number; removed: RemovedGrants }> {
  const ids = clients.map(({ id }) => id);
  const counted = await manager
    .createQueryBuilder(ClientEntity, 'client')
    .withDeleted()
    .select('client.id', 'id')
    .addSelect(
      `(SELECT COUNT(*) FROM (SELECT 1 FROM ${GRANTS} WHERE client_id = client.id
         AND id > CASE client.id WHEN :clientId THEN :until ELSE '' END ORDER BY id LIMIT :most) own)`,
      'grants',
    )
    .where({ id: In(ids) })
    .setParameters({ ...removed, most: maxGrants + 1 })
    .getRawMany<{ id: string; grants: number | string }>();
  const grants = new Map(counted.map(({ id, grants }) => [id, Number(grants)]));
  let left = maxGrants;
  const end = clients.findIndex(({ id }) => {
    const fits = grants.get(id)! <= left;
    if (fits) left -= grants.get(id)!;
    return !fits;
  });
  const purged = end < 0 ? clients : clients.slice(0, end);
  if (purged.length > 0) {
    await manager.delete(
      ClientEntity,
      purged.map(({ id }) => id),
    );
    const entries = purged.map((client) => clientEntry('client.purged', client, client));
    await record(manager, context, entries);
  }
  const rest = clients[end];
  if (rest === undefined || left === 0) return { rows: purged.length, removed: NO_GRANTS };
  const until = rest.id === removed.clientId ? removed.until : '';
  const some = await manager
    .createQueryBuilder()
    .select('own.id', 'id')
    .from(GRANTS, 'own')
    .where('own.client_id = :id AND own.id > :until', { id: rest.id, until })
    .orderBy('own.id')
    .limit(left)
    .getRawMany<{ id: string }>();
  const grantIds = some.map(({ id }) => id);
  await manager
    .createQueryBuilder()
    .delete()
    .from(GRANTS)
    .where({ id: In(grantIds) })
    .execute();
  return { rows: purged.length + some.length, removed: { clientId: rest.id, until: grantIds.at(-1)! } };
}
