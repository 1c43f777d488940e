import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ClientSource, ClientStatus } from '../../../clients/client/client.js';
import type { ClientFilter } from '../../../clients/client/client-query.js';
import { ClientSourceEnum, ClientStatusEnum } from '../schema/enums.js';
import { connectionOf } from '../pagination/connection.js';
import { ABOUT, ClientFields } from './oauth-client.fields.js';

const TRANSLATION = { description: 'A member of the metadata in another language (RFC 7591 §2.2).' };

@ObjectType(TRANSLATION)
@InputType('TranslationInput', TRANSLATION)
export class Translation {
  @Field({ description: 'The full name of the member, such as client_name#ja.' })
  member!: string;

  @Field({ description: 'What it is in that language.' })
  value!: string;
}

@ObjectType({
  description: 'An application that may ask for tokens. Its secrets cannot be reached from here.',
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

@ObjectType({ description: 'A page of clients (Relay Cursor Connections).' })
export class OAuthClientConnection extends connectionOf(OAuthClient) {
  /** What `totalCount` is to count; not part of the schema. */
  filter!: ClientFilter;
}
