import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../database/id.js';
import { pageRunner, readFitting } from '../database/sql/page-bytes.js';
import { ScanQueue } from '../database/sql/scan-queue.js';
import { type IdPageRequest, type Page, pageOf, pagesOfEach, readingOrder } from '../database/sql/pages.js';
import { type RunSql, sqlRunner } from '../database/sql/run-sql.js';
import { Table } from '../database/sql/table.js';
import { purgeDue } from '../database/writes/purge-batches.js';
import { WriteQueue } from '../database/writes/write-queue.js';
import { type Conditions, whereOf } from '../database/sql/conditions.js';
import { batchesOf } from '../database/writes/statement-size.js';
import {
  type AuditAction,
  type AuditEntry,
  type AuditFilter,
  isRestriction,
  type RequestContext,
} from './audit-event.js';
import { AuditEventEntity } from './audit-event.entity.js';

/** Name of statements that read events, in metrics and traces. */
const SELECT = 'select audit_events';

/** Conditions that there is an index for, whose events are in the order of the audit log. */
const INDEXED: (keyof AuditFilter)[] = ['clientId', 'actorId', 'action'];

/** Bytes of an event without its changes, with its index entries. */
const EVENT_BYTES = 400;

/** Whose limit of audited bytes a change counts against. */
export interface Budget {
  orgId: string | null;
  partId?: string | undefined;
}

const bytesOf = (value: object) => Buffer.byteLength(JSON.stringify(value));

/**
 * Counts events before they are written. Those that only take access away are free: nobody may use up the limit to keep theirs.
 * @param budget of which organization; of a client without an owner, the address counts. See {@link RequestContext.spend} for `partId`
 * @param stored the client that is written with them; null: only its state changes
 * @throws RegistryError `rate_limited` if the limit of audited bytes is reached
 */
export function spendOn(
  context: RequestContext,
  { orgId, partId }: Budget,
  entries: readonly Pick<AuditEntry, 'action' | 'changes'>[],
  stored: object | null = null,
): void {
  if (context.spend === undefined || entries.every(({ action }) => isRestriction(action))) return;
  const sizes = entries.map(({ changes }) => EVENT_BYTES + bytesOf(changes));
  context.spend(
    orgId,
    sizes.reduce((sum, size) => sum + size, stored === null ? 0 : bytesOf(stored)),
    orgId === null ? undefined : partId,
  );
}

/** Writes down what happened, inside of the transaction in which it happened, so that neither is there without the other. */
export async function record(
  manager: EntityManager,
  context: RequestContext,
  entries: AuditEntry[],
): Promise<void> {
  for (const batch of batchesOf(entries)) {
    await manager.insert(AuditEventEntity, batch.map((entry) => newEvent(context, entry)) as never);
  }
}

/** The row of an event that happens now. */
export function newEvent(
  { actor, channel, address, requestId }: RequestContext,
  { action, clientId, targetId, changes }: AuditEntry,
): AuditEventEntity {
  const by = { actorType: actor.type, actorId: actor.id, channel, address, requestId };
  return { id: newId(), ...by, action, clientId, targetId, changes };
}

/** SQL for each condition of a filter. Times are compared by the id, which begins with them, and is indexed. */
const CONDITIONS: Conditions<AuditFilter> = {
  clientId: { sql: 'event.client_id = :value' },
  actorType: { sql: 'event.actor_type = :value' },
  actorId: { sql: 'event.actor_id = :value' },
  action: { sql: 'event.action = :value' },
  channel: { sql: 'event.channel = :value' },
  since: { sql: 'event.id >= :value', value: (time: Date) => firstIdOf(time.getTime()) },
  until: { sql: 'event.id < :value', value: (time: Date) => firstIdOf(time.getTime()) },
};

/** Whether one index finds all matches; otherwise any number of rows may be read before one matches. */
function isIndexed({ since: _, until: _until, ...rest }: AuditFilter): boolean {
  const said = (Object.keys(rest) as (keyof typeof rest)[]).filter((name) => rest[name] !== undefined);
  return said.length <= 1 && said.every((name) => INDEXED.includes(name));
}

/** The smallest UUIDv7 of a millisecond (RFC 9562 §5.7). */
function firstIdOf(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}

/** Events of one action since then and where they came from, the oldest first, `limit` at most. */
export const eventsOfAction = (
  manager: EntityManager,
  action: AuditAction,
  since: Date,
  limit: number,
): Promise<Pick<AuditEventEntity, 'address'>[]> =>
  manager
    .createQueryBuilder(AuditEventEntity, 'event')
    .select(['event.id', 'event.address'])
    .where('event.action = :action AND event.id >= :since', { action, since: firstIdOf(since.getTime()) })
    .orderBy('event.id')
    .limit(limit)
    .getMany();

/** What happened to a client, the earliest first, `limit` events at most. */
export const firstEventsOf = (manager: EntityManager, clientId: string, limit: number) =>
  manager.find(AuditEventEntity, { where: { clientId }, order: { id: 'ASC' }, take: limit });

const clientIdOf = ({ clientId }: AuditEventEntity) => clientId ?? '';

/** Events of the audit log in the database. */
@Injectable()
export class AuditEventsRepository {
  private readonly table: Table<AuditEventEntity>;
  private readonly run: RunSql;
  private readonly runLong: RunSql;

  constructor(
    dataSource: DataSource,
    private readonly writeQueue: WriteQueue,
    scanQueue: ScanQueue,
  ) {
    this.table = new Table(dataSource, AuditEventEntity);
    this.run = pageRunner(sqlRunner(dataSource, SELECT));
    this.runLong = scanQueue.runner(SELECT);
  }

  /** Stores an event in a transaction of its own. */
  insert(context: RequestContext, entry: AuditEntry): Promise<void> {
    return this.writeQueue.run((manager) => record(manager, context, [entry]));
  }

  /** Events that match, the newest first. */
  async page(filter: AuditFilter, request: IdPageRequest): Promise<Page<AuditEventEntity>> {
    const { size, after } = request;
    const { order, beyond } = readingOrder('DESC', request);
    const { sql, parameters } = whereOf(CONDITIONS, filter);
    const start = after === null ? '' : ` AND event.id ${beyond} :after`;
    const selection = {
      alias: 'event',
      where: `WHERE ${sql}${start}`,
      order: `event.id ${order}`,
      limit: 'LIMIT :limit',
    };
    const run = isIndexed(filter) ? this.run : this.runLong;
    const values = { ...parameters, after, limit: size + 1 };
    const { rows, found } = await readFitting(run, this.table, selection, values);
    return pageOf(rows, request, found);
  }

  /** The history of each of several clients, in one statement. */
  histories(
    clientIds: readonly string[],
    request: IdPageRequest,
  ): Promise<Map<string, Page<AuditEventEntity>>> {
    const ofClients = { where: 'TRUE', ownerColumn: 'client_id', ownerOf: clientIdOf };
    return pagesOfEach(this.run, this.table, ofClients, clientIds, request);
  }

  /** How many events a client has caused with its registration access token, counted up to `limit`. */
  async countOwn(clientId: string, limit: number): Promise<number> {
    const [row] = await this.run(
      `SELECT COUNT(*) FROM (SELECT 1 FROM audit_events
       WHERE actor_id = :clientId AND actor_type = 'registration_token' ORDER BY id LIMIT :limit) own`,
      { clientId, limit },
    );
    return Number(row![0]);
  }

  /** Removes events that are older than `limit`, all or those of one action; says how many. */
  purge(limit: Date, action?: AuditAction): Promise<number> {
    const and = action && `row.action = '${action}'`;
    return purgeDue(this.writeQueue, AuditEventEntity, 'id', firstIdOf(limit.getTime()), and);
  }
}
