import { Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import {
  CLIENT_SOURCES,
  CLIENT_STATUSES,
  type ClientSource,
  type ClientStatus,
} from '../../clients/client.js';
import {
  APPLICATION_TYPES,
  type ApplicationType,
  CLIENT_TYPES,
  type ClientType,
  TOKEN_ENDPOINT_AUTH_METHODS,
  type TokenEndpointAuthMethod,
} from '../../clients/policy/client.js';
import { GRANT_TYPES, type GrantType } from '../../clients/policy/grant-types.js';

/** The values of a domain type as a GraphQL enum: `client_credentials` becomes `CLIENT_CREDENTIALS`. */
function enumOf<T extends string>(
  name: string,
  description: string,
  values: readonly T[],
): Record<string, T> {
  const enumeration = Object.fromEntries(values.map((value) => [value.toUpperCase(), value]));
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
const TokenEndpointAuthMethodEnum = enumOf(
  'TokenEndpointAuthMethod',
  'How a client proves who it is at the token endpoint (RFC 7591 §2).',
  TOKEN_ENDPOINT_AUTH_METHODS,
);
const ApplicationTypeEnum = enumOf(
  'ApplicationType',
  'Where a client runs (OpenID Connect Dynamic Client Registration §2).',
  APPLICATION_TYPES,
);

@ObjectType({ description: 'A member of the metadata in another language (RFC 7591 §2.2).' })
export class Translation {
  @Field({ description: 'The full name of the member, such as client_name#ja.' })
  member!: string;

  @Field()
  value!: string;
}

@ObjectType({
  description: 'An application that may ask for tokens. Its secrets cannot be reached from here.',
})
export class OAuthClient {
  @Field(() => ID, { description: 'The client identifier of RFC 6749 §2.2.' })
  clientId!: string;

  @Field({ description: 'What people call the client; its clientId where it has no name.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The organization that owns it; null where it registered anonymously.',
  })
  orgId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The user who created it; null where it registered anonymously.',
  })
  userId!: string | null;

  @Field(() => ClientTypeEnum)
  clientType!: ClientType;

  @Field(() => TokenEndpointAuthMethodEnum)
  tokenEndpointAuthMethod!: TokenEndpointAuthMethod;

  @Field(() => [GrantTypeEnum])
  allowedGrantTypes!: GrantType[];

  @Field(() => [String], { description: 'Scopes that it may ask for.' })
  allowedScopes!: string[];

  @Field(() => [String], { description: 'Where authorization responses may be sent.' })
  redirectUris!: string[];

  @Field({ description: 'Whether it must use PKCE (RFC 7636).' })
  requirePkce!: boolean;

  @Field(() => String, { nullable: true })
  logoUri!: string | null;

  @Field(() => String, { nullable: true })
  policyUri!: string | null;

  @Field(() => String, { nullable: true })
  tosUri!: string | null;

  @Field(() => String, { nullable: true, description: 'A page about the client.' })
  clientUri!: string | null;

  @Field(() => [String], { description: 'Ways to reach the people behind it.' })
  contacts!: string[];

  @Field(() => String, { nullable: true, description: 'Where its public keys are.' })
  jwksUri!: string | null;

  @Field(() => String, { nullable: true, description: 'Its public keys: a JSON Web Key Set as JSON text.' })
  jwks!: string | null;

  @Field(() => String, { nullable: true })
  softwareId!: string | null;

  @Field(() => String, { nullable: true })
  softwareVersion!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A signed JWT in which somebody trusted says what it is (RFC 7591 §2.3).',
  })
  softwareStatement!: string | null;

  @Field(() => ApplicationTypeEnum, { nullable: true })
  applicationType!: ApplicationType | null;

  @Field(() => [Translation])
  translations!: Translation[];

  @Field(() => ClientSourceEnum)
  source!: ClientSource;

  @Field(() => ClientStatusEnum)
  status!: ClientStatus;

  @Field({ description: 'Whether an operator has vouched for it.' })
  verified!: boolean;

  @Field(() => Int, { description: 'Counts the changes, from 1.' })
  version!: number;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;

  @Field(() => GraphQLDateTime)
  updatedAt!: Date;
}
