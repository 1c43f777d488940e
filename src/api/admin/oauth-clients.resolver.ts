import { UsePipes } from '@nestjs/common';
import { Args, ID, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Access } from '../../auth/access.js';
import { ClientsService } from '../../clients/clients.service.js';
import { toConnection, toFilter, toOAuthClient, toStats } from './admin.mapper.js';
import { ArgumentsPipe } from './arguments.pipe.js';
import { decodeCursor } from './cursor.js';
import { OAuthClientConnection } from './oauth-client-connection.type.js';
import { OAuthClientStats } from './oauth-client-stats.type.js';
import { OAuthClient } from './oauth-client.type.js';
import { FilterArgs, OAuthClientsArgs } from './oauth-clients.args.js';

/** What operators can ask about clients, across organizations. */
@Resolver(() => OAuthClientConnection)
@Access('admin')
@UsePipes(ArgumentsPipe)
export class OAuthClientsResolver {
  constructor(private readonly clients: ClientsService) {}

  @Query(() => OAuthClient, {
    nullable: true,
    description: 'One client; null where there is none by that id.',
  })
  async oauthClient(@Args('clientId', { type: () => ID }) clientId: string): Promise<OAuthClient | null> {
    const client = await this.clients.find(clientId);
    return client && toOAuthClient(client);
  }

  @Query(() => OAuthClientConnection, { description: 'Clients, page by page.' })
  async oauthClients(
    @Args() { first, after, filter, orderBy }: OAuthClientsArgs,
  ): Promise<OAuthClientConnection> {
    const wanted = toFilter(filter);
    const position = after ? decodeCursor(orderBy, after) : null;
    const page = await this.clients.page(wanted, orderBy, { size: first, after: position });
    return toConnection(page, wanted, orderBy, position !== null);
  }

  @ResolveField(() => Int)
  totalCount(@Parent() { filter }: OAuthClientConnection): Promise<number> {
    return this.clients.count(filter);
  }

  @Query(() => OAuthClientStats, { description: 'How clients are distributed.' })
  async oauthClientStats(@Args() { filter }: FilterArgs): Promise<OAuthClientStats> {
    return toStats(await this.clients.stats(toFilter(filter)));
  }
}
