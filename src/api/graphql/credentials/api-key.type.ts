import { ArgsType, Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ApiKeyFilter as Filter, ApiKey as Key } from '../../../auth/api-keys/api-keys.service.js';
import type { Role } from '../../../auth/principal/principal.js';
import { connectionOf, TwoWayPageArgs } from '../pagination/connection.js';
import { RoleEnum } from '../schema/enums.js';
import { FilterField, SearchField } from '../schema/filter.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

@ObjectType({ description: 'A key with which people and programs call; never the key itself.' })
export class ApiKey implements Key {
  @Field(() => ID, { description: 'By which it can be revoked; the audit trail names it so.' })
  id!: string;

  @Field({ description: 'What it is for, in the words of whoever made it.' })
  name!: string;

  @Field({ description: 'Its last four characters.' })
  hint!: string;

  @Field({ description: 'The organization of its holder.' })
  orgId!: string;

  @Field({ description: 'Its holder.' })
  userId!: string;

  @Field(() => RoleEnum, { description: 'What its holder may do.' })
  role!: Role;

  @Field(() => GraphQLDateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When it was last used, exact to a minute; null: never.',
  })
  lastUsedAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it expires; null: never.' })
  expiresAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it was revoked; null: it was not.' })
  revokedAt!: Date | null;
}

@ObjectType({ description: 'A page of API keys, the newest first (Relay Cursor Connections).' })
export class ApiKeyConnection extends connectionOf(ApiKey) {
  /** What `totalCount` is to count; not part of the schema. */
  filter!: Filter;
}

@InputType('ApiKeyFilter', { description: 'Which keys: those that match everything that is given.' })
export class ApiKeyFilter implements Filter {
  @Field(() => GraphQLDateTime, { nullable: true, description: 'That expire earlier than this, or have.' })
  expiresBefore?: Date;

  @Field(() => RoleEnum, { nullable: true, description: 'Whose holders may do this.' })
  role?: Role;

  @SearchField(() => String, 'Of holders of this organization.')
  orgId?: string;

  @Field(() => Boolean, { nullable: true, description: 'Neither revoked nor expired; or all others.' })
  active?: boolean;
}

@ArgsType()
export class ApiKeysArgs extends TwoWayPageArgs {
  @FilterField(() => ApiKeyFilter, 'Which keys; all, where it is left out.')
  filter?: ApiKeyFilter | null;
}

@InputType({ description: 'A key as it is to be.' })
export class CreateApiKeyInput {
  @Field({ description: 'What it is for.' })
  name!: string;

  @Field({ description: 'The organization of its holder.' })
  orgId!: string;

  @Field({ description: 'Its holder.' })
  userId!: string;

  @FieldWithDefault(() => RoleEnum, { defaultValue: 'member', description: 'What its holder may do.' })
  role!: Role;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it expires; left out: never.' })
  expiresAt?: Date | null;
}

@ObjectType({ description: 'A key that was just made.' })
export class CreateApiKeyPayload {
  @Field(() => ApiKey, { description: 'What is known of it from now on.' })
  apiKey!: ApiKey;

  @Field({ description: 'The key, this once.' })
  value!: string;
}

@ObjectType({ description: 'A key that was just revoked.' })
export class RevokeApiKeyPayload {
  @Field(() => ApiKey, { description: 'What is known of it.' })
  apiKey!: ApiKey;
}
