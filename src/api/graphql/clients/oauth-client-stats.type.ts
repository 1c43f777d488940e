import { Field, Int, ObjectType } from '@nestjs/graphql';
import type { ClientSource, ClientStatus } from '../../../clients/client/client.js';
import type { ClientType } from '../../../policy/client.js';
import type { GrantType } from '../../../policy/grant-types.js';
import { ClientSourceEnum, ClientStatusEnum, ClientTypeEnum, GrantTypeEnum } from '../schema/enums.js';

@ObjectType({ isAbstract: true })
class Count {
  @Field(() => Int, { description: 'How many they are.' })
  count!: number;
}

const OF_A_KIND = { description: 'How many clients there are of a kind.' };

@ObjectType(OF_A_KIND)
export class ClientTypeCount extends Count {
  @Field(() => ClientTypeEnum, { description: 'The kind.' })
  clientType!: ClientType;
}

@ObjectType(OF_A_KIND)
export class ClientSourceCount extends Count {
  @Field(() => ClientSourceEnum, { description: 'The kind.' })
  source!: ClientSource;
}

@ObjectType(OF_A_KIND)
export class ClientStatusCount extends Count {
  @Field(() => ClientStatusEnum, { description: 'The kind.' })
  status!: ClientStatus;
}

@ObjectType(OF_A_KIND)
export class GrantTypeCount extends Count {
  @Field(() => GrantTypeEnum, { description: 'The kind.' })
  grantType!: GrantType;
}

@ObjectType(OF_A_KIND)
export class DayCount extends Count {
  @Field({ description: 'A day of UTC as YYYY-MM-DD.' })
  date!: string;
}

@ObjectType({ description: 'How the clients that match a filter are distributed.' })
export class OAuthClientStats {
  @Field(() => Int, { description: 'How many they are altogether.' })
  total!: number;

  @Field(() => [ClientTypeCount], { description: 'By their type.' })
  byClientType!: ClientTypeCount[];

  @Field(() => [ClientSourceCount], { description: 'By the door through which they came.' })
  bySource!: ClientSourceCount[];

  @Field(() => [ClientStatusCount], { description: 'By whether they may be used.' })
  byStatus!: ClientStatusCount[];

  @Field(() => [GrantTypeCount], { description: 'A client counts once for each of its grants.' })
  byGrantType!: GrantTypeCount[];

  @Field(() => [DayCount], { description: 'The last 30 days, today included, the oldest first.' })
  createdPerDay!: DayCount[];
}
