import { type EntityManager, In, MoreThan } from 'typeorm';
import { AuditEventEntity } from '../../audit/audit-event.entity.js';
import { lockRows } from '../../database/sql/for-update.js';
import { inSmallBatches } from '../../database/writes/purge-batches.js';
import type { WriteQueue } from '../../database/writes/write-queue.js';
import { ClientEntity, REMOVED_AT } from '../client/client.entity.js';

/** Events that one transaction removes with their clients: on SQLite, it blocks the event loop. */
const MAX_REMOVED_EVENTS = 2_000;

const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

/** What clients did with their registration access tokens. Found by the actor: of what others do, a client can have any number of events. */
const ownEventsOf = (ids: readonly string[]) => ({
  actorId: In(ids),
  actorType: 'registration_token' as const,
});

/**
 * Removes unused clients, locked before, the first of them that have together few enough events for one transaction: each with its
 * registration and its own changes in the audit log. A client that has too many alone ends at once, too; {@link purgeRemoved} removes them.
 * @returns the clients that it removed
 */
export async function removeUnused<C extends Pick<ClientEntity, 'id'>>(
  manager: EntityManager,
  clients: readonly C[],
): Promise<C[]> {
  if (clients.length === 0) return [];
  const counts = await countOwnEvents(manager, idsOf(clients));
  const isLarge = ({ id }: C) => counts.get(id)! > MAX_REMOVED_EVENTS;
  let room = MAX_REMOVED_EVENTS;
  const end = clients.findIndex((client) => !isLarge(client) && (room -= counts.get(client.id)!) < 0);
  const removed = clients.slice(0, end < 0 ? clients.length : end);
  const large = idsOf(removed.filter(isLarge));
  // Other software can register its metadata from now on
  const ended = { deletedAt: REMOVED_AT, metadataHash: null };
  if (large.length > 0) await manager.update(ClientEntity, { id: In(large) }, ended);
  await removeWhole(manager, idsOf(removed.filter((client) => !isLarge(client))));
  return removed;
}

/** How many events go with each client, counted until they are too many. */
async function countOwnEvents(manager: EntityManager, ids: readonly string[]): Promise<Map<string, number>> {
  const counted = await manager
    .createQueryBuilder(ClientEntity, 'client')
    .select('client.id', 'id')
    .addSelect(
      // In the index alone, which the order names
      `(SELECT COUNT(*) FROM (SELECT 1 FROM audit_events WHERE actor_id = client.id ORDER BY id LIMIT :most) own)`,
      'events',
    )
    .where({ id: In(ids) })
    .setParameter('most', MAX_REMOVED_EVENTS)
    .getRawMany<{ id: string; events: number | string }>();
  // And the registration
  return new Map(counted.map(({ id, events }) => [id, Number(events) + 1]));
}

/** Removes clients with their registration and their own changes in the audit log. */
async function removeWhole(manager: EntityManager, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await manager.delete(AuditEventEntity, ownEventsOf(ids));
  // The registration has no actor, and is the first of the others unless it was purged
  const first = '(SELECT id FROM audit_events WHERE client_id = client.id ORDER BY id LIMIT 1)';
  const found = await manager
    .createQueryBuilder(ClientEntity, 'client')
    .withDeleted()
    .select(first, 'id')
    .where({ id: In(ids) })
    .getRawMany<{ id: string | null }>();
  const firstIds = found.map(({ id }) => id).filter((id) => id !== null);
  await manager.delete(AuditEventEntity, { id: In(firstIds), channel: 'registration' });
  await manager.delete(ClientEntity, { id: In(ids) });
}

/**
 * Removes the events that were too many to go with their clients, batch by batch, and these clients with the last ones.
 * @returns how many rows
 */
export function purgeRemoved(writeQueue: WriteQueue): Promise<number> {
  // PostgreSQL keeps index entries of removed rows: no batch looks at those of the ones before
  let last = { clientId: '', eventId: '' };
  return inSmallBatches(writeQueue, async (manager, size) => {
    const query = manager
      .createQueryBuilder(ClientEntity, 'client')
      .withDeleted()
      .select('client.id')
      .where('client.deletedAt = :removedMs', { removedMs: REMOVED_AT.getTime() })
      .orderBy('client.id')
      .limit(1);
    // Each of several instances takes another client
    const client = await lockRows(query, 'skip_locked').getOne();
    if (client === null) return 0;
    const from = client.id === last.clientId ? last.eventId : '';
    const events = await manager.find(AuditEventEntity, {
      select: { id: true },
      where: { ...ownEventsOf([client.id]), id: MoreThan(from) },
      order: { id: 'ASC' },
      take: size,
    });
    if (events.length < size) {
      await removeWhole(manager, [client.id]);
      return events.length + 1;
    }
    await manager.delete(AuditEventEntity, { id: In(idsOf(events)) });
    last = { clientId: client.id, eventId: events.at(-1)!.id };
    return events.length;
  });
}
