import { Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { GraphQLDateTime, GraphQLJSONObject } from 'graphql-scalars';
import {
  CLIENT_SOURCES,
  CLIENT_STATUSES,
  type ClientSource,
  type ClientStatus,
} from '../../../clients/client/client.js';
import {
  APPLICATION_TYPES,
  type ApplicationType,
  CLIENT_TYPES,
  type ClientType,
  TOKEN_ENDPOINT_AUTH_METHODS,
  type TokenEndpointAuthMethod,
} from '../../../policy/client.js';
import type { JsonWebKeySet } from '../../../policy/metadata/jwks.js';
import { GRANT_TYPES, type GrantType } from '../../../policy/grant-types.js';
import { ABOUT } from './oauth-client.fields.js';
import { UrlScalar } from '../schema/scalars.js';

/** The values of a domain type as a GraphQL enum: `client_credentials` becomes `CLIENT_CREDENTIALS`. */
export function enumOf<T extends string>(
  name: string,
  description: string,
  values: readonly T[],
): Record<string, T> {
  const enumeration = Object.fromEntries(
    values.map((value) => [value.toUpperCase().replaceAll('.', '_'), value]),
  );
  registerEnumType(enumeration, { name, description });
  return enumeration;
}

export const ClientTypeEnum = enumOf(
  'ClientType',
  'Whether a client can keep a secret (RFC 6749 §2.1).',
  CLIENT_TYPES,
);
export const GrantTypeEnum = enumOf('GrantType', 'A way to get a token (RFC 6749 §1.3).', GRANT_TYPES);
export const ClientSourceEnum = enumOf(
  'ClientSource',
  'The door through which a client came: the REST API, dynamic registration, or an operator.',
  CLIENT_SOURCES,
);
export const ClientStatusEnum = enumOf('ClientStatus', 'Whether a client may be used.', CLIENT_STATUSES);
export const TokenEndpointAuthMethodEnum = enumOf(
  'TokenEndpointAuthMethod',
  'How a client proves who it is at the token endpoint (RFC 7591 §2).',
  TOKEN_ENDPOINT_AUTH_METHODS,
);
export const ApplicationTypeEnum = enumOf(
  'ApplicationType',
  'Where a client runs (OpenID Connect Dynamic Client Registration §2).',
  APPLICATION_TYPES,
);

@ObjectType({ description: 'A member of the metadata in another language (RFC 7591 §2.2).' })
export class Translation {
  @Field({ description: 'The full name of the member, such as client_name#ja.' })
  member!: string;

  @Field({ description: 'What it is in that language.' })
  value!: string;
}

@ObjectType({
  description: 'An application that may ask for tokens. Its secrets cannot be reached from here.',
})
export class OAuthClient {
  @Field(() => ID, { description: 'The client identifier of RFC 6749 §2.2.' })
  clientId!: string;

  @Field({ description: ABOUT.name })
  name!: string;

  @Field(() => String, { nullable: true, description: ABOUT.orgId })
  orgId!: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.userId })
  userId!: string | null;

  @Field(() => ClientTypeEnum, { description: ABOUT.clientType })
  clientType!: ClientType;

  @Field(() => TokenEndpointAuthMethodEnum, { description: ABOUT.tokenEndpointAuthMethod })
  tokenEndpointAuthMethod!: TokenEndpointAuthMethod;

  @Field(() => [GrantTypeEnum], { description: ABOUT.allowedGrantTypes })
  allowedGrantTypes!: GrantType[];

  @Field(() => [String], { description: ABOUT.allowedScopes })
  allowedScopes!: string[];

  @Field(() => [UrlScalar], { description: ABOUT.redirectUris })
  redirectUris!: string[];

  @Field({ description: ABOUT.requirePkce })
  requirePkce!: boolean;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.logoUri })
  logoUri!: string | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.policyUri })
  policyUri!: string | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.tosUri })
  tosUri!: string | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.clientUri })
  clientUri!: string | null;

  @Field(() => [String], { description: ABOUT.contacts })
  contacts!: string[];

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.jwksUri })
  jwksUri!: string | null;

  @Field(() => GraphQLJSONObject, { nullable: true, description: ABOUT.jwks })
  jwks!: JsonWebKeySet | null;

  @Field(() => String, { nullable: true, description: ABOUT.tokenEndpointAuthSigningAlg })
  tokenEndpointAuthSigningAlg!: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.softwareId })
  softwareId!: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.softwareVersion })
  softwareVersion!: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.softwareStatement })
  softwareStatement!: string | null;

  @Field(() => ApplicationTypeEnum, { nullable: true, description: ABOUT.applicationType })
  applicationType!: ApplicationType | null;

  @Field(() => UrlScalar, { nullable: true, description: ABOUT.initiateLoginUri })
  initiateLoginUri!: string | null;

  @Field(() => [UrlScalar], { description: ABOUT.postLogoutRedirectUris })
  postLogoutRedirectUris!: string[];

  @Field(() => [Translation], { description: ABOUT.translations })
  translations!: Translation[];

  @Field(() => ClientSourceEnum, { description: 'The door through which it came.' })
  source!: ClientSource;

  @Field(() => ID, {
    nullable: true,
    description: 'The initial access token that it was registered with (RFC 7591 §3).',
  })
  initialAccessTokenId!: string | null;

  @Field(() => ClientStatusEnum, { description: 'Whether it may be used.' })
  status!: ClientStatus;

  @Field({ description: 'Whether an operator has vouched for it.' })
  verified!: boolean;

  @Field(() => Int, { description: 'Counts the changes, from 1.' })
  version!: number;

  @Field(() => GraphQLDateTime, { description: 'When it came.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { description: 'When it was last changed.' })
  updatedAt!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When it was deleted; it can be restored for a while. Null: it lives.',
  })
  deletedAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      'When recordOAuthClientUse last said that it is used, exact to an hour; null: never. It does not count as a change.',
  })
  lastUsedAt!: Date | null;

  @Field(() => Int, {
    description: 'How many registrations were answered with it: more than one where software shares it.',
  })
  registrationCount!: number;
}
