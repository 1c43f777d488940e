import { ArgsType, Field, ID, InputType, Int, IntersectionType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsOptional, Matches, ValidateNested } from 'class-validator';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ClientSource, ClientStatus } from '../../../clients/client/client.js';
import type {
  ClientFilter,
  ClientOrder,
  ClientOrderField,
  OrderDirection,
} from '../../../clients/client/client-query.js';
import type { ClientType } from '../../../policy/client.js';
import { SCOPE_TOKEN } from '../../../policy/scope.js';
import type { GrantType } from '../../../policy/grant-types.js';
import { FilterField, SearchField } from '../schema/filter.js';
import { TwoWayPageArgs } from '../pagination/connection.js';
import {
  ClientSourceEnum,
  ClientStatusEnum,
  ClientTypeEnum,
  GrantTypeEnum,
  OrderDirectionEnum,
  OrderFieldEnum,
} from '../schema/enums.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

/** Clients that somebody picks one by one. */
const MAX_IDS = 100;

@InputType('OAuthClientFilter', { description: 'Which clients: those that match everything that is given.' })
export class OAuthClientFilter implements Omit<ClientFilter, 'deleted'> {
  @ArrayMaxSize(MAX_IDS, { message: `must be at most ${MAX_IDS}` })
  @SearchField(() => [ID], `One of these, of which there may be ${MAX_IDS}; none where there are none.`, {
    each: true,
  })
  ids?: string[];

  @SearchField(() => String, 'Of this organization.')
  orgId?: string;

  @SearchField(() => String, 'Of this user.')
  userId?: string;

  @SearchField(() => String, 'Part of the name; the case of ASCII letters does not matter.')
  nameContains?: string;

  @Field(() => ClientTypeEnum, { nullable: true, description: 'Of this type.' })
  clientType?: ClientType;

  @Field(() => GrantTypeEnum, {
    nullable: true,
    description: 'Clients that may use this grant, among others.',
  })
  grantType?: GrantType;

  @IsOptional()
  @Matches(SCOPE_TOKEN, { message: 'must be one scope-token (RFC 6749 §3.3)' })
  @Field(() => String, { nullable: true, description: 'Clients that may ask for this scope, among others.' })
  scope?: string;

  @Field(() => ClientSourceEnum, { nullable: true, description: 'That came through this door.' })
  source?: ClientSource;

  @Field(() => ClientStatusEnum, { nullable: true, description: 'That may be used, or may not.' })
  status?: ClientStatus;

  @Field(() => Boolean, { nullable: true, description: 'That an operator has vouched for, or has not.' })
  verified?: boolean;

  @SearchField(() => ID, 'Registered with this initial access token.')
  initialAccessTokenId?: string;

  @Field(() => Boolean, { nullable: true, description: 'Deleted ones, rather than those that live.' })
  deleted?: true;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Anonymous ones that were never used, and that no operator has vouched for or disabled; or all others.',
  })
  unused?: boolean;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Later than this.' })
  createdAfter?: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Earlier than this.' })
  createdBefore?: Date;
}

@InputType('OAuthClientOrder', { description: 'How clients follow each other; equal ones by clientId.' })
export class OAuthClientOrder implements ClientOrder {
  @Field(() => OrderFieldEnum, { description: 'By what.' })
  field!: ClientOrderField;

  @Field(() => OrderDirectionEnum, { description: 'Which way.' })
  direction!: OrderDirection;
}

@ArgsType()
export class FilterArgs {
  @FilterField(() => OAuthClientFilter, 'Which clients; all, where it is left out.')
  filter?: OAuthClientFilter | null;
}

@ArgsType()
export class OAuthClientsArgs extends IntersectionType(TwoWayPageArgs, FilterArgs, ArgsType) {
  @FieldWithDefault(() => OAuthClientOrder, {
    defaultValue: { field: 'createdAt', direction: 'DESC' },
    description: 'The newest first, unless asked otherwise.',
  })
  orderBy!: OAuthClientOrder;
}

@ArgsType()
export class BulkArgs {
  @ValidateNested()
  @Type(() => OAuthClientFilter)
  @Field(() => OAuthClientFilter, {
    description:
      'Which clients; at least one condition, and not `deleted`: only restoreOAuthClients is about deleted ones.',
  })
  filter!: OAuthClientFilter;

  @FieldWithDefault(() => Boolean, {
    defaultValue: true,
    description: 'Only count them. Nothing is changed unless this is false.',
  })
  dryRun!: boolean;

  @Field(() => Int, {
    nullable: true,
    description: 'How many they must be, as a dry run told; nothing is changed where they are not as many.',
  })
  expectedCount?: number | null;
}
