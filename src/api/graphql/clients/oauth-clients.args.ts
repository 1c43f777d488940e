import { ArgsType, Field, ID, InputType, Int, IntersectionType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsOptional, Matches, ValidateBy, ValidateNested } from 'class-validator';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ClientSource, ClientStatus } from '../../../clients/client/client.js';
import type {
  ClientFilter,
  ClientOrder,
  ClientOrderField,
  OrderDirection,
} from '../../../clients/client/client-query.js';
import type { ClientType, TokenEndpointAuthMethod } from '../../../policy/client.js';
import { SCOPE_TOKEN } from '../../../policy/grants/scope.js';
import type { GrantType } from '../../../policy/grants/grant-types.js';
import { isExactRedirectTarget } from '../../../policy/uris/redirect-host.js';
import { FilterField, SearchField } from '../schema/filter.js';
import { TwoWayPageArgs } from '../pagination/connection.js';
import {
  ClientSourceEnum,
  ClientStatusEnum,
  ClientTypeEnum,
  GrantTypeEnum,
  OrderDirectionEnum,
  OrderFieldEnum,
  TokenEndpointAuthMethodEnum,
} from '../schema/enums.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

/** A filter by ids is one statement with as many parameters. */
const MAX_IDS = 100;

@InputType('OAuthClientFilter', { description: 'Filters clients. All conditions must match.' })
export class OAuthClientFilter implements Omit<ClientFilter, 'deleted'> {
  @ArrayMaxSize(MAX_IDS, { message: `must have at most ${MAX_IDS} ids` })
  @SearchField(
    () => [ID],
    `The client_id is one of these, at most ${MAX_IDS}. An empty list matches no client.`,
    {
      each: true,
    },
  )
  ids?: string[];

  @SearchField(() => String, "The client's organization.")
  orgId?: string;

  @SearchField(() => String, "The client's user.")
  userId?: string;

  @SearchField(() => String, 'A part of the name. The case of ASCII letters is ignored.')
  nameContains?: string;

  @Field(() => ClientTypeEnum, { nullable: true, description: "The client's type." })
  clientType?: ClientType;

  @Field(() => GrantTypeEnum, {
    nullable: true,
    description: 'Clients whose grant types include this one.',
  })
  grantType?: GrantType;

  @IsOptional()
  @Matches(SCOPE_TOKEN, { message: 'must be a single scope-token (RFC 6749 §3.3)' })
  @Field(() => String, { nullable: true, description: 'Clients whose scopes include this one.' })
  scope?: string;

  @Field(() => TokenEndpointAuthMethodEnum, {
    nullable: true,
    description: 'The authentication method of the client at the token endpoint.',
  })
  authMethod?: TokenEndpointAuthMethod;

  @IsOptional()
  @ValidateBy({
    name: 'redirectHost',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && isExactRedirectTarget(value.toLowerCase()),
      defaultMessage: () =>
        'must be a host without a port such as example.com, or a private-use scheme with its colon such as cursor:',
    },
  })
  @Field(() => String, {
    nullable: true,
    description:
      'Clients with a redirect URI of exactly this host, such as `example.com`, or of this private-use scheme, such as `cursor:`. Case is ignored.',
  })
  redirectHost?: string;

  @SearchField(() => String, 'The identifier of the software, `software_id` of RFC 7591.')
  softwareId?: string;

  @Field(() => ClientSourceEnum, { nullable: true, description: 'The interface that created the client.' })
  source?: ClientSource;

  @Field(() => ClientStatusEnum, { nullable: true, description: "The client's status." })
  status?: ClientStatus;

  @Field(() => Boolean, { nullable: true, description: 'Whether an operator has verified the client.' })
  verified?: boolean;

  @SearchField(() => ID, 'The initial access token that the client was registered with.')
  initialAccessTokenId?: string;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: deleted clients. Default: clients that are not deleted.',
  })
  deleted?: true;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'True: anonymous clients that were never used, and that no administrator verified or disabled. False: all other clients.',
  })
  unused?: boolean;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Clients created after this time.' })
  createdAfter?: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Clients created before this time.' })
  createdBefore?: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      'Clients that were last used before this time, or never used and created before it. Last use is accurate to one hour.',
  })
  lastUsedBefore?: Date;
}

@InputType('OAuthClientOrder', { description: 'The sort order of clients. Ties are sorted by clientId.' })
export class OAuthClientOrder implements ClientOrder {
  @Field(() => OrderFieldEnum, { description: 'The sort field.' })
  field!: ClientOrderField;

  @Field(() => OrderDirectionEnum, { description: 'The sort direction.' })
  direction!: OrderDirection;
}

@ArgsType()
export class FilterArgs {
  @FilterField(() => OAuthClientFilter, 'Filters the clients. Default: all clients that are not deleted.')
  filter?: OAuthClientFilter | null;
}

@ArgsType()
export class OAuthClientsArgs extends IntersectionType(TwoWayPageArgs, FilterArgs, ArgsType) {
  @FieldWithDefault(() => OAuthClientOrder, {
    defaultValue: { field: 'createdAt', direction: 'DESC' },
    description: 'The sort order. Default: newest first.',
  })
  orderBy!: OAuthClientOrder;
}

@ArgsType()
export class BulkArgs {
  @ValidateNested()
  @Type(() => OAuthClientFilter)
  @Field(() => OAuthClientFilter, {
    description:
      'Filters the clients to change. Requires at least one condition. `deleted` is not allowed: only restoreOAuthClients changes deleted clients.',
  })
  filter!: OAuthClientFilter;

  @FieldWithDefault(() => Boolean, {
    defaultValue: true,
    description: 'True: count the matching clients without changing them.',
  })
  dryRun!: boolean;

  @Field(() => Int, {
    nullable: true,
    description:
      'The expected number of matching clients, from a dry run. If the number differs, nothing is changed.',
  })
  expectedCount?: number | null;
}
