import { Args, Context, ID, Int, Mutation, Parent, Query, ResolveField } from '@nestjs/graphql';
import type { RequestContext } from '../../../audit/audit-event.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import { GrantsService } from '../../../authorization/grants/grants.service.js';
import { OAuthClient } from '../clients/oauth-client.type.js';
import type { Loaders } from '../operations/loaders.js';
import { InnerPageArgs, toIdConnection, toIdPageRequest } from '../pagination/connection.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import { toFilter } from '../schema/filter.js';
import {
  GrantFilter,
  GrantsArgs,
  OAuthGrantConnection,
  RevokeGrantPayload,
  RevokeGrantsPayload,
  toOAuthGrant,
} from './grant.type.js';

/** What users allowed clients to do, across organizations. */
@AdminResolver(() => OAuthGrantConnection)
export class GrantsResolver {
  constructor(private readonly grants: GrantsService) {}

  @Query(() => OAuthGrantConnection, { description: 'Grants that are not revoked, newest first.' })
  async oauthGrants(
    @Args() { filter, ...page }: GrantsArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<OAuthGrantConnection> {
    const wanted = toFilter(filter);
    const request = toIdPageRequest(page);
    const grants = await loaders.read(() => this.grants.page(wanted, request));
    return { ...toIdConnection(grants, toOAuthGrant), filter: wanted };
  }

  @ResolveField(() => Int, {
    description: 'The number of grants that match and are not revoked. It is counted only if requested.',
  })
  totalCount(@Parent() { filter }: OAuthGrantConnection): Promise<number> {
    return this.grants.count(filter);
  }

  @Mutation(() => RevokeGrantPayload, {
    description: 'Revokes a grant permanently. Its codes, access tokens and refresh tokens end immediately.',
  })
  async revokeGrant(
    @Args('id', { type: () => ID, description: 'The id of the grant.' }) id: string,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RevokeGrantPayload> {
    return { grant: toOAuthGrant(await this.grants.revokeOne(id, context)) };
  }

  @Mutation(() => RevokeGrantsPayload, {
    description:
      'Revokes all grants of a client, a user or an organization: as many as five seconds allow, the oldest first. At least one argument ' +
      'is required, and all that are given must match. Grants are revoked in batches; what was revoked stays revoked if a later batch fails.',
  })
  revokeGrants(
    @Args() filter: GrantFilter,
    @CurrentContext('graphql') context: RequestContext,
  ): Promise<RevokeGrantsPayload> {
    return this.grants.revokeAll(toFilter(filter), context);
  }
}

/** The grants of a client; a loader batches those of all clients of a page. */
@AdminResolver(() => OAuthClient)
export class ClientGrantsResolver {
  @ResolveField(() => OAuthGrantConnection, {
    description: 'The grants that users gave the client and that are not revoked, newest first.',
  })
  async grants(
    @Parent() { clientId }: OAuthClient,
    @Args() args: InnerPageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<OAuthGrantConnection> {
    const page = await loaders.grants(clientId, toIdPageRequest(args));
    return { ...toIdConnection(page, toOAuthGrant), filter: { clientId } };
  }
}
