import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { Resource } from '../../../authorization/resources/resource.js';
import {
  type ResourceDraft,
  type ResourceScope as Scope,
  type TokenFormat,
} from '../../../policy/resource.js';
import { ACCESS_TOKEN_LIFETIME } from '../../../policy/token-lifetimes.js';
import { TokenFormatEnum } from '../schema/enums.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

const { min, max, default: standard } = ACCESS_TOKEN_LIFETIME;

const ABOUT = {
  identifier:
    'The absolute URI that clients send as `resource`, and the audience of access tokens. It is compared without a trailing slash.',
  name: 'The name of the resource, for operators.',
  scopes: 'The scopes of the resource. Once any resource defines scopes, no other scopes are granted.',
  tokenFormat: 'The format of access tokens for the resource.',
  lifetime: `How long access tokens are valid, in seconds: ${min} to ${max}.`,
  scopeName: 'The scope token (RFC 6749 §3.3).',
  title: 'What users read instead of the scope token. Null: the scope token.',
  description: 'What the scope allows, for users to read.',
  restricted:
    'Whether only verified clients and clients of organizations get the scope, for this and every other resource.',
};

@ObjectType({ description: 'A scope that a resource defines.' })
export class ResourceScope implements Scope {
  @Field({ description: ABOUT.scopeName })
  name!: string;

  @Field(() => String, { nullable: true, description: ABOUT.title })
  title!: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.description })
  description!: string | null;

  @Field({ description: ABOUT.restricted })
  restricted!: boolean;
}

@ObjectType({ description: 'An API that accepts access tokens of this server (RFC 8707).' })
export class OAuthResource implements Resource {
  @Field(() => ID, {
    nullable: true,
    description:
      'The id of the resource. Use it to change the resource. Null: it is configured by AUTHORIZATION_RESOURCES and cannot be changed here.',
  })
  id!: string | null;

  @Field({ description: ABOUT.identifier })
  identifier!: string;

  @Field({ description: ABOUT.name })
  name!: string;

  @Field(() => [ResourceScope], { description: ABOUT.scopes })
  scopes!: readonly Scope[];

  @Field(() => TokenFormatEnum, { description: ABOUT.tokenFormat })
  tokenFormat!: TokenFormat;

  @Field(() => Int, { description: ABOUT.lifetime })
  accessTokenLifetimeSeconds!: number;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the resource was created. Null: it is configured.',
  })
  createdAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the resource was last updated. Null: it is configured.',
  })
  updatedAt!: Date | null;
}

@InputType({ description: 'A scope to define.' })
export class ResourceScopeInput {
  @Field({ description: ABOUT.scopeName })
  name!: string;

  @Field(() => String, { nullable: true, description: ABOUT.title })
  title?: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.description })
  description?: string | null;

  @FieldWithDefault(() => Boolean, { defaultValue: false, description: ABOUT.restricted })
  restricted!: boolean;
}

@InputType({ description: 'The resource to create.' })
export class CreateResourceInput {
  @Field({ description: ABOUT.identifier })
  identifier!: string;

  @Field({ description: ABOUT.name })
  name!: string;

  @FieldWithDefault(() => [ResourceScopeInput], { defaultValue: [], description: ABOUT.scopes })
  scopes!: ResourceScopeInput[];

  @FieldWithDefault(() => TokenFormatEnum, { defaultValue: 'opaque', description: ABOUT.tokenFormat })
  tokenFormat!: TokenFormat;

  @FieldWithDefault(() => Int, { defaultValue: standard, description: ABOUT.lifetime })
  accessTokenLifetimeSeconds!: number;
}

@InputType({ description: 'The fields of a resource to change. Omitted fields keep their value.' })
export class UpdateResourceInput {
  @Field(() => String, { nullable: true, description: ABOUT.identifier })
  identifier?: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.name })
  name?: string | null;

  @Field(() => [ResourceScopeInput], {
    nullable: true,
    description: 'All scopes of the resource. Scopes that are left out are removed.',
  })
  scopes?: ResourceScopeInput[] | null;

  @Field(() => TokenFormatEnum, { nullable: true, description: ABOUT.tokenFormat })
  tokenFormat?: TokenFormat | null;

  @Field(() => Int, { nullable: true, description: ABOUT.lifetime })
  accessTokenLifetimeSeconds?: number | null;
}

@ObjectType({ description: 'The result of changing a resource.' })
export class ResourcePayload {
  @Field(() => OAuthResource, {
    description: 'The resource after the change; the last state of a deleted one.',
  })
  resource!: OAuthResource;
}

/** The fields that were sent. */
export function toResourceDraft<I extends CreateResourceInput | UpdateResourceInput>(
  input: I,
): I extends CreateResourceInput ? ResourceDraft : Partial<ResourceDraft>;
export function toResourceDraft({ scopes, ...input }: UpdateResourceInput): Partial<ResourceDraft> {
  const sent = Object.entries(input).filter(([, value]) => value !== null && value !== undefined);
  return { ...Object.fromEntries(sent), ...(scopes && { scopes: scopes.map(toScope) }) };
}

const toScope = ({ name, title = null, description = null, restricted }: ResourceScopeInput): Scope => ({
  name,
  title: title?.trim() ?? null,
  description: description?.trim() ?? null,
  restricted,
});
