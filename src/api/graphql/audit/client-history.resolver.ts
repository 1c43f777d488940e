import { Args, Context, Parent, ResolveField } from '@nestjs/graphql';
import { OAuthClient } from '../clients/oauth-client.type.js';
import type { Loaders } from '../operations/loaders.js';
import { type Connection, InnerPageArgs, toIdConnection, toIdPageRequest } from '../pagination/connection.js';
import { AuditEventConnection, toAuditEvent } from './audit-event.type.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** The audit events of a client; those of all clients of a page are loaded at once. */
@AdminResolver(() => OAuthClient)
export class ClientHistoryResolver {
  @ResolveField(() => AuditEventConnection, { description: 'What happened to it, the latest first.' })
  async history(
    @Parent() { clientId }: OAuthClient,
    @Args() args: InnerPageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<Connection<ReturnType<typeof toAuditEvent>>> {
    return toIdConnection(await loaders.history(clientId, toIdPageRequest(args)), toAuditEvent);
  }
}
