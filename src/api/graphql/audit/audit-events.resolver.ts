import { Args, ArgsType, Query } from '@nestjs/graphql';
import { AuditTrail } from '../../../audit/audit-trail.js';
import { FilterField, toFilter } from '../schema/filter.js';
import { AuditEventConnection, AuditEventFilter, toAuditEvent } from './audit-event.type.js';
import { toIdConnection, toIdPageRequest, TwoWayPageArgs } from '../pagination/connection.js';
import { AdminResolver } from '../schema/admin-resolver.js';

@ArgsType()
class AuditEventsArgs extends TwoWayPageArgs {
  @FilterField(() => AuditEventFilter, 'Which events; all, where it is left out.')
  filter?: AuditEventFilter | null;
}

/** What happened, and who did it. There is no mutation about it. */
@AdminResolver()
export class AuditEventsResolver {
  constructor(private readonly auditTrail: AuditTrail) {}

  @Query(() => AuditEventConnection, { description: 'What happened, the latest first.' })
  async auditEvents(@Args() { filter, ...page }: AuditEventsArgs): Promise<AuditEventConnection> {
    const events = await this.auditTrail.page(toFilter(filter), toIdPageRequest(page));
    return toIdConnection(events, toAuditEvent);
  }
}
