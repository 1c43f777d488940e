import { Injectable } from '@nestjs/common';
import type { IdPageRequest, Page } from '../database/sql/pages.js';
import type { AuditAction, AuditEntry, AuditEvent, AuditFilter, RequestContext } from './audit-event.js';
import type { AuditEventEntity } from './audit-event.entity.js';
import { AuditEventsRepository } from './audit-events.repository.js';

/** What happened in the registry. No event is ever changed. */
@Injectable()
export class AuditTrail {
  constructor(private readonly repository: AuditEventsRepository) {}

  /** Records what has changed no row. What changes rows is recorded in the same transaction. */
  record(context: RequestContext, entry: AuditEntry): Promise<void> {
    return this.repository.insert(context, entry);
  }

  /** Events that match, the newest first. */
  async page(filter: AuditFilter, request: IdPageRequest): Promise<Page<AuditEvent>> {
    return toEvents(await this.repository.page(filter, request));
  }

  /** The history of each of several clients. */
  async histories(
    clientIds: readonly string[],
    request: IdPageRequest,
  ): Promise<Map<string, Page<AuditEvent>>> {
    const pages = await this.repository.histories(clientIds, request);
    return new Map([...pages].map(([clientId, page]) => [clientId, toEvents(page)]));
  }

  /** How many events a client has caused with its registration access token, counted up to `limit`. */
  countOwn(clientId: string, limit: number): Promise<number> {
    return this.repository.countOwn(clientId, limit);
  }

  /** Removes events that are older than `limit`, all or those of one action; says how many. */
  purge(limit: Date, action?: AuditAction): Promise<number> {
    return this.repository.purge(limit, action);
  }
}

/** The millisecond that a UUIDv7 begins with (RFC 9562 §5.7). */
const timeOf = (id: string) => new Date(parseInt(id.slice(0, 13).replace('-', ''), 16));

const toEvents = (page: Page<AuditEventEntity>): Page<AuditEvent> => ({
  ...page,
  rows: page.rows.map(({ actorType, actorId, ...rest }) => ({
    ...rest,
    at: timeOf(rest.id),
    actor: { type: actorType, id: actorId },
  })),
});
