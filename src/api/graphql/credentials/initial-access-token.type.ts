import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { InitialAccessToken as Token } from '../../../clients/initial-access-tokens/initial-access-token.js';
import type { GrantType } from '../../../policy/grants/grant-types.js';
import { connectionOf } from '../pagination/connection.js';
import { GrantTypeEnum } from '../schema/enums.js';

/** The fields that the creator of a token sets. */
@ObjectType({ isAbstract: true })
@InputType({ isAbstract: true })
class InitialAccessTokenFields {
  @Field({ description: 'The purpose of the token, as given by its creator.' })
  name!: string;

  @Field({ description: 'The organization that owns clients registered with the token.' })
  orgId!: string;

  @Field({ description: 'The user that owns clients registered with the token.' })
  userId!: string;

  @Field(() => Int, { description: 'The maximum number of clients that can be registered with the token.' })
  maxRegistrations!: number;

  @Field(() => GraphQLDateTime, { description: 'When the token expires.' })
  expiresAt!: Date;

  @Field(() => [String], {
    nullable: true,
    description:
      'The scopes that clients registered with the token can have. Null: every scope that this registry allows.',
  })
  scopes!: readonly string[] | null;

  @Field(() => [GrantTypeEnum], {
    nullable: true,
    description:
      'The grant types that clients registered with the token can have. Null: every grant type that this registry allows.',
  })
  grantTypes!: readonly GrantType[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The hosts allowed in redirect URIs, such as example.com or *.example.com. Null: any host.',
  })
  redirectHosts!: readonly string[] | null;
}

@ObjectType({
  description:
    'An initial access token, which authorizes dynamic registration (RFC 7591 §3). Its value is never returned.',
})
export class InitialAccessToken extends InitialAccessTokenFields implements Token {
  @Field(() => ID, {
    description: 'The id of the token. Use it to revoke the token and to filter clients and audit events.',
  })
  id!: string;

  @Field({ description: 'The last four characters of the token.' })
  hint!: string;

  @Field(() => Int, { description: 'The number of clients that were registered with the token.' })
  registrations!: number;

  @Field(() => GraphQLDateTime, { description: 'When the token was created.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When the token was last used. Null: never.' })
  lastUsedAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the token was revoked. Null: it is not revoked.',
  })
  revokedAt!: Date | null;
}

@ObjectType({ description: 'A page of initial access tokens, newest first (Relay Cursor Connections).' })
export class InitialAccessTokenConnection extends connectionOf(InitialAccessToken) {}

@InputType({ description: 'The initial access token to create.' })
export class CreateInitialAccessTokenInput extends InitialAccessTokenFields {}

@ObjectType({ description: 'The result of creating an initial access token.' })
export class CreateInitialAccessTokenPayload {
  @Field(() => InitialAccessToken, { description: 'The created token.' })
  initialAccessToken!: InitialAccessToken;

  @Field({ description: 'The value of the token. No other response contains it.' })
  value!: string;
}

@ObjectType({ description: 'The result of revoking an initial access token.' })
export class RevokeInitialAccessTokenPayload {
  @Field(() => InitialAccessToken, { description: 'The revoked token.' })
  initialAccessToken!: InitialAccessToken;
}
