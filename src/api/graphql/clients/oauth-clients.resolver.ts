import { Args, Context, ID, Int, Parent, Query, ResolveField } from '@nestjs/graphql';
import type { Client } from '../../../clients/client/client.js';
import { positionOf } from '../../../clients/client/client-query.js';
import { ClientsService } from '../../../clients/registry/clients.service.js';
import { toClientFilter, toOAuthClient, toStats } from './oauth-client.mapper.js';
import type { Loaders } from '../operations/loaders.js';
import { toConnection, toPageRequest } from '../pagination/connection.js';
import { decodeCursor, encodeCursor } from '../pagination/cursor.js';
import { OAuthClientStats } from './oauth-client-stats.type.js';
import { OAuthClient, OAuthClientConnection } from './oauth-client.type.js';
import { FilterArgs, OAuthClientsArgs } from './oauth-clients.args.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** What operators can ask about clients, across organizations. */
@AdminResolver(() => OAuthClientConnection)
export class OAuthClientsResolver {
  constructor(private readonly clients: ClientsService) {}

  @Query(() => OAuthClient, {
    nullable: true,
    description: 'The client with this id. Null: it does not exist.',
  })
  async oauthClient(
    @Args('clientId', { type: () => ID, description: 'The client_id.' }) clientId: string,
  ): Promise<OAuthClient | null> {
    const client = await this.clients.find(clientId);
    return client && toOAuthClient(client);
  }

  @Query(() => OAuthClientConnection, { description: 'A page of clients.' })
  async oauthClients(
    @Args() { filter, orderBy, ...args }: OAuthClientsArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<OAuthClientConnection> {
    const wanted = toClientFilter(filter);
    const request = toPageRequest(args, (cursor, argument) => decodeCursor(orderBy, cursor, argument));
    const page = await loaders.read(() => this.clients.page(wanted, orderBy, request));
    const cursorOf = (client: Client) => encodeCursor(orderBy, positionOf(client, orderBy));
    return { ...toConnection(page, toOAuthClient, cursorOf), filter: wanted };
  }

  @ResolveField(() => Int, {
    description: 'The number of clients that match the filter. It is counted only if requested.',
  })
  totalCount(@Parent() { filter }: OAuthClientConnection): Promise<number> {
    return this.clients.count(filter);
  }

  @Query(() => OAuthClientStats, {
    description: 'Counts of clients by type, interface, status, grant type and day.',
  })
  async oauthClientStats(@Args() { filter }: FilterArgs): Promise<OAuthClientStats> {
    return toStats(await this.clients.stats(toClientFilter(filter)));
  }
}
