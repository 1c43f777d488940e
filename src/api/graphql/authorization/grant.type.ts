import { ArgsType, Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { Grant, GrantFilter as Filter } from '../../../authorization/grants/grant.js';
import { connectionOf, TwoWayPageArgs } from '../pagination/connection.js';
import { FilterField, SearchField } from '../schema/filter.js';

@ObjectType({ description: 'The scopes that a user granted for a resource (RFC 8707).' })
export class OAuthGrantScopes {
  @Field({ description: 'The identifier of the resource.' })
  resource!: string;

  @Field(() => [String], { description: 'The granted scopes.' })
  scopes!: string[];
}

@ObjectType({ description: 'What a user allowed a client to do. Its tokens are never returned.' })
export class OAuthGrant {
  @Field(() => ID, { description: 'The id of the grant. Use it to revoke the grant.' })
  id!: string;

  @Field(() => ID, { description: 'The client_id.' })
  clientId!: string;

  @Field({ description: 'The user who gave the grant.' })
  userId!: string;

  @Field({ description: 'The organization of the user.' })
  orgId!: string;

  @Field(() => [OAuthGrantScopes], { description: 'The granted scopes by resource.' })
  scopes!: OAuthGrantScopes[];

  @Field(() => GraphQLDateTime, { description: 'When the user first gave the grant.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When a token was last issued under the grant, accurate to one minute. Null: never.',
  })
  lastUsedAt!: Date | null;
}

@ObjectType({ description: 'A page of grants, newest first (Relay Cursor Connections).' })
export class OAuthGrantConnection extends connectionOf(OAuthGrant) {
  /** The filter for `totalCount`; not part of the schema. */
  filter!: Filter;
}

/** Whose grants: all conditions must match. */
@ArgsType()
@InputType('OAuthGrantFilter', { description: 'Filters grants. All conditions must match.' })
export class GrantFilter implements Filter {
  @SearchField(() => ID, 'The client_id.')
  clientId?: string;

  @SearchField(() => String, 'The user. Users of different organizations may have the same id.')
  userId?: string;

  @SearchField(() => String, 'The organization of the user.')
  orgId?: string;
}

@ArgsType()
export class GrantsArgs extends TwoWayPageArgs {
  @FilterField(() => GrantFilter, 'Filters the grants. Default: all grants that are not revoked.')
  filter?: GrantFilter | null;
}

@ObjectType({ description: 'The result of revoking a grant.' })
export class RevokeGrantPayload {
  @Field(() => OAuthGrant, { description: 'The revoked grant.' })
  grant!: OAuthGrant;
}

@ObjectType({ description: 'The result of revoking grants.' })
export class RevokeGrantsPayload {
  @Field(() => Int, { description: 'The number of grants that were revoked.' })
  count!: number;

  @Field({ description: 'Whether grants that match are left. Repeat the mutation until it is false.' })
  hasMore!: boolean;
}

export const toOAuthGrant = ({
  id,
  clientId,
  userId,
  orgId,
  scopes,
  createdAt,
  lastUsedAt,
}: Grant): OAuthGrant => ({
  id,
  clientId,
  userId,
  orgId,
  scopes: Object.entries(scopes).map(([resource, granted]) => ({ resource, scopes: granted })),
  createdAt,
  lastUsedAt,
});
