import { Field, Int, ObjectType } from '@nestjs/graphql';
import type { ClientSource, ClientStatus } from '../../../clients/client/client.js';
import type { ClientType } from '../../../policy/client.js';
import type { GrantType } from '../../../policy/grant-types.js';
import { ClientSourceEnum, ClientStatusEnum, ClientTypeEnum, GrantTypeEnum } from './oauth-client.type.js';

@ObjectType({ description: 'How many clients there are of a kind.' })
export class ClientTypeCount {
  @Field(() => ClientTypeEnum, { description: 'The kind.' })
  clientType!: ClientType;

  @Field(() => Int, { description: 'How many they are.' })
  count!: number;
}

@ObjectType({ description: 'How many clients there are of a kind.' })
export class ClientSourceCount {
  @Field(() => ClientSourceEnum, { description: 'The kind.' })
  source!: ClientSource;

  @Field(() => Int, { description: 'How many they are.' })
  count!: number;
}

@ObjectType({ description: 'How many clients there are of a kind.' })
export class ClientStatusCount {
  @Field(() => ClientStatusEnum, { description: 'The kind.' })
  status!: ClientStatus;

  @Field(() => Int, { description: 'How many they are.' })
  count!: number;
}

@ObjectType({ description: 'How many clients there are of a kind.' })
export class GrantTypeCount {
  @Field(() => GrantTypeEnum, { description: 'The kind.' })
  grantType!: GrantType;

  @Field(() => Int, { description: 'How many they are.' })
  count!: number;
}

@ObjectType({ description: 'How many clients there are of a kind.' })
export class DayCount {
  @Field({ description: 'A day of UTC as YYYY-MM-DD.' })
  date!: string;

  @Field(() => Int, { description: 'How many they are.' })
  count!: number;
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
