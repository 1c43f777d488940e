import { Args, Context, Parent, Query, ResolveField } from '@nestjs/graphql';
import { AuditTrail } from '../../../audit/audit-trail.js';
import { OAuthClient } from '../clients/oauth-client.type.js';
import type { Loaders } from '../operations/loaders.js';
import { InnerPageArgs, toIdConnection, toIdPageRequest } from '../pagination/connection.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import { toFilter } from '../schema/filter.js';
import { AuditEventConnection, toAuditEvent } from './audit-event.type.js';
import { AuditEventsArgs } from './audit-events.args.js';

/** Queries of the audit log. There are no mutations. */
@AdminResolver()
export class AuditEventsResolver {
  constructor(private readonly auditTrail: AuditTrail) {}

  @Query(() => AuditEventConnection, { description: 'The audit log, newest first.' })
  async auditEvents(
    @Args() { filter, ...page }: AuditEventsArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<AuditEventConnection> {
    const request = toIdPageRequest(page);
    const events = await loaders.read(() => this.auditTrail.page(toFilter(filter), request));
    return toIdConnection(events, toAuditEvent);
  }
}

/** The audit events of a client; those of all clients of a page are loaded at once. */
@AdminResolver(() => OAuthClient)
export class ClientHistoryResolver {
  @ResolveField(() => AuditEventConnection, { description: 'The audit events of the client, newest first.' })
  async history(
    @Parent() { clientId }: OAuthClient,
    @Args() args: InnerPageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<AuditEventConnection> {
    return toIdConnection(await loaders.history(clientId, toIdPageRequest(args)), toAuditEvent);
  }
}
