import { ArgsType, Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ApiKeyFilter as Filter, ApiKey as Key } from '../../../auth/api-keys/api-keys.service.js';
import type { Role } from '../../../auth/principal/principal.js';
import { connectionOf, TwoWayPageArgs } from '../pagination/connection.js';
import { RoleEnum } from '../schema/enums.js';
import { FilterField, SearchField } from '../schema/filter.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

@ObjectType({ description: 'An API key of a user or service. Its value is never returned.' })
export class ApiKey implements Key {
  @Field(() => ID, {
    description: 'The id of the API key. Use it to revoke the key and to filter audit events.',
  })
  id!: string;

  @Field({ description: 'The purpose of the API key, as given by its creator.' })
  name!: string;

  @Field({ description: 'The last four characters of the API key.' })
  hint!: string;

  @Field({ description: 'The organization of the user.' })
  orgId!: string;

  @Field({ description: 'The user that the API key authenticates.' })
  userId!: string;

  @Field(() => RoleEnum, { description: 'The role that the API key grants.' })
  role!: Role;

  @Field(() => GraphQLDateTime, { description: 'When the API key was created.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the API key was last used, accurate to one minute. Null: never.',
  })
  lastUsedAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When the API key expires. Null: never.' })
  expiresAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the API key was revoked. Null: it is not revoked.',
  })
  revokedAt!: Date | null;
}

@ObjectType({ description: 'A page of API keys, newest first (Relay Cursor Connections).' })
export class ApiKeyConnection extends connectionOf(ApiKey) {
  /** The filter for `totalCount`; not part of the schema. */
  filter!: Filter;
}

@InputType('ApiKeyFilter', { description: 'Filters API keys. All conditions must match.' })
export class ApiKeyFilter implements Filter {
  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'API keys that expire before this time, including expired keys.',
  })
  expiresBefore?: Date;

  @Field(() => RoleEnum, { nullable: true, description: 'The role that the API key grants.' })
  role?: Role;

  @SearchField(() => String, 'The organization of the user.')
  orgId?: string;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: API keys that are neither revoked nor expired. False: revoked or expired API keys.',
  })
  active?: boolean;
}

@ArgsType()
export class ApiKeysArgs extends TwoWayPageArgs {
  @FilterField(() => ApiKeyFilter, 'Filters the API keys. Default: all API keys.')
  filter?: ApiKeyFilter | null;
}

@InputType({ description: 'The API key to create.' })
export class CreateApiKeyInput {
  @Field({ description: 'The purpose of the API key.' })
  name!: string;

  @Field({ description: 'The organization of the user.' })
  orgId!: string;

  @Field({ description: 'The user that the API key authenticates.' })
  userId!: string;

  @FieldWithDefault(() => RoleEnum, {
    defaultValue: 'member',
    description: 'The role that the API key grants.',
  })
  role!: Role;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When the API key expires. Default: never.' })
  expiresAt?: Date | null;
}

@ObjectType({ description: 'The result of creating an API key.' })
export class CreateApiKeyPayload {
  @Field(() => ApiKey, { description: 'The created API key.' })
  apiKey!: ApiKey;

  @Field({ description: 'The value of the API key. No other response contains it.' })
  value!: string;
}

@ObjectType({ description: 'The result of revoking an API key.' })
export class RevokeApiKeyPayload {
  @Field(() => ApiKey, { description: 'The revoked API key.' })
  apiKey!: ApiKey;
}
