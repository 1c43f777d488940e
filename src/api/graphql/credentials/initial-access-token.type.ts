import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { InitialAccessToken as Token } from '../../../clients/initial-access-tokens/initial-access-token.js';
import type { GrantType } from '../../../policy/grant-types.js';
import { connectionOf } from '../pagination/connection.js';
import { GrantTypeEnum } from '../schema/enums.js';

/** What whoever makes a token says of it. */
@ObjectType({ isAbstract: true })
@InputType({ isAbstract: true })
class InitialAccessTokenFields {
  @Field({ description: 'What it is for, in the words of whoever made it.' })
  name!: string;

  @Field({ description: 'The organization that will own the clients.' })
  orgId!: string;

  @Field({ description: 'The user whom they will belong to.' })
  userId!: string;

  @Field(() => Int, { description: 'How many clients may be registered with it.' })
  maxRegistrations!: number;

  @Field(() => GraphQLDateTime, { description: 'When it expires.' })
  expiresAt!: Date;

  @Field(() => [String], {
    nullable: true,
    description: 'The scopes that they may get at most; null: any that are allowed here.',
  })
  scopes!: readonly string[] | null;

  @Field(() => [GrantTypeEnum], {
    nullable: true,
    description: 'The grants that they may get at most; null: any that are allowed here.',
  })
  grantTypes!: readonly GrantType[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The hosts that they may redirect to, such as example.com or *.example.com; null: any.',
  })
  redirectHosts!: readonly string[] | null;
}

@ObjectType({
  description: 'A token with which software registers clients (RFC 7591 §3); never the token itself.',
})
export class InitialAccessToken extends InitialAccessTokenFields implements Token {
  @Field(() => ID, { description: 'By which it can be revoked; clients and the audit trail name it so.' })
  id!: string;

  @Field({ description: 'Its last four characters.' })
  hint!: string;

  @Field(() => Int, { description: 'How many clients were registered with it.' })
  registrations!: number;

  @Field(() => GraphQLDateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it was last used; null: never.' })
  lastUsedAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it was revoked; null: it was not.' })
  revokedAt!: Date | null;
}

@ObjectType({ description: 'A page of initial access tokens, the newest first (Relay Cursor Connections).' })
export class InitialAccessTokenConnection extends connectionOf(InitialAccessToken) {}

@InputType({ description: 'A token as it is to be.' })
export class CreateInitialAccessTokenInput extends InitialAccessTokenFields {}

@ObjectType({ description: 'A token that was just made.' })
export class CreateInitialAccessTokenPayload {
  @Field(() => InitialAccessToken, { description: 'What is known of it from now on.' })
  initialAccessToken!: InitialAccessToken;

  @Field({ description: 'The token, this once.' })
  value!: string;
}

@ObjectType({ description: 'A token that was just revoked.' })
export class RevokeInitialAccessTokenPayload {
  @Field(() => InitialAccessToken, { description: 'What is known of it.' })
  initialAccessToken!: InitialAccessToken;
}
