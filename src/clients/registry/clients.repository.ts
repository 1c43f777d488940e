import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, type Repository, type SelectQueryBuilder } from 'typeorm';
import { NIL as NO_CLIENT, validate as isClientId } from 'uuid';
import {
  type AuditAction,
  type AuditEntry,
  type Author,
  changesBetween,
  SYSTEM,
} from '../../audit/audit-event.js';
import { AuditEventEntity } from '../../audit/audit-event.entity.js';
import { newEvent, record, spendOn } from '../../audit/audit-trail.js';
import { Batcher, type Outcome } from '../../database/sql/batcher.js';
import { type Conditions, type Where, whereOf } from '../../database/sql/conditions.js';
import { isDuplicate } from '../../database/writes/duplicate.js';
import { MAX_PAGE_BYTES, pageRunner, readFitting } from '../../database/sql/fitting.js';
import { type InsertTogether, insertTogether } from '../../database/writes/group-commit.js';
import { LongReads, type Reader, type RunLongSql } from '../../database/sql/scan-queue.js';
import { type Lookup, lookupBy } from '../../database/sql/lookup.js';
import { pageOf, readingOrder } from '../../database/sql/pages-of-each.js';
import { lockRows } from '../../database/sql/row-lock.js';
import { type RunSql, sqlRunner } from '../../database/sql/run-sql.js';
import { inSmallBatches } from '../../database/writes/small-batches.js';
import { Table } from '../../database/sql/table.js';
import { Transactions } from '../../database/writes/transactions.js';
import { RegistryError } from '../../errors/registry-error.js';
import { hashSecret } from '../../secrets/secret.js';
import {
  auditedFields,
  CLIENT_SOURCES,
  CLIENT_STATUSES,
  type Client,
  type ClientSource,
  type IssuedClient,
  type ClientStatus,
} from '../client/client.js';
import { ClientCounts } from '../counts/client-counts.js';
import { ClientEntity, UNUSED } from '../client/client.entity.js';
import { changeClient } from '../client/issue-client.js';
import type { InitialAccessToken } from '../initial-access-tokens/initial-access-token.js';
import { InitialAccessTokenEntity } from '../initial-access-tokens/initial-access-token.entity.js';
import { countRegistration } from '../initial-access-tokens/initial-access-tokens.service.js';
import {
  lockRegistration,
  type Registration,
  type RegistrationToken,
  withLockedClient,
} from '../client/load-client.js';
import { OrganizationQuota } from './organization-quota.js';
import { ClientSecretEntity } from '../secrets/client-secret.entity.js';
import { newSecret, SecretsOfClient } from '../secrets/client-secrets.repository.js';
import {
  type ClientFilter,
  type ClientKey,
  type ClientOrder,
  type ClientPageRequest,
  type ClientStats,
  type Count,
  MAX_BULK,
  type NumberedPage,
  type NumberedPageRequest,
  type Page,
  type Tally,
  type TallyStep,
} from '../client/client-query.js';
import { deleteUnused } from '../anonymous/unused-deletions.js';
import { CLIENT_TYPES, usesSecret } from '../../policy/client.js';
import { GRANT_TYPES } from '../../policy/grant-types.js';

/** What statements that read clients are called by those who watch. */
const SELECT = 'select oauth_clients';
const MS_PER_DAY = 86_400_000;
const STATS_DAYS = 30;
/** Deleted clients that a creation removes for good at most. One more is deleted for each that is created. */
const SURPLUS_BATCH = 10;

/** An operator who vouches for a client leaves it as it is for those who share it. Any other change, and it is given to nobody else. */
const KEEPS_SHARED: readonly AuditAction[] = ['client.verified', 'client.unverified'];

/** Updates of rows that many wait for: one batch after the other. */
const COUNTING = { size: 200, underWay: 1 };

/** What comes into being with a client. */
const CREATED = [ClientEntity, ClientSecretEntity, AuditEventEntity];

const ORDER_COLUMNS = { createdAt: 'created_at', updatedAt: 'updated_at', name: 'name' } as const;

/** What the two engines call the same thing. */
const DIALECTS = {
  postgres: {
    // As the index has it: ILIKE would fold case by the locale of the database
    nameContains: `lower(client.name COLLATE "C") LIKE lower(:value COLLATE "C")`,
    indexOf: 'strpos',
    isOneOf: '= ANY(:value)',
    list: (values: readonly string[]): unknown => values,
  },
  // PostgreSQL's escape character is the backslash, and said aloud it would keep it from using its index
  'better-sqlite3': {
    nameContains: "client.name LIKE :value ESCAPE '\\'",
    indexOf: 'instr',
    isOneOf: 'IN (SELECT value FROM json_each(:value))',
    list: (values: readonly string[]): unknown => JSON.stringify(values),
  },
};

const epoch = (date: Date) => date.getTime();
const token = (value: string) => ` ${value} `;
const fragment = (value: string) => `%${value.replace(/[\\%_]/g, '\\$&')}%`;

const STATUS: Record<ClientStatus, string> = {
  active: `client.status = 'active'`,
  disabled: `client.status = 'disabled'`,
};

type Dialect = (typeof DIALECTS)[keyof typeof DIALECTS];

function filterConditions({ nameContains, indexOf, isOneOf, list }: Dialect): Conditions<ClientFilter> {
  return {
    id: { sql: 'client.id = :value' },
    ids: { sql: `client.id ${isOneOf}`, value: list },
    name: { sql: 'client.name = :value' },
    orgId: { sql: 'client.org_id = :value' },
    userId: { sql: 'client.user_id = :value' },
    nameContains: { sql: nameContains, value: fragment },
    clientType: { sql: 'client.client_type = :value' },
    grantType: { sql: `${indexOf}(client.grant_types, :value) > 0`, value: token },
    scope: { sql: `${indexOf}(client.scopes, :value) > 0`, value: token },
    source: { sql: 'client.source = :value' },
    // Written out, since few are disabled or verified, and an index that holds them alone is found by these words
    status: { sql: (status: ClientStatus) => STATUS[status] },
    verified: { sql: (isVerified: boolean) => (isVerified ? 'client.verified' : 'NOT client.verified') },
    initialAccessTokenId: { sql: 'client.initial_access_token_id = :value' },
    deleted: { sql: 'client.deleted_at IS NOT NULL' },
    unused: { sql: (isUnused: boolean) => (isUnused ? UNUSED : `NOT (${UNUSED})`) },
    createdAfter: { sql: 'client.created_at > :value', value: epoch },
    createdBefore: { sql: 'client.created_at < :value', value: epoch },
  };
}

/** A registration inside of the transaction that has locked it. */
export interface LockedRegistration extends Registration {
  /** The one that the client was registered with, whether or not it has ended since. */
  initialAccessToken: InitialAccessToken | null;
  secrets: SecretsOfClient;
  /** Stores what became of the client, with a new token, and what was done to its secrets. */
  store: (client: Client, token: string, ofSecrets: SecretEntry[]) => Promise<void>;
  remove: () => Promise<void>;
  /** Leaves nothing of a client that nobody has used but one event. */
  removeForGood: () => Promise<void>;
}

/** What was done to a secret. */
export type SecretEntry = Pick<AuditEntry, 'action' | 'targetId'>;

/** Clients and their secrets in the database. */
@Injectable()
export class ClientsRepository {
  private readonly dialect: Dialect;
  private readonly conditions: Conditions<ClientFilter>;
  private readonly insertTogether: InsertTogether;
  private readonly table: Table<ClientEntity>;
  private readonly run: RunSql;
  private readonly runPage: RunSql;
  private readonly runLong: RunLongSql;
  private readonly byId: Lookup<ClientEntity>;
  private readonly byIdAndOrg: Lookup<ClientEntity>;
  private readonly counts: ClientCounts;
  private readonly byMetadataHash: Lookup<ClientEntity>;
  private readonly registrationsAgain: Batcher<string, boolean>;
  private readonly lockedRegistrations: Batcher<string, boolean>;

  constructor(
    @InjectRepository(ClientEntity) private readonly clients: Repository<ClientEntity>,
    private readonly transactions: Transactions,
    private readonly quota: OrganizationQuota,
    longReads: LongReads,
  ) {
    const { dataSource } = clients.manager;
    const isPostgres = dataSource.options.type === 'postgres';
    this.table = new Table(dataSource, ClientEntity);
    this.run = sqlRunner(dataSource, SELECT);
    this.runPage = pageRunner(this.run);
    this.runLong = longReads.runner(SELECT);
    this.insertTogether = insertTogether(dataSource, transactions, CREATED);
    this.byId = lookupBy(dataSource, ClientEntity, ['id']);
    this.byIdAndOrg = lookupBy(dataSource, ClientEntity, ['id', 'orgId']);
    this.byMetadataHash = lookupBy(dataSource, ClientEntity, ['metadataHash']);
    this.registrationsAgain = new Batcher({
      name: 'count registrations',
      run: (ids) => this.countRegistrations(ids),
      limits: COUNTING,
    });
    this.lockedRegistrations = new Batcher({
      name: 'count registrations of locked clients',
      run: (ids) => this.countLockedRegistrations(ids),
      limits: COUNTING,
    });
    this.dialect = DIALECTS[isPostgres ? 'postgres' : 'better-sqlite3'];
    this.conditions = filterConditions(this.dialect);
    this.counts = new ClientCounts(dataSource);
  }

  /**
   * Stores a new client with the hashes of its credentials, all or nothing.
   * @param metadataHash by which {@link registerAgain} finds it; null: it does not
   * @throws RegistryError `invalid_token` where the client's initial access token is used up, `insufficient_scope` where its
   *   organization has as many clients as it may have, or `rate_limited` where it has filled what it may of the trail
   */
  async insert(
    { client, secret }: IssuedClient,
    by: Author,
    registrationToken: string | null = null,
    metadataHash: string | null = null,
  ): Promise<void> {
    const registrationTokenHash = registrationToken === null ? null : hashSecret(registrationToken);
    const created = entryOf('client.created', null, client);
    spendOn(by, client.orgId, [created]);
    const rows = [
      [{ registrationTokenHash, metadataHash, ...client }],
      secret === null ? [] : [newSecret(client.id, secret, client.createdAt)],
      [newEvent(by, created)],
    ];
    const { initialAccessTokenId, orgId } = client;
    if (initialAccessTokenId === null && !this.quota.isBounded(orgId)) return this.insertTogether(rows, by);
    await this.transactions.run(
      async (manager) => {
        await this.quota.reserve(manager, [orgId]);
        if (this.quota.isBounded(orgId)) await this.purgeSurplus(manager, orgId!);
        for (const [i, entity] of CREATED.entries()) await manager.insert(entity, rows[i] as never);
        if (initialAccessTokenId !== null) {
          await countRegistration(manager, initialAccessTokenId, client.createdAt);
        }
      },
      by,
      initialAccessTokenId ?? `organization ${orgId}`,
    );
  }

  /** Stores a new client that others will be given, too. False where there is one of that hash already; nothing is stored then. */
  async insertShared(issued: IssuedClient, by: Author, metadataHash: string): Promise<boolean> {
    try {
      await this.insert(issued, by, null, metadataHash);
      return true;
    } catch (error) {
      if (isDuplicate(error, 'oauth_clients', 'metadata_hash')) return false;
      throw error;
    }
  }

  /** Counts one more registration with the client of that hash, and returns it; null where there is none. */
  async registerAgain(metadataHash: string): Promise<Client | null> {
    const client = await this.byMetadataHash([metadataHash]);
    if (client === null) return null;
    const isCounted =
      (await this.registrationsAgain.add(client.id)) || (await this.lockedRegistrations.add(client.id));
    return isCounted ? client : null;
  }

  /** For each of them, whether it was counted: not where the client is gone, or locked by somebody else. */
  private countRegistrations(ids: string[]): Promise<Outcome<boolean>[]> {
    return this.transactions.run(async (manager) => {
      const query = manager
        .createQueryBuilder(ClientEntity, 'client')
        .select('client.id')
        .where({ id: In([...new Set(ids)]) })
        .orderBy('client.id');
      const isCounted = new Set<string>();
      // One that is locked must not keep those waiting who register with another
      for (const { id } of await lockRows(query, 'skip_locked').getMany()) {
        if (await addRegistrations(manager, id, ids)) isCounted.add(id);
      }
      return ids.map((id) => ({ value: isCounted.has(id) }));
    });
  }

  /** For each of them, whether the client is still there for it, once it is not locked any more. Each waits for itself. */
  private async countLockedRegistrations(ids: string[]): Promise<Outcome<boolean>[]> {
    const outcomes = new Map<string, Outcome<boolean>>();
    const count = async (id: string) => {
      try {
        const value = await this.transactions.run(
          (manager) => addRegistrations(manager, id, ids),
          undefined,
          id,
        );
        outcomes.set(id, { value });
      } catch (error) {
        outcomes.set(id, { error });
      }
    };
    await Promise.all([...new Set(ids)].map(count));
    return ids.map((id) => outcomes.get(id)!);
  }

  /**
   * Stores what `change` makes of a client that it alone sees meanwhile, and that `by` did it; nothing where it makes the
   * same client. One that does not authenticate with a secret any more loses all.
   * @throws RegistryError `not_found`
   */
  change(
    key: ClientKey,
    action: AuditAction,
    by: Author,
    change: (client: Client) => Client,
  ): Promise<Client> {
    return withLockedClient(this.transactions, key, by, async (client, manager) => {
      const changed = change(client);
      if (changed === client) return client;
      if (action === 'client.restored') await this.quota.reserve(manager, [client.orgId]);
      const isShared = KEEPS_SHARED.includes(action);
      await manager.update(ClientEntity, changed.id, isShared ? changed : { ...changed, metadataHash: null });
      const isWithoutSecret = usesSecret(client) && !usesSecret(changed);
      const revoked = isWithoutSecret
        ? await new SecretsOfClient(client.id, manager).revokeAll(new Date())
        : [];
      const entries = [
        entryOf(action, client, changed),
        ...revoked.map((id) => secretEntry('client_secret.revoked', client.id, id)),
      ];
      spendOn(by, client.orgId, entries);
      await record(manager, by, entries);
      return changed;
    });
  }

  /**
   * Sets the same on all clients that match, or on none.
   * @param check sees how many they are, and may throw
   */
  changeAll(
    filter: ClientFilter,
    set: Pick<Client, 'status'> | Pick<Client, 'deletedAt'>,
    action: AuditAction,
    by: Author,
    check: (count: number) => void,
  ): Promise<number> {
    return this.transactions.run(async (manager) => {
      const query = this.select(filter, manager)
        // In one order, so that two such changes do not wait for each other
        .orderBy('client.id')
        .limit(MAX_BULK + 1);
      const clients = await lockRows(query).getMany();
      check(clients.length);
      if (action === 'client.restored') {
        await this.quota.reserve(
          manager,
          clients.map(({ orgId }) => orgId),
        );
      }
      await record(
        manager,
        by,
        clients.map((client) => entryOf(action, client, { ...client, ...set })),
      );
      // Last, since others who count wait from here on; and all at once: a second statement would count in an order of its own
      const { isOneOf, list } = this.dialect;
      await manager
        .createQueryBuilder()
        .update(ClientEntity)
        .set({ ...set, metadataHash: null, version: () => 'version + 1', updatedAt: new Date() })
        .where(`id ${isOneOf}`, { value: list(clients.map(({ id }) => id)) })
        .execute();
      return clients.length;
    }, by);
  }

  /**
   * Removes for good clients that were deleted before `limit`.
   * @returns how many they were
   */
  purge(limit: Date, by: Author): Promise<number> {
    let fromMs = 0;
    return inSmallBatches(this.transactions, async (manager, size) => {
      const query = this.select({ deleted: true }, manager)
        .andWhere('client.deletedAt >= :fromMs AND client.deletedAt < :limitMs', {
          fromMs,
          limitMs: limit.getTime(),
        })
        .orderBy('client.deletedAt')
        .limit(size);
      // Of many instances, each takes others
      const clients = await lockRows(query, 'skip_locked').getMany();
      if (clients.length === 0) return 0;
      fromMs = clients.at(-1)!.deletedAt!.getTime();
      await purgeClients(manager, clients, by);
      return clients.length;
    });
  }

  /** Removes for good deleted clients of an organization that are more than may be restored, those that were created first. */
  private async purgeSurplus(manager: EntityManager, orgId: string): Promise<void> {
    // The order of the index of organizations
    const surplus = await this.select({ deleted: true, orgId }, manager)
      .orderBy('client.createdAt', 'DESC')
      .addOrderBy('client.id', 'DESC')
      .offset(this.quota.maxDeleted)
      .limit(SURPLUS_BATCH)
      .getMany();
    if (surplus.length > 0) await purgeClients(manager, surplus, SYSTEM);
  }

  /**
   * The token that manages a registration; null where there is none. No more is read, and the same is done for what is no id, so
   * that the time it takes does not tell which registrations there are.
   */
  async findRegistrationToken(id: string): Promise<RegistrationToken | null> {
    const [row] = await this.run(
      'SELECT registration_token_hash, status FROM oauth_clients WHERE id = :id AND deleted_at IS NULL',
      { id: isClientId(id) ? id : NO_CLIENT },
    );
    const [tokenHash, status] = (row ?? []) as [string | null, ClientStatus];
    return tokenHash ? { tokenHash, status } : null;
  }

  /** Runs `work` on a registration while nobody else changes it. */
  withRegistration<T>(
    id: string,
    by: Author,
    work: (registration: LockedRegistration | null) => Promise<T>,
  ): Promise<T> {
    return this.transactions.run(
      async (manager) => {
        const registration = await lockRegistration(manager, id);
        if (registration === null) return work(null);
        const { client } = registration;
        const tokenId = client.initialAccessTokenId;
        const setToken = (token: string) => ({ registrationTokenHash: hashSecret(token) });
        return work({
          ...registration,
          initialAccessToken:
            tokenId === null ? null : await manager.findOneBy(InitialAccessTokenEntity, { id: tokenId }),
          secrets: new SecretsOfClient(id, manager),
          store: async (changed, token, ofSecrets) => {
            await manager.update(ClientEntity, id, { ...changed, ...setToken(token) });
            const entries = [
              ...(changed === client ? [] : [entryOf('client.updated', client, changed)]),
              ...ofSecrets.map(({ action, targetId }) => secretEntry(action, id, targetId)),
              entryOf('registration_token.issued', changed, changed),
            ];
            spendOn(by, client.orgId, entries);
            await record(manager, by, entries);
          },
          removeForGood: () => deleteUnused(manager, client, by),
          remove: async () => {
            const deleted = changeClient(client, { deletedAt: new Date() });
            await manager.update(ClientEntity, id, deleted);
            await record(manager, by, [entryOf('client.deleted', client, deleted)]);
          },
        });
      },
      by,
      id,
    );
  }

  /**
   * Replaces the token that manages a registration.
   * @throws RegistryError `not_found`
   */
  replaceRegistrationToken(key: ClientKey, token: string, by: Author, check: (client: Client) => void) {
    return withLockedClient(this.transactions, key, by, async (client, manager) => {
      check(client);
      await manager.update(ClientEntity, client.id, {
        registrationTokenHash: hashSecret(token),
        metadataHash: null,
      });
      await record(manager, by, [entryOf('registration_token.issued', client, client)]);
      return client;
    });
  }

  /** The client; null where there is none. */
  async find({ id, orgId }: ClientKey): Promise<Client | null> {
    if (!isClientId(id)) return null;
    return orgId === undefined ? this.byId([id]) : this.byIdAndOrg([id, orgId]);
  }

  async page(
    filter: ClientFilter,
    { field, direction }: ClientOrder,
    request: ClientPageRequest,
  ): Promise<Page<Client>> {
    const { size, after } = request;
    const { order, beyond } = readingOrder(direction, request);
    const column = `client.${ORDER_COLUMNS[field]}`;
    const { sql, parameters } = this.where(filter);
    const start = after ? ` AND (${column}, client.id) ${beyond} (:position, :positionId)` : '';
    const { rows, found } = await readFitting(
      this.runnerFor(filter, {}, field),
      this.table,
      {
        alias: 'client',
        where: `WHERE ${sql}${start}`,
        order: `${column} ${order}, client.id ${order}`,
        limit: 'LIMIT :limit',
      },
      { ...parameters, position: after?.value, positionId: after?.id, limit: size + 1 },
    );
    return pageOf(rows, request, found);
  }

  /**
   * Two statements: how many there are, and the page, of which the clients before it are passed over in the index alone.
   * @throws RegistryError `invalid_request` where the page is larger than {@link MAX_PAGE_BYTES}; it says how many clients fit
   */
  async numberedPage(
    filter: ClientFilter,
    { number, size }: NumberedPageRequest,
    reader: Reader,
  ): Promise<NumberedPage> {
    const offset = (number - 1) * size;
    const { orgId } = filter;
    // The first, which is asked for most, has none before it
    if (offset === 0 || orgId === undefined || !isWhole(filter)) {
      const [total, clients] = await Promise.all([
        this.count(filter, reader),
        this.newest(this.runnerFor(filter, reader), filter, size, offset),
      ]);
      return { clients, total };
    }
    const { total, createdBefore, offset: rest } = await this.counts.pageStart(orgId, offset);
    return { total, clients: await this.newest(this.runPage, { ...filter, createdBefore }, size, rest) };
  }

  private async newest(run: RunSql, filter: ClientFilter, size: number, offset: number): Promise<Client[]> {
    const { sql, parameters } = this.where(filter);
    const order = 'client.created_at DESC, client.id DESC';
    const limit = 'LIMIT :limit OFFSET :offset';
    const page = `WHERE ${sql} ORDER BY ${order} ${limit}`;
    const selection =
      offset === 0
        ? { where: `WHERE ${sql}`, limit }
        : { where: `WHERE client.id IN (SELECT client.id FROM oauth_clients client ${page})`, limit: '' };
    const { rows, found } = await readFitting(
      run,
      this.table,
      { alias: 'client', order, ...selection },
      { ...parameters, limit: size, offset },
    );
    if (rows.length < found) throw pageTooLarge(rows.length);
    return rows;
  }

  /** How many match. Those of an organization as a whole, and all, are counted already; others are counted one by one. */
  async count(filter: ClientFilter, reader: Reader = {}): Promise<number> {
    if (isWhole(filter)) return this.counts.total(filter.orgId);
    const { sql, parameters } = this.where(filter);
    const run = this.runnerFor(filter, reader);
    const [row] = await run(`SELECT COUNT(*) FROM oauth_clients client WHERE ${sql}`, parameters);
    return Number(row![0]);
  }

  /** Two passes over the clients that match; what comes back has a handful of rows, however many there are. */
  async stats(filter: ClientFilter, now: Date): Promise<ClientStats> {
    const { sql, parameters } = this.where(filter);
    const rows = await this.runLong(
      `SELECT client_type, source, status, grant_types, COUNT(*) FROM oauth_clients client WHERE ${sql} GROUP BY 1, 2, 3, 4`,
      parameters,
    );
    const groups = rows.map(([type, source, status, grantTypes, count]) => ({
      type,
      source,
      status,
      grantTypes: grantTypes as string,
      count: Number(count),
    }));
    const today = Math.floor(now.getTime() / MS_PER_DAY);
    const firstDay = today - STATS_DAYS + 1;
    const days = await this.runLong(
      `SELECT created_at / ${MS_PER_DAY}, COUNT(*) FROM oauth_clients client WHERE ${sql} AND created_at >= :firstMs GROUP BY 1`,
      { ...parameters, firstMs: firstDay * MS_PER_DAY },
    );
    const perDay = new Map(days.map(([day, count]) => [Number(day), Number(count)]));

    const tally = <K extends string>(
      keys: readonly K[],
      has: (group: (typeof groups)[number], key: K) => boolean,
    ) =>
      keys.map((key): Count<K> => ({
        key,
        count: groups.filter((group) => has(group, key)).reduce((sum, { count }) => sum + count, 0),
      }));
    return {
      total: groups.reduce((sum, { count }) => sum + count, 0),
      byClientType: tally(CLIENT_TYPES, ({ type }, key) => type === key),
      bySource: tally(CLIENT_SOURCES, ({ source }, key) => source === key),
      byStatus: tally(CLIENT_STATUSES, ({ status }, key) => status === key),
      byGrantType: tally(GRANT_TYPES, ({ grantTypes }, key) => grantTypes.includes(token(key))),
      createdPerDay: Array.from({ length: STATS_DAYS }, (_, index) => ({
        key: new Date((firstDay + index) * MS_PER_DAY).toISOString().slice(0, 10),
        count: perDay.get(firstDay + index) ?? 0,
      })),
    };
  }

  /**
   * How many clients there are of each kind, among the next `limit` by their ids: a walk over a million is made of many
   * short steps, each of which keeps nobody waiting.
   * @param after the id that the step before ended with; empty for the first
   */
  async tally(after: string, limit: number): Promise<TallyStep> {
    const rows = await this.run(
      `SELECT source, CASE WHEN deleted_at IS NULL THEN status ELSE 'deleted' END, org_id IS NOT NULL, COUNT(*), MAX(id)
       FROM (SELECT id, source, status, org_id, deleted_at FROM oauth_clients WHERE id > :after ORDER BY id LIMIT :limit) step GROUP BY 1, 2, 3`,
      { after, limit },
    );
    const tallies = rows.map(([source, status, isOwned, count]): Tally => ({
      source: source as ClientSource,
      status: status as Tally['status'],
      isOwned: Boolean(isOwned),
      count: Number(count),
    }));
    const seen = tallies.reduce((sum, { count }) => sum + count, 0);
    const last = rows.map((row) => row[4] as string).reduce((a, b) => (a > b ? a : b), after);
    return { tallies, next: seen < limit ? null : last };
  }

  /** All, in the order of an index, and those that are named one by one are found at once; who knows behind how many that do not match others are. */
  private runnerFor(
    filter: ClientFilter,
    reader: Reader,
    orderedBy: ClientOrder['field'] = 'createdAt',
  ): RunSql {
    const isNamed = filter.id !== undefined || filter.ids !== undefined;
    // Of an organization there is one index, by the time
    const isSorted = filter.orgId === undefined || orderedBy === 'createdAt';
    if (isNamed || (isWhole(filter) && isSorted)) return this.runPage;
    return (sql, parameters) => this.runLong(sql, parameters, reader);
  }

  private where(filter: ClientFilter): Where {
    const { sql, parameters } = whereOf(this.conditions, filter);
    return { sql: filter.deleted ? sql : `${sql} AND client.deleted_at IS NULL`, parameters };
  }

  private select(
    filter: ClientFilter,
    manager: EntityManager = this.clients.manager,
  ): SelectQueryBuilder<ClientEntity> {
    const { sql, parameters } = this.where(filter);
    return manager.createQueryBuilder(ClientEntity, 'client').withDeleted().where(sql, parameters);
  }
}

/** Whether all clients of the organization match, or all there are. */
const isWhole = ({ orgId: _, ...rest }: ClientFilter) =>
  Object.values(rest).every((condition) => condition === undefined);

/** Numbered pages have no other way to hold less than they were asked for, and to lose nothing. */
function pageTooLarge(fitting: number): RegistryError {
  const fault = `takes at most ${fitting} here: more clients are larger than ${MAX_PAGE_BYTES / 2 ** 20} MiB together`;
  return new RegistryError('invalid_request', 'The page is too large; ask for fewer clients at a time.', {
    invalidFields: { 'page[size]': [fault] },
  });
}

/** What happened to a client, for the audit trail. */
async function purgeClients(manager: EntityManager, clients: readonly Client[], by: Author): Promise<void> {
  await manager.delete(
    ClientEntity,
    clients.map(({ id }) => id),
  );
  await record(
    manager,
    by,
    clients.map((client) => entryOf('client.purged', client, client)),
  );
}

function entryOf(action: AuditAction, before: Client | null, after: Client): AuditEntry {
  const { id } = after;
  const changes = changesBetween(before && auditedFields(before), auditedFields(after));
  return { action, clientId: id, targetId: id, changes };
}

/** Counts the registrations with the client among all. False where it is gone, or given to nobody else any more. */
async function addRegistrations(manager: EntityManager, id: string, all: string[]): Promise<boolean> {
  const count = all.filter((other) => other === id).length;
  const { affected } = await manager
    .createQueryBuilder()
    .update(ClientEntity)
    .set({ registrationCount: () => `registration_count + ${count}`, lastRegisteredAt: new Date() })
    .where('id = :id AND metadata_hash IS NOT NULL', { id })
    .execute();
  return affected === 1;
}

/** What was done to a secret of a client. */
const secretEntry = (action: AuditAction, clientId: string, targetId: string): AuditEntry => ({
  action,
  clientId,
  targetId,
  changes: [],
});
