import { ArgsType, Field, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import { connectionOf, PageArgs } from '../pagination/connection.js';
import { OAuthClientSecret } from '../clients/oauth-client-secret.type.js';
import { OAuthClient } from '../clients/oauth-client.type.js';

@ObjectType({ description: 'A secret that ends by itself, and whose it is; never the secret itself.' })
export class ExpiringSecret {
  @Field(() => OAuthClientSecret, { description: 'The secret.' })
  secret!: OAuthClientSecret;

  @Field(() => OAuthClient, { description: 'The client that has it, and others perhaps.' })
  client!: OAuthClient;
}

@ObjectType({
  description: 'A page of secrets that expire, the soonest first (Relay Cursor Connections).',
})
export class ExpiringSecretConnection extends connectionOf(ExpiringSecret) {
  /** What `totalCount` is to count; not part of the schema. */
  before!: Date;
}

@ArgsType()
export class ExpiringSecretsArgs extends PageArgs {
  @Field(() => GraphQLDateTime, { description: 'That expire earlier than this, and have not yet.' })
  before!: Date;
}
