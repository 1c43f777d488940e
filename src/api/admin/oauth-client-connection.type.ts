import { Field, Int, ObjectType } from '@nestjs/graphql';
import type { ClientFilter } from '../../clients/client-query.js';
import { OAuthClient } from './oauth-client.type.js';

@ObjectType({ description: 'Where a page lies in its list (Relay Cursor Connections).' })
export class PageInfo {
  @Field()
  hasNextPage!: boolean;

  @Field({ description: 'True for every page but the first.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  startCursor!: string | null;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;
}

@ObjectType()
export class OAuthClientEdge {
  @Field(() => OAuthClient)
  node!: OAuthClient;

  @Field({ description: 'The place of the client in this order; stays valid while others come and go.' })
  cursor!: string;
}

@ObjectType({ description: 'A page of clients (Relay Cursor Connections).' })
export class OAuthClientConnection {
  @Field(() => [OAuthClientEdge])
  edges!: OAuthClientEdge[];

  @Field(() => [OAuthClient])
  nodes!: OAuthClient[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Int, { description: 'How many clients match the filter. Counted only where it is asked for.' })
  totalCount?: number;

  /** What `totalCount` is to count; not part of the schema. */
  filter!: ClientFilter;
}
