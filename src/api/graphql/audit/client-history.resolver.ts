import { UsePipes } from '@nestjs/common';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Access } from '../../../auth/principal/access.js';
import { OAuthClient } from '../clients/oauth-client.type.js';
import type { Loaders } from '../operations/loaders.js';
import { type Connection, InnerPageArgs, toIdConnection, toIdPageRequest } from '../pagination/connection.js';
import { ArgumentsPipe } from '../schema/arguments.pipe.js';
import { AuditEventConnection, toAuditEvent } from './audit-event.type.js';

/** The audit events of a client; those of all clients of a page are loaded at once. */
@Resolver(() => OAuthClient)
@Access('admin')
@UsePipes(ArgumentsPipe)
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
