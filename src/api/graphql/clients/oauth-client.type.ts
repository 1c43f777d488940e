import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ClientSource, ClientStatus, DisabledReason } from '../../../clients/client/client.js';
import type { ClientFilter } from '../../../clients/client/client-query.js';
import { ClientSourceEnum, ClientStatusEnum, DisabledReasonEnum } from '../schema/enums.js';
import { connectionOf } from '../pagination/connection.js';
import { ABOUT, ClientFields } from './oauth-client.fields.js';

const TRANSLATION = { description: 'A localized metadata member (RFC 7591 §2.2).' };

@ObjectType(TRANSLATION)
@InputType('TranslationInput', TRANSLATION)
export class Translation {
  @Field({ description: 'The member name with its language tag, such as client_name#ja.' })
  member!: string;

  @Field({ description: 'The value in that language.' })
  value!: string;
}

@ObjectType({
  description: 'An OAuth 2.0 client.',
})
export class OAuthClient extends ClientFields {
  @Field(() => ID, { description: 'The client identifier of RFC 6749 §2.2.' })
  clientId!: string;

  @Field({ description: ABOUT.name })
  name!: string;

  @Field(() => String, { nullable: true, description: ABOUT.orgId })
  orgId!: string | null;

  @Field(() => String, { nullable: true, description: ABOUT.userId })
  userId!: string | null;

  @Field(() => [Translation], { description: ABOUT.translations })
  translations!: Translation[];

  @Field(() => ClientSourceEnum, { description: 'The interface that created the client.' })
  source!: ClientSource;

  @Field(() => ID, {
    nullable: true,
    description: 'The id of the initial access token that the client was registered with (RFC 7591 §3).',
  })
  initialAccessTokenId!: string | null;

  @Field(() => ClientStatusEnum, { description: 'Whether the client is active or disabled.' })
  status!: ClientStatus;

  @Field(() => DisabledReasonEnum, {
    nullable: true,
    description:
      'Why the registry itself disabled the client. Null: the client is active, or an administrator disabled it.',
  })
  disabledReason!: DisabledReason | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      'When the software statement of the client expires. The client cannot be used from then on, and is disabled within a minute. ' +
      'Null: it has no statement, the statement does not expire, or it was registered before version 0.2.0.',
  })
  softwareStatementExpiresAt!: Date | null;

  @Field({ description: 'Whether an operator has verified the client.' })
  verified!: boolean;

  @Field(() => Int, {
    description: 'The version of the client. It starts at 1 and increases with each change.',
  })
  version!: number;

  @Field(() => GraphQLDateTime, { description: 'When the client was created.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { description: 'When the client was last updated.' })
  updatedAt!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      'When the client was deleted. A deleted client can be restored until it is purged. Null: it is not deleted.',
  })
  deletedAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      'When the client last authenticated, or recordOAuthClientUse last reported its use, accurate to one hour. Null: never. An ' +
      'anonymous client that only authenticates is never used. Use does not change the version.',
  })
  lastUsedAt!: Date | null;

  @Field(() => Int, {
    description:
      'The number of registration requests that returned this client. More than 1 if software shares it.',
  })
  registrationCount!: number;
}

@ObjectType({ description: 'A page of clients (Relay Cursor Connections).' })
export class OAuthClientConnection extends connectionOf(OAuthClient) {
  /** The filter for `totalCount`; not part of the schema. */
  filter!: ClientFilter;
}
