import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, IsNull } from 'typeorm';
import { type AuditEntry, changesBetween, type RequestContext } from '../../audit/audit-event.js';
import { record, spendOn } from '../../audit/audit-events.repository.js';
import { ClientEntity } from '../../clients/client/client.entity.js';
import { newId } from '../../database/id.js';
import { type Conditions, whereOf } from '../../database/sql/conditions.js';
import { pageRunner, readFitting, readWhole } from '../../database/sql/page-bytes.js';
import {
  type IdPageRequest,
  MAX_PASSED_ROWS,
  type Page,
  pageOf,
  pagesOfEach,
  readingOrder,
} from '../../database/sql/pages.js';
import { lockRows, rowLock } from '../../database/sql/for-update.js';
import { type RunSql, sqlRunner } from '../../database/sql/run-sql.js';
import { type RunLongSql, ScanQueue, type ScanRequest } from '../../database/sql/scan-queue.js';
import { Table } from '../../database/sql/table.js';
import { batchedFindOne, type Lookup } from '../../database/sql/lookup.js';
import { inSmallBatches, purgeDue } from '../../database/writes/purge-batches.js';
import { UseNotes } from '../../database/writes/use-notes.js';
import { WriteQueue } from '../../database/writes/write-queue.js';
import type { Cancellation } from '../../queues/cancellation.js';
import { TokenEntity } from '../tokens/token.entity.js';
import { useUp } from '../tokens/tokens.repository.js';
import {
  type Grant,
  type GrantedScopes,
  type GrantFilter,
  textsOf,
  type Grantable,
  withAdded,
} from './grant.js';
import { GrantEntity } from './grant.entity.js';

/** How exact the times of last use are. */
const RESOLUTION_MS = 60_000;

/** Name of statements that read grants, in metrics and traces. */
const SELECT = 'select oauth_grants';

const ACTIVE = 'revoked_at IS NULL';

const CONDITIONS: Conditions<GrantFilter> = {
  clientId: { sql: 'own.client_id = :value' },
  userId: { sql: 'own.user_id = :value' },
  orgId: { sql: 'own.org_id = :value' },
};

/** Whether one index finds all matches in the order of the list; otherwise any number of rows may be read before one matches. */
const isIndexed = ({ clientId, userId, orgId }: GrantFilter): boolean =>
  clientId === undefined
    ? userId === undefined || orgId !== undefined
    : userId === undefined && orgId === undefined;

type Owner = Pick<Grant, 'orgId' | 'userId'>;

/** A consent request, by its hash, and the user for whom it is reserved. */
interface ReservedRequest {
  hash: string;
  seenBy: string;
}

/** What a user allows a client. */
interface Consent {
  scopes: GrantedScopes;
  /** Where the user is sent. */
  redirectHost: string;
  /** What the client can get now. */
  grantable: Grantable;
  /** The hosts of all redirect URIs of the client. */
  hosts: readonly string[];
}

/** Grants in the database. */
@Injectable()
export class GrantsRepository {
  /** When tokens were issued under grants. */
  readonly uses: UseNotes;
  private readonly byId: Lookup<GrantEntity>;
  private readonly table: Table<GrantEntity>;
  private readonly run: RunLongSql;
  private readonly runLong: RunLongSql;

  constructor(
    private readonly dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
    scanQueue: ScanQueue,
  ) {
    this.table = new Table(dataSource, GrantEntity);
    this.run = pageRunner(sqlRunner(dataSource, SELECT));
    this.runLong = scanQueue.runner(SELECT);
    this.uses = new UseNotes(writeQueue, GrantEntity, RESOLUTION_MS);
    this.byId = batchedFindOne(dataSource, GrantEntity, ['id']);
  }

  /** Also one that was revoked. */
  find(id: string): Promise<Grant | null> {
    return this.byId([id]);
  }

  /** Grants that match and were not revoked, the newest first. */
  async page(filter: GrantFilter, request: IdPageRequest): Promise<Page<Grant>> {
    const { size, after } = request;
    const { order, beyond } = readingOrder('DESC', request);
    const { sql, parameters } = whereOf(CONDITIONS, filter);
    const start = after === null ? '' : ` AND own.id ${beyond} :after`;
    const selection = {
      alias: 'own',
      where: `WHERE ${sql} AND own.${ACTIVE}${start}`,
      order: `own.id ${order}`,
      limit: 'LIMIT :limit',
    };
    const run = isIndexed(filter) ? this.run : this.runLong;
    const values = { ...parameters, after, limit: size + 1 };
    const { rows, found } = await readFitting(run, this.table, selection, values);
    return pageOf(rows, request, found);
  }

  /** Such a page for each of several clients, in one statement. */
  pages(clientIds: readonly string[], request: IdPageRequest): Promise<Map<string, Page<Grant>>> {
    const ofClients = {
      where: ACTIVE,
      ownerColumn: 'client_id',
      ownerOf: ({ clientId }: GrantEntity) => clientId,
    };
    return pagesOfEach(this.run, this.table, ofClients, clientIds, request);
  }

  /** How many grants match and were not revoked. Reads each of them. */
  async count(filter: GrantFilter, request: ScanRequest = {}): Promise<number> {
    const run: RunSql = (statement, values) => this.runLong(statement, values, request);
    return this.countUpTo(null, filter, run);
  }

  /** @param most null: all */
  private async countUpTo(most: number | null, filter: GrantFilter, run: RunSql): Promise<number> {
    const { sql, parameters } = whereOf(CONDITIONS, filter);
    const limit = most === null ? '' : 'LIMIT :most';
    const matching = `SELECT 1 FROM oauth_grants own WHERE ${sql} AND own.${ACTIVE} ${limit}`;
    const [row] = await run(`SELECT COUNT(*) FROM (${matching}) matching`, { ...parameters, most });
    return Number(row![0]);
  }

  /** The grant of a user to a client that was not revoked. */
  findActive({ clientId, orgId, userId }: Owner & Pick<Grant, 'clientId'>): Promise<Grant | null> {
    const where = { clientId, orgId, userId, revokedAt: IsNull() };
    return this.dataSource.manager.findOneBy(GrantEntity, where);
  }

  /**
   * A page of a user's grants that were not revoked, the newest first, and how many there are.
   * @throws RegistryError `invalid_request` if the page is too large ({@link readWhole})
   */
  async pageOfUser(
    { orgId, userId }: Owner,
    offset: number,
    size: number,
    cancellation: Cancellation,
  ): Promise<{ grants: Grant[]; total: number }> {
    const ofUser = { orgId, userId };
    const request = { ...cancellation, orgId };
    const runShort: RunSql = (statement, values) => this.run(statement, values, request);
    const runLong: RunSql = (statement, values) => this.runLong(statement, values, request);
    const { sql, parameters } = whereOf(CONDITIONS, ofUser);
    const selection = {
      alias: 'own',
      where: `WHERE ${sql} AND own.${ACTIVE}`,
      order: 'own.id DESC',
      limit: 'LIMIT :limit OFFSET :offset',
    };
    const [grants, total] = await Promise.all([
      readWhole(offset > MAX_PASSED_ROWS ? runLong : runShort, this.table, selection, {
        ...parameters,
        limit: size,
        offset,
      }),
      this.countUpTo(MAX_PASSED_ROWS + 1, ofUser, runShort).then((counted) =>
        counted > MAX_PASSED_ROWS ? this.count(ofUser, request) : counted,
      ),
    ]);
    return { grants, total };
  }

  /**
   * Uses up a consent token, and stores the code that comes of it. The user has one grant to the client, which keeps of its scopes and hosts
   * those that the client still has, and gets the new ones.
   * @param request reserved for the user
   * @returns false if the token was used before
   * @throws RegistryError `rate_limited`
   */
  give(
    request: ReservedRequest,
    { clientId, orgId, userId }: Owner & Pick<Grant, 'clientId'>,
    { scopes: added, redirectHost, grantable, hosts }: Consent,
    code: TokenEntity,
    context: RequestContext,
  ): Promise<boolean> {
    return this.writeQueue.run(async (manager) => {
      if (!(await useUp(manager, request))) return false;
      const now = new Date();
      const before = await lockActive(manager, { clientId, orgId, userId }, now);
      const { id } = before;
      const scopes = withAdded(before.scopes, added, grantable);
      const kept = (before.redirectHosts ?? []).filter((host) => hosts.includes(host));
      const redirectHosts = [...new Set([...kept, redirectHost])];
      await manager.update(GrantEntity, { id }, { scopes, redirectHosts });
      const ofGrant = { ...code, grantId: id, payload: { ...code.payload, grantId: id } };
      await manager.insert(TokenEntity, ofGrant);
      // Clients with grants are not unused
      await manager.update(ClientEntity, { id: clientId, lastUsedAt: IsNull() }, { lastUsedAt: now });
      const changes = changesBetween({ scopes: textsOf(before.scopes) }, { scopes: textsOf(scopes) });
      const given: AuditEntry = { action: 'grant.given', clientId, targetId: id, changes };
      // Its revocation counts beforehand, since it is never rejected
      const entries = [given, revocation({ id, clientId }, 'user')];
      spendOn(context, { orgId, partId: userId }, entries, [scopes, redirectHosts, ofGrant]);
      await record(manager, context, [given]);
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
        await record(manager, context, [revocation({ id, clientId }, reason)]);
        return true;
      },
      context,
      id,
    );
  }

  /**
   * Revokes grants that match, the oldest first, in small batches, each with its events. No batch begins after `budgetMs`. What was revoked
   * stays revoked if a later batch fails.
   * @returns how many
   */
  async revokeAll(
    filter: GrantFilter,
    budgetMs: number,
    reason: string,
    context: RequestContext,
  ): Promise<number> {
    const { sql, parameters } = whereOf(CONDITIONS, filter);
    const untilMs = performance.now() + budgetMs;
    // PostgreSQL keeps index entries of changed rows: no batch looks at those of the ones before
    let from = '';
    return inSmallBatches(this.writeQueue, async (manager, size) => {
      if (performance.now() >= untilMs) return 0;
      const query = manager
        .createQueryBuilder(GrantEntity, 'own')
        .select(['own.id', 'own.clientId'])
        .where(`${sql} AND own.${ACTIVE} AND own.id > :from`, { ...parameters, from })
        .orderBy('own.id')
        .limit(size);
      const grants = await lockRows(query).getMany();
      if (grants.length === 0) return 0;
      const ids = grants.map(({ id }) => id);
      from = ids.at(-1)!;
      await manager.update(GrantEntity, { id: In(ids) }, { revokedAt: new Date() });
      await record(
        manager,
        context,
        grants.map((grant) => revocation(grant, reason)),
      );
      return grants.length;
    });
  }

  /** Removes grants that were revoked before `limit`. Returns how many. */
  purge(limit: Date): Promise<number> {
    return purgeDue(this.writeQueue, GrantEntity, 'revokedAt', limit);
  }

  /**
   * Uses up a consent token without a grant. False if it was used before.
   * @param request reserved for the user
   * @throws RegistryError `rate_limited`
   */
  deny(
    request: ReservedRequest,
    { clientId, orgId, userId }: Owner & Pick<Grant, 'clientId'>,
    context: RequestContext,
  ): Promise<boolean> {
    return this.writeQueue.run(async (manager) => {
      if (!(await useUp(manager, request))) return false;
      const denied: AuditEntry = { action: 'grant.denied', clientId, targetId: clientId, changes: [] };
      spendOn(context, { orgId, partId: userId }, [denied]);
      await record(manager, context, [denied]);
      return true;
    }, context);
  }
}

/** The grant that was not revoked, which no other transaction can revoke before this one ends. Without one, an empty one is stored. */
async function lockActive(
  manager: EntityManager,
  owner: Owner & Pick<Grant, 'clientId'>,
  createdAt: Date,
): Promise<GrantEntity> {
  const where = { ...owner, revokedAt: IsNull() };
  for (;;) {
    const none = { ...owner, id: newId(), scopes: {}, createdAt };
    // A unique index decides whether there is one already
    await manager.createQueryBuilder().insert().into(GrantEntity).values(none).orIgnore().execute();
    const grant = await manager.findOne(GrantEntity, { where, lock: rowLock(manager) });
    // On PostgreSQL, another transaction can have revoked it since: the next row is of this transaction
    if (grant !== null) return grant;
  }
}

const revocation = ({ id, clientId }: Pick<Grant, 'id' | 'clientId'>, reason: string): AuditEntry => ({
  action: 'grant.revoked',
  clientId,
  targetId: id,
  changes: [{ field: 'reason', before: null, after: reason }],
});
