import { ArgsType, Field, InputType, Int, registerEnumType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ClientSource, ClientStatus } from '../../clients/client.js';
import type {
  ClientFilter,
  ClientOrder,
  ClientOrderField,
  OrderDirection,
} from '../../clients/client-query.js';
import type { ClientType } from '../../clients/policy/client.js';
import { SCOPE_TOKEN } from '../../clients/policy/scope.js';
import type { GrantType } from '../../clients/policy/grant-types.js';
import { ClientSourceEnum, ClientStatusEnum, ClientTypeEnum, GrantTypeEnum } from './oauth-client.type.js';

export const MAX_PAGE_SIZE = 100;
export const DEFAULT_PAGE_SIZE = 20;

const OrderFieldEnum: Record<string, ClientOrderField> = {
  CREATED_AT: 'createdAt',
  UPDATED_AT: 'updatedAt',
  NAME: 'name',
};
registerEnumType(OrderFieldEnum, {
  name: 'OAuthClientOrderField',
  description: 'What clients can be ordered by.',
});

const OrderDirectionEnum: Record<string, OrderDirection> = { ASC: 'ASC', DESC: 'DESC' };
registerEnumType(OrderDirectionEnum, { name: 'OrderDirection', description: 'Smallest or largest first.' });

/** 1 to 255 characters that a database can search for. */
const SearchText = () =>
  Matches(/^[^\0]{1,255}$/su, { message: 'must be 1 to 255 characters long, without NUL' });

@InputType('OAuthClientFilter', { description: 'Which clients: those that match everything that is given.' })
export class OAuthClientFilter implements ClientFilter {
  @IsOptional()
  @SearchText()
  @Field(() => String, { nullable: true })
  orgId?: string;

  @IsOptional()
  @SearchText()
  @Field(() => String, { nullable: true })
  userId?: string;

  @IsOptional()
  @SearchText()
  @Field(() => String, {
    nullable: true,
    description: 'Part of the name; the case of ASCII letters does not matter.',
  })
  nameContains?: string;

  @Field(() => ClientTypeEnum, { nullable: true })
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

  @Field(() => ClientSourceEnum, { nullable: true })
  source?: ClientSource;

  @Field(() => ClientStatusEnum, { nullable: true })
  status?: ClientStatus;

  @Field(() => Boolean, { nullable: true })
  verified?: boolean;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Later than this.' })
  createdAfter?: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Earlier than this.' })
  createdBefore?: Date;
}

@InputType('OAuthClientOrder', { description: 'How clients follow each other; equal ones by clientId.' })
export class OAuthClientOrder implements ClientOrder {
  @Field(() => OrderFieldEnum)
  field!: ClientOrderField;

  @Field(() => OrderDirectionEnum)
  direction!: OrderDirection;
}

@ArgsType()
export class FilterArgs {
  @IsOptional()
  @ValidateNested()
  @Type(() => OAuthClientFilter)
  @Field(() => OAuthClientFilter, { nullable: true })
  filter?: OAuthClientFilter | null;
}

@ArgsType()
export class OAuthClientsArgs extends FilterArgs {
  @IsInt()
  @Min(1, { message: 'must be at least 1' })
  @Max(MAX_PAGE_SIZE, { message: `must be at most ${MAX_PAGE_SIZE}` })
  @Field(() => Int, { defaultValue: DEFAULT_PAGE_SIZE, description: `How many, 1 to ${MAX_PAGE_SIZE}.` })
  first!: number;

  @IsOptional()
  @MaxLength(4096, { message: 'must be a cursor of an earlier page' })
  @Field(() => String, { nullable: true, description: 'The cursor behind which the page begins.' })
  after?: string | null;

  @Field(() => OAuthClientOrder, {
    defaultValue: { field: 'createdAt', direction: 'DESC' },
    description: 'The newest first, unless asked otherwise.',
  })
  orderBy!: OAuthClientOrder;
}
