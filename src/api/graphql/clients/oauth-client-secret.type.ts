import { Field, ID, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ClientSecret } from '../../../clients/secrets/client-secret.js';
import { connectionOf } from '../pagination/connection.js';

@ObjectType({ description: 'A secret of a client that was not revoked; never the secret itself.' })
export class OAuthClientSecret implements ClientSecret {
  @Field(() => ID, { description: 'By which it can be revoked.' })
  id!: string;

  @Field({ description: 'Its last four characters.' })
  hint!: string;

  @Field(() => GraphQLDateTime, { description: 'When it was issued.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it expires; null: never.' })
  expiresAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it was last used; null: never.' })
  lastUsedAt!: Date | null;
}

@ObjectType({ description: 'A page of secrets, the newest first (Relay Cursor Connections).' })
export class OAuthClientSecretConnection extends connectionOf(OAuthClientSecret) {}
