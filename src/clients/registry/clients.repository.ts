import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditAction, RequestContext } from '../../audit/audit-event.js';
import { AuditEventEntity } from '../../audit/audit-event.entity.js';
import { newEvent, record, spendOn } from '../../audit/audit-events.repository.js';
import { lockRows } from '../../database/sql/for-update.js';
import { type GroupCommit, groupCommit } from '../../database/writes/group-commit.js';
import { inSmallBatches } from '../../database/writes/purge-batches.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import { hashSecret } from '../../secrets/secret.js';
import { usesSecret } from '../../policy/client.js';
import { budgetOf, clientEntry, secretEntry } from '../client/client-audit.js';
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
    this.groupInsert = groupCommit(
      dataSource,
      writeQueue,
      CREATED,
      (rows) => (rows[0]![0] as Pick<ClientEntity, 'metadataHash'>).metadataHash ?? '',
    );
    // Triggers write this table
    writeQueue.writability.tables.set(dataSource.getMetadata(ClientCountEntity).tableName, 'write');
  }

  /**
   * Stores a new client with the hashes of its credentials, all or nothing.
   * @param metadataHash by which an equal registration finds it; null: none does
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
    spendOn(context, budgetOf(context, client), [created], client);
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
        for (const [i, entity] of CREATED.entries()) await manager.insert(entity, rows[i] as never);
        if (initialAccessTokenId === null) return;
        const isCounted = await countRegistration(manager, initialAccessTokenId, client.createdAt);
        if (!isCounted) throw unusableToken();
      },
      context,
      initialAccessTokenId ?? `organization ${orgId}`,
    );
    if (this.quota.isBounded(orgId)) this.quota.growing.add(orgId!);
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
      spendOn(context, budgetOf(context, client), entries, action === 'client.updated' ? changed : null);
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

  /** Call it before clients are added: other transactions that add to the same organizations wait until this one ends. */
  private async reserve(manager: EntityManager, orgIds: readonly (string | null)[]): Promise<void> {
    for (const [orgId, added] of this.quota.addedTo(orgIds)) {
      this.quota.check(await lockAndCount(manager, orgId), added);
    }
  }
}
