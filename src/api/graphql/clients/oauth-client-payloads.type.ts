import { Field, Int, ObjectType } from '@nestjs/graphql';
import { OAuthClientSecret } from './oauth-client-secret.type.js';
import { OAuthClient } from './oauth-client.type.js';
import { UrlScalar } from '../schema/scalars.js';

@ObjectType({ description: 'A client that was just changed.' })
export class OAuthClientPayload {
  @Field(() => OAuthClient, { description: 'The client as it is now.' })
  client!: OAuthClient;
}

@ObjectType({ description: 'A client that was just created.' })
export class CreateOAuthClientPayload extends OAuthClientPayload {
  @Field(() => String, {
    nullable: true,
    description: 'The secret of a client that authenticates with one, this once; null for others.',
  })
  clientSecret!: string | null;
}

@ObjectType({ description: 'A secret that was just issued.' })
export class IssueOAuthClientSecretPayload {
  @Field(() => OAuthClientSecret, { description: 'What is known of it from now on.' })
  secret!: OAuthClientSecret;

  @Field({ description: 'The secret, this once.' })
  clientSecret!: string;
}

@ObjectType({ description: 'A secret that was just revoked.' })
export class RevokeOAuthClientSecretPayload extends OAuthClientPayload {}

@ObjectType({ description: 'A registration whose token was just replaced (RFC 7592 §3).' })
export class ReissueRegistrationAccessTokenPayload extends OAuthClientPayload {
  @Field({ description: 'The token, this once.' })
  registrationAccessToken!: string;

  @Field(() => UrlScalar, { description: 'Where the client manages itself with it.' })
  registrationClientUri!: string;
}

@ObjectType({ description: 'Clients of which it is now known that they are used.' })
export class RecordOAuthClientUsePayload {
  @Field(() => Int, {
    description:
      'Of how many that was not known from the last hour. Ids of no living client are passed over.',
  })
  count!: number;
}

@ObjectType({ description: 'What became of many clients at once.' })
export class BulkPayload {
  @Field(() => Int, { description: 'How many were changed, or would be.' })
  count!: number;

  @Field({ description: 'Whether they were only counted.' })
  dryRun!: boolean;
}
