import { Field, Int, ObjectType } from '@nestjs/graphql';
import type { ClientSource, ClientStatus } from '../../clients/client.js';
import type { ClientType } from '../../clients/policy/client.js';
import type { GrantType } from '../../clients/policy/grant-types.js';
import { ClientSourceEnum, ClientStatusEnum, ClientTypeEnum, GrantTypeEnum } from './oauth-client.type.js';

@ObjectType()
export class ClientTypeCount {
  @Field(() => ClientTypeEnum)
  clientType!: ClientType;

  @Field(() => Int)
  count!: number;
}

@ObjectType()
export class ClientSourceCount {
  @Field(() => ClientSourceEnum)
  source!: ClientSource;

  @Field(() => Int)
  count!: number;
}

@ObjectType()
export class ClientStatusCount {
  @Field(() => ClientStatusEnum)
  status!: ClientStatus;

  @Field(() => Int)
  count!: number;
}

@ObjectType()
export class GrantTypeCount {
  @Field(() => GrantTypeEnum)
  grantType!: GrantType;

  @Field(() => Int)
  count!: number;
}

@ObjectType()
export class DayCount {
  @Field({ description: 'A day of UTC as YYYY-MM-DD.' })
  date!: string;

  @Field(() => Int)
  count!: number;
}

@ObjectType({ description: 'How the clients that match a filter are distributed.' })
export class OAuthClientStats {
  @Field(() => Int)
  total!: number;

  @Field(() => [ClientTypeCount])
  byClientType!: ClientTypeCount[];

  @Field(() => [ClientSourceCount])
  bySource!: ClientSourceCount[];

  @Field(() => [ClientStatusCount])
  byStatus!: ClientStatusCount[];

  @Field(() => [GrantTypeCount], { description: 'A client counts once for each of its grants.' })
  byGrantType!: GrantTypeCount[];

  @Field(() => [DayCount], { description: 'The last 30 days, today included, the oldest first.' })
  createdPerDay!: DayCount[];
}
