import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { type Conditions, type Where, whereOf } from '../../database/sql/conditions.js';
import { pageRunner, readFitting, readWhole } from '../../database/sql/page-bytes.js';
import { MAX_PASSED_ROWS, pageOf, readingOrder } from '../../database/sql/pages.js';
import { type RunSql, sqlRunner } from '../../database/sql/run-sql.js';
import { ScanQueue, type ScanRequest, type RunLongSql } from '../../database/sql/scan-queue.js';
import { Table } from '../../database/sql/table.js';
import { CLIENT_TYPES } from '../../policy/client.js';
import { GRANT_TYPES } from '../../policy/grants/grant-types.js';
import {
  CLIENT_SOURCES,
  CLIENT_STATUSES,
  type Client,
  type ClientSource,
  type ClientStatus,
} from '../client/client.js';
import { ClientEntity, REMOVED_AT, UNUSED } from '../client/client.entity.js';
import {
  type ClientFilter,
  type ClientOrder,
  type ClientPageRequest,
  type ClientStats,
  type Count,
  NEVER,
  type NumberedPage,
  type NumberedPageRequest,
  type Page,
  type CountsByKind,
  type CountStep,
} from '../client/client-query.js';
import { ClientCountsRepository } from '../counts/client-counts.repository.js';

/** The name of these statements in metrics and traces. */
const SELECT = 'select oauth_clients';
const MS_PER_DAY = 86_400_000;
const STATS_DAYS = 30;

/** What an index sorts by. Without nulls: the engines sort them differently, and no cursor continues after them. */
const ORDER_KEYS: Record<ClientOrder['field'], string> = {
  createdAt: 'client.created_at',
  updatedAt: 'client.updated_at',
  lastUsedAt: `COALESCE(client.last_used_at, ${NEVER})`,
  name: 'client.name',
};

/** What the two engines call the same thing. */
const DIALECTS = {
  postgres: {
    // As the index has it: ILIKE would fold case by the locale of the database
    nameContains: `lower(client.name COLLATE "C") LIKE lower(:value COLLATE "C")`,
    redirectUrisContain: 'lower(client.redirect_uris COLLATE "C") LIKE ANY(:value)',
    indexOf: 'strpos',
    isOneOf: '= ANY(:value)',
    list: (values: readonly string[]): unknown => values,
  },
  // PostgreSQL's escape character is the backslash, and said aloud it would keep it from using its index
  'better-sqlite3': {
    nameContains: "client.name LIKE :value ESCAPE '\\'",
    redirectUrisContain:
      "EXISTS (SELECT 1 FROM json_each(:value) part WHERE client.redirect_uris LIKE part.value ESCAPE '\\')",
    indexOf: 'instr',
    isOneOf: 'IN (SELECT value FROM json_each(:value))',
    list: (values: readonly string[]): unknown => JSON.stringify(values),
  },
};

const epoch = (date: Date) => date.getTime();
const token = (value: string) => ` ${value} `;
const fragment = (value: string) => `%${value.replace(/[\\%_]/g, '\\$&')}%`;

/** How a stored list of redirect URIs, which is JSON, contains one with this host or private-use scheme: no URI has a quotation mark. */
const redirectUriParts = (target: string): string[] =>
  target.endsWith(':')
    ? [`"${target}`]
    : ['https', 'http'].flatMap((scheme) =>
        ['/', ':', '?', '"'].map((next) => `"${scheme}://${target}${next}`),
      );

/** The member within the stored metadata, which is JSON: quotation marks within texts are escaped there. */
const softwareIdMember = (value: string) => `"softwareId":${JSON.stringify(value)}`;

const STATUS: Record<ClientStatus, string> = {
  active: `client.status = 'active'`,
  disabled: `client.status = 'disabled'`,
};

type Dialect = (typeof DIALECTS)[keyof typeof DIALECTS];

function filterConditions(dialect: Dialect): Conditions<ClientFilter> {
  const { nameContains, redirectUrisContain, indexOf, isOneOf, list } = dialect;
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
    authMethod: { sql: 'client.token_endpoint_auth_method = :value' },
    redirectHost: {
      sql: redirectUrisContain,
      value: (target: string) => list(redirectUriParts(target.toLowerCase()).map(fragment)),
    },
    softwareId: { sql: `${indexOf}(client.metadata, :value) > 0`, value: softwareIdMember },
    source: { sql: 'client.source = :value' },
    // Written out, since few are disabled or verified, and an index that holds them alone is found by these words
    status: { sql: (status: ClientStatus) => STATUS[status] },
    verified: { sql: (isVerified: boolean) => (isVerified ? 'client.verified' : 'NOT client.verified') },
    initialAccessTokenId: { sql: 'client.initial_access_token_id = :value' },
    deleted: { sql: `client.deleted_at > ${epoch(REMOVED_AT)}` },
    unused: { sql: (isUnused: boolean) => (isUnused ? UNUSED : `NOT (${UNUSED})`) },
    createdAfter: { sql: 'client.created_at > :value', value: epoch },
    createdBefore: { sql: 'client.created_at < :value', value: epoch },
    lastUsedBefore: { sql: 'COALESCE(client.last_used_at, client.created_at) < :value', value: epoch },
  };
}

/** Lists, counts and statistics of clients. */
@Injectable()
export class ClientSearchRepository {
  private readonly dialect: Dialect;
  private readonly conditions: Conditions<ClientFilter>;
  private readonly table: Table<ClientEntity>;
  private readonly run: RunSql;
  private readonly runPage: RunLongSql;
  private readonly runLong: RunLongSql;
  private readonly counts: ClientCountsRepository;

  constructor(dataSource: DataSource, scanQueue: ScanQueue) {
    this.table = new Table(dataSource, ClientEntity);
    this.run = sqlRunner(dataSource, SELECT);
    this.runPage = pageRunner(this.run);
    this.runLong = scanQueue.runner(SELECT);
    this.dialect = DIALECTS[dataSource.options.type === 'postgres' ? 'postgres' : 'better-sqlite3'];
    this.conditions = filterConditions(this.dialect);
    this.counts = new ClientCountsRepository(dataSource);
  }

  async page(
    filter: ClientFilter,
    { field, direction }: ClientOrder,
    request: ClientPageRequest,
  ): Promise<Page<Client>> {
    const { size, after } = request;
    const { order, beyond } = readingOrder(direction, request);
    const key = ORDER_KEYS[field];
    const { sql, parameters } = this.where(filter);
    const start = after ? ` AND (${key}, client.id) ${beyond} (:position, :positionId)` : '';
    const { rows, found } = await readFitting(
      this.runnerFor(filter, {}, field),
      this.table,
      {
        alias: 'client',
        where: `WHERE ${sql}${start}`,
        order: `${key} ${order}, client.id ${order}`,
        limit: 'LIMIT :limit',
      },
      { ...parameters, position: after?.value, positionId: after?.id, limit: size + 1 },
    );
    return pageOf(rows, request, found);
  }

  /**
   * Two statements: how many there are, and the page, of which the clients before it are passed over in the index alone.
   * @throws RegistryError `invalid_request` if the page is too large ({@link readWhole})
   */
  async numberedPage(
    filter: ClientFilter,
    { number, size }: NumberedPageRequest,
    request: ScanRequest,
  ): Promise<NumberedPage> {
    const offset = (number - 1) * size;
    const { orgId } = filter;
    // The first, which is asked for most, has none before it
    if (offset === 0 || orgId === undefined || !isWhole(filter)) {
      const [total, clients] = await Promise.all([
        this.count(filter, request),
        this.newest(this.runnerFor(filter, { ...request, offset }), filter, size, offset),
      ]);
      return { clients, total };
    }
    const { total, createdBefore, offset: rest } = await this.counts.pageStart(orgId, offset);
    // Within a period
    const run = this.runnerFor(filter, { ...request, offset: rest });
    return { total, clients: await this.newest(run, { ...filter, createdBefore }, size, rest) };
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
    return readWhole(
      run,
      this.table,
      { alias: 'client', order, ...selection },
      { ...parameters, limit: size, offset },
    );
  }

  /** How many match. Those of an organization as a whole, and all, are counted already; others are counted one by one. */
  async count(filter: ClientFilter, request: ScanRequest = {}): Promise<number> {
    if (isWhole(filter)) return this.counts.total(filter.orgId);
    const { sql, parameters } = this.where(filter);
    const run = this.runnerFor(filter, request);
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

    const countByKind = <K extends string>(
      keys: readonly K[],
      has: (group: (typeof groups)[number], key: K) => boolean,
    ) =>
      keys.map((key): Count<K> => ({
        key,
        count: groups.filter((group) => has(group, key)).reduce((sum, { count }) => sum + count, 0),
      }));
    return {
      total: groups.reduce((sum, { count }) => sum + count, 0),
      byClientType: countByKind(CLIENT_TYPES, ({ type }, key) => type === key),
      bySource: countByKind(CLIENT_SOURCES, ({ source }, key) => source === key),
      byStatus: countByKind(CLIENT_STATUSES, ({ status }, key) => status === key),
      byGrantType: countByKind(GRANT_TYPES, ({ grantTypes }, key) => grantTypes.includes(token(key))),
      createdPerDay: Array.from({ length: STATS_DAYS }, (_, index) => ({
        key: new Date((firstDay + index) * MS_PER_DAY).toISOString().slice(0, 10),
        count: perDay.get(firstDay + index) ?? 0,
      })),
    };
  }

  /**
   * How many clients there are of each kind, among the next `limit` by their ids: one short step of a walk over all.
   * @param after the id that the step before ended with; empty for the first
   */
  async countStep(after: string, limit: number): Promise<CountStep> {
    const rows = await this.run(
      `SELECT source, CASE WHEN deleted_at IS NULL THEN status ELSE 'deleted' END, org_id IS NOT NULL, COUNT(*), MAX(id)
       FROM (SELECT id, source, status, org_id, deleted_at FROM oauth_clients WHERE id > :after ORDER BY id LIMIT :limit) step GROUP BY 1, 2, 3`,
      { after, limit },
    );
    const counts = rows.map(([source, status, isOwned, count]): CountsByKind => ({
      source: source as ClientSource,
      status: status as CountsByKind['status'],
      isOwned: Boolean(isOwned),
      count: Number(count),
    }));
    const seen = counts.reduce((sum, { count }) => sum + count, 0);
    const last = rows.map((row) => row[4] as string).reduce((a, b) => (a > b ? a : b), after);
    return { counts, next: seen < limit ? null : last };
  }

  /** All clients in the order of an index, and clients by id, are found at once. Other filters, and an offset, may pass over many rows. */
  private runnerFor(
    filter: ClientFilter,
    { offset = 0, ...request }: ScanRequest & { offset?: number },
    orderedBy: ClientOrder['field'] = 'createdAt',
  ): RunSql {
    const isNamed = filter.id !== undefined || filter.ids !== undefined;
    // Clients of an organization have one index, by creation time
    const isSorted = filter.orgId === undefined || orderedBy === 'createdAt';
    const isShort = isNamed || (isWhole(filter) && isSorted && offset <= MAX_PASSED_ROWS);
    const run = isShort ? this.runPage : this.runLong;
    return (sql, parameters) => run(sql, parameters, request);
  }

  private where(filter: ClientFilter): Where {
    const { sql, parameters } = whereOf(this.conditions, filter);
    return { sql: filter.deleted ? sql : `${sql} AND client.deleted_at IS NULL`, parameters };
  }

  /** The newest of the deleted clients of an organization that have `count` newer ones; null if there is none. */
  async deletedBehind(orgId: string, count: number): Promise<{ newestMs: number; newestId: string } | null> {
    const { sql, parameters } = this.where({ orgId, deleted: true });
    const order = 'ORDER BY client.created_at DESC, client.id DESC LIMIT 1 OFFSET :count';
    const [row] = await this.runLong(
      `SELECT client.created_at, client.id FROM oauth_clients client WHERE ${sql} ${order}`,
      { ...parameters, count },
    );
    return row === undefined ? null : { newestMs: Number(row[0]), newestId: row[1] as string };
  }

  /** Clients that match, for a statement of TypeORM. */
  select(filter: ClientFilter, manager: EntityManager): SelectQueryBuilder<ClientEntity> {
    const { sql, parameters } = this.where(filter);
    return manager.createQueryBuilder(ClientEntity, 'client').withDeleted().where(sql, parameters);
  }

  /** The condition that a row has one of these ids. */
  hasOneOf(ids: readonly string[]): { where: string; parameters: Record<string, unknown> } {
    const { isOneOf, list } = this.dialect;
    return { where: `id ${isOneOf}`, parameters: { value: list(ids) } };
  }
}

/** Whether all clients of the organization match, or all there are. */
const isWhole = ({ orgId: _, ...rest }: ClientFilter) =>
  Object.values(rest).every((condition) => condition === undefined);
