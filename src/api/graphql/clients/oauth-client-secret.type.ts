import { Field, ID, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ClientSecret } from '../../../clients/secrets/client-secret.js';
import { connectionOf } from '../pagination/connection.js';

@ObjectType({ description: 'An unrevoked client secret. Its value is never returned.' })
export class OAuthClientSecret implements ClientSecret {
  @Field(() => ID, { description: 'The id of the secret. Use it to revoke the secret.' })
  id!: string;

  @Field({ description: 'The last four characters of the secret.' })
  hint!: string;

  @Field(() => GraphQLDateTime, { description: 'When the secret was issued.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When the secret expires. Null: never.' })
  expiresAt!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the secret was last used. Null: never.',
  })
  lastUsedAt!: Date | null;
}

@ObjectType({ description: 'A page of secrets, newest first (Relay Cursor Connections).' })
export class OAuthClientSecretConnection extends connectionOf(OAuthClientSecret) {}
