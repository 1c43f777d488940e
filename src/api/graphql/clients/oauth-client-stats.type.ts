import { Field, Int, ObjectType } from '@nestjs/graphql';
import type { ClientSource, ClientStatus } from '../../../clients/client/client.js';
import type { ClientType } from '../../../policy/client.js';
import type { GrantType } from '../../../policy/grants/grant-types.js';
import { ClientSourceEnum, ClientStatusEnum, ClientTypeEnum, GrantTypeEnum } from '../schema/enums.js';

@ObjectType({ isAbstract: true })
class Count {
  @Field(() => Int, { description: 'The number of clients.' })
  count!: number;
}

const OF_A_KIND = { description: 'The number of clients in one group.' };

@ObjectType(OF_A_KIND)
export class ClientTypeCount extends Count {
  @Field(() => ClientTypeEnum, { description: 'The client type.' })
  clientType!: ClientType;
}

@ObjectType(OF_A_KIND)
export class ClientSourceCount extends Count {
  @Field(() => ClientSourceEnum, { description: 'The interface that created the clients.' })
  source!: ClientSource;
}

@ObjectType(OF_A_KIND)
export class ClientStatusCount extends Count {
  @Field(() => ClientStatusEnum, { description: 'The status.' })
  status!: ClientStatus;
}

@ObjectType(OF_A_KIND)
export class GrantTypeCount extends Count {
  @Field(() => GrantTypeEnum, { description: 'The grant type.' })
  grantType!: GrantType;
}

@ObjectType(OF_A_KIND)
export class DayCount extends Count {
  @Field({ description: 'The day in UTC as YYYY-MM-DD.' })
  date!: string;
}

@ObjectType({ description: 'Counts of the clients that match a filter.' })
export class OAuthClientStats {
  @Field(() => Int, { description: 'The total number of matching clients.' })
  total!: number;

  @Field(() => [ClientTypeCount], { description: 'Clients by type.' })
  byClientType!: ClientTypeCount[];

  @Field(() => [ClientSourceCount], { description: 'Clients by the interface that created them.' })
  bySource!: ClientSourceCount[];

  @Field(() => [ClientStatusCount], { description: 'Clients by status.' })
  byStatus!: ClientStatusCount[];

  @Field(() => [GrantTypeCount], {
    description: 'Clients by grant type. A client counts once for each of its grant types.',
  })
  byGrantType!: GrantTypeCount[];

  @Field(() => [DayCount], {
    description: 'Clients created on each of the last 30 days including today, oldest first.',
  })
  createdPerDay!: DayCount[];
}
