import { Field, ID, ObjectType } from '@nestjs/graphql';
import type { ClientSecret } from '../../../clients/secrets/client-secret.js';
import { connectionOf } from '../pagination/connection.js';
import { DateTimeScalar } from '../schema/scalars.js';

@ObjectType({ description: 'A secret of a client that was not revoked; never the secret itself.' })
export class OAuthClientSecret implements ClientSecret {
  @Field(() => ID, { description: 'By which it can be revoked.' })
  id!: string;

  @Field({ description: 'Its last four characters.' })
  hint!: string;

  @Field(() => DateTimeScalar, { description: 'When it was issued.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it expires; null: never.' })
  expiresAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was last used; null: never.' })
  lastUsedAt!: Date | null;
}

@ObjectType({ description: 'A page of secrets, the newest first (Relay Cursor Connections).' })
export class OAuthClientSecretConnection extends connectionOf(OAuthClientSecret) {}
