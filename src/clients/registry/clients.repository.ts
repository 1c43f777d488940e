import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { type AuditAction, type RequestContext, SYSTEM } from '../../audit/audit-event.js';
import { AuditEventEntity } from '../../audit/audit-event.entity.js';
import { newEvent, record, spendOn } from '../../audit/audit-events.repository.js';
import { lockRows } from '../../database/sql/row-lock.js';
import { type GroupCommit, groupCommit } from '../../database/writes/group-commit.js';
import { inSmallBatches } from '../../database/writes/purge-batches.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { hashSecret } from '../../secrets/secret.js';
import { usesSecret } from '../../policy/client.js';
import { clientEntry, secretEntry } from '../client/client-audit.js';
import type { Client, IssuedClient } from '../client/client.js';
import { BOUND_BY_STATEMENT, ClientEntity } from '../client/client.entity.js';
import { type ClientFilter, type ClientKey, MAX_BULK } from '../client/client-query.js';
import { ClientCountEntity } from '../counts/client-count.entity.js';
import { ClientLookupRepository } from '../client/client-lookup.repository.js';
import { lockAndCount } from '../counts/client-counts.repository.js';
import { unusableToken } from '../initial-access-tokens/initial-access-token.js';
import { countRegistration } from '../initial-access-tokens/initial-access-tokens.repository.js';
import { ClientSecretEntity } from '../secrets/client-secret.entity.js';
import { newSecret, SecretsOfClient } from '../secrets/client-secrets.repository.js';
import { ClientSearchRepository } from './client-search.repository.js';
import { OrganizationQuota } from './organization-quota.js';

/** Deleted clients that a creation removes permanently at most. One more is deleted for each that is created. */
const SURPLUS_BATCH = 10;
/** Grants of them that it removes at most. */
const SURPLUS_GRANTS = 500;

/** What users granted clients. It goes with them, and one client can have any number. */
const GRANTS = 'oauth_grants';

/** A client stays shared when an administrator verifies it. Any other change ends the sharing. */
const KEEPS_SHARED: readonly AuditAction[] = ['client.verified', 'client.unverified'];

/** What can be set on many clients at once. */
type BulkSet = Pick<Client, 'status' | 'disabledReason'> | Pick<Client, 'deletedAt'>;

/** What comes into being with a client. */
const CREATED = [ClientEntity, ClientSecretEntity, AuditEventEntity];

/** Clients and their secrets in the database: what changes them. */
@Injectable()
export class ClientsRepository {
  private readonly groupInsert: GroupCommit;

  constructor(
    dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
    private readonly quota: OrganizationQuota,
    private readonly lookup: ClientLookupRepository,
    private readonly search: ClientSearchRepository,
  ) {
    this.groupInsert = groupCommit(dataSource, writeQueue, CREATED);
    // Triggers write this table
    writeQueue.writability.tables.set(dataSource.getMetadata(ClientCountEntity).tableName, 'write');
  }

  /**
   * Stores a new client with the hashes of its credentials, all or nothing.
   * @param metadataHash by which {@link registerAgain} finds it; null: it does not
   * @throws RegistryError `invalid_token` if the client's initial access token is used up, `insufficient_scope` if its
   *   organization has as many clients as it may have, or `rate_limited` if it has written as many bytes as it may
   */
  async insert(
    { client, secret }: IssuedClient,
    context: RequestContext,
    registrationToken: string | null = null,
    metadataHash: string | null = null,
  ): Promise<void> {
    const registrationTokenHash = registrationToken === null ? null : hashSecret(registrationToken);
    const created = clientEntry('client.created', null, client);
    spendOn(context, client.orgId, [created], client);
    const rows = [
      [{ registrationTokenHash, metadataHash, ...client }],
      secret === null ? [] : [newSecret(client.id, secret, client.createdAt)],
      [newEvent(context, created)],
    ];
    const { initialAccessTokenId, orgId } = client;
    if (initialAccessTokenId === null && !this.quota.isBounded(orgId)) return this.groupInsert(rows, context);
    await this.writeQueue.run(
      async (manager) => {
        await this.reserve(manager, [orgId]);
        if (this.quota.isBounded(orgId)) await this.purgeSurplus(manager, orgId!);
        for (const [i, entity] of CREATED.entries()) await manager.insert(entity, rows[i] as never);
        if (initialAccessTokenId === null) return;
        const isCounted = await countRegistration(manager, initialAccessTokenId, client.createdAt);
        if (!isCounted) throw unusableToken();
      },
      context,
      initialAccessTokenId ?? `organization ${orgId}`,
    );
  }

  /**
   * Stores what `change` makes of a client that it alone sees meanwhile, and that `by` did it; nothing if it makes the
   * same client. One that does not authenticate with a secret any more loses all.
   * @throws RegistryError `not_found`
   */
  change(
    key: ClientKey,
    action: AuditAction,
    context: RequestContext,
    change: (client: Client) => Client,
  ): Promise<Client> {
    return this.lookup.withLocked(key, context, async (client, manager) => {
      const changed = change(client);
      if (changed === client) return client;
      if (action === 'client.restored') await this.reserve(manager, [client.orgId]);
      const isShared = KEEPS_SHARED.includes(action);
      await manager.update(ClientEntity, changed.id, isShared ? changed : { ...changed, metadataHash: null });
      const isWithoutSecret = usesSecret(client) && !usesSecret(changed);
      const revoked = isWithoutSecret
        ? await new SecretsOfClient(client.id, manager).revokeAll(new Date())
        : [];
      const entries = [
        clientEntry(action, client, changed),
        ...revoked.map((id) => secretEntry('client_secret.revoked', client.id, id)),
      ];
      spendOn(context, client.orgId, entries, action === 'client.updated' ? changed : null);
      await record(manager, context, entries);
      return changed;
    });
  }

  /**
   * Sets the same on all clients that match, or on none.
   * @param check sees how many they are, and may throw
   */
  changeAll(
    filter: ClientFilter,
    set: BulkSet,
    action: AuditAction,
    context: RequestContext,
    check: (count: number) => void,
  ): Promise<number> {
    return this.writeQueue.run(async (manager) => {
      const query = this.search
        .select(filter, manager)
        // In one order, so that two such changes do not wait for each other
        .orderBy('client.id')
        .limit(MAX_BULK + 1);
      const clients = await lockRows(query).getMany();
      check(clients.length);
      if (action === 'client.restored') {
        await this.reserve(
          manager,
          clients.map(({ orgId }) => orgId),
        );
      }
      await this.setOnLocked(manager, clients, set, action, context);
      return clients.length;
    }, context);
  }

  /**
   * Disables clients whose software statement expired until `limit`.
   * @returns how many they were
   */
  disableLapsed(limit: Date, context: RequestContext): Promise<number> {
    const set = { status: 'disabled', disabledReason: 'statement_expired' } as const;
    // PostgreSQL keeps index entries of changed rows: no batch looks at those of the ones before
    let fromMs = 0;
    return inSmallBatches(this.writeQueue, async (manager, size) => {
      const query = manager
        .createQueryBuilder(ClientEntity, 'client')
        .where(
          `${BOUND_BY_STATEMENT} AND "statement_expires_at" >= :fromMs AND "statement_expires_at" <= :limitMs`,
          { fromMs, limitMs: limit.getTime() },
        )
        .orderBy('client.softwareStatementExpiresAt')
        .limit(size);
      // Each of several instances takes other rows
      const clients = await lockRows(query, 'skip_locked').getMany();
      if (clients.length === 0) return 0;
      fromMs = clients.at(-1)!.softwareStatementExpiresAt!.getTime();
      await this.setOnLocked(manager, clients, set, 'client.disabled', context);
      return clients.length;
    });
  }

  private async setOnLocked(
    manager: EntityManager,
    clients: readonly Client[],
    set: BulkSet,
    action: AuditAction,
    context: RequestContext,
  ): Promise<void> {
    await record(
      manager,
      context,
      clients.map((client) => clientEntry(action, client, { ...client, ...set })),
    );
    // Last, since other transactions that count wait from here on; in one statement: a second one would count in another order
    const { where, parameters } = this.search.hasOneOf(clients.map(({ id }) => id));
    await manager
      .createQueryBuilder()
      .update(ClientEntity)
      .set({ ...set, metadataHash: null, version: () => 'version + 1', updatedAt: new Date() })
      .where(where, parameters)
      .execute();
  }

  /**
   * Permanently removes clients that were deleted before `limit`.
   * @returns how many rows were removed: clients, and grants that were too many to go with their client
   */
  purge(limit: Date, context: RequestContext): Promise<number> {
    let fromMs = 0;
    let removed: RemovedGrants = NO_GRANTS;
    return inSmallBatches(this.writeQueue, async (manager, size) => {
      const query = this.search
        .select({ deleted: true }, manager)
        .andWhere('client.deletedAt >= :fromMs AND client.deletedAt < :limitMs', {
          fromMs,
          limitMs: limit.getTime(),
        })
        .orderBy('client.deletedAt')
        .limit(size);
      // Each of several instances takes other rows
      const clients = await lockRows(query, 'skip_locked').getMany();
      if (clients.length === 0) return 0;
      fromMs = clients[0]!.deletedAt!.getTime();
      const purged = await purgeClients(manager, clients, size, removed, context);
      removed = purged.removed;
      return purged.rows;
    });
  }

  /** Call it before clients are added: other transactions that add to the same organizations wait until this one ends. */
  private async reserve(manager: EntityManager, orgIds: readonly (string | null)[]): Promise<void> {
    for (const [orgId, added] of this.quota.addedTo(orgIds)) {
      this.quota.check(await lockAndCount(manager, orgId), added);
    }
  }

  /** Permanently removes deleted clients of an organization that are more than may be restored, those that were created first. */
  private async purgeSurplus(manager: EntityManager, orgId: string): Promise<void> {
    // The order of the index of organizations
    const surplus = await this.search
      .select({ deleted: true, orgId }, manager)
      .orderBy('client.createdAt', 'DESC')
      .addOrderBy('client.id', 'DESC')
      .offset(this.quota.maxDeleted)
      .limit(SURPLUS_BATCH)
      .getMany();
    if (surplus.length > 0) await purgeClients(manager, surplus, SURPLUS_GRANTS, NO_GRANTS, SYSTEM);
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
