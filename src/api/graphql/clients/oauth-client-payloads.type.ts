import { Field, Int, ObjectType } from '@nestjs/graphql';
import { OAuthClientSecret } from './oauth-client-secret.type.js';
import { OAuthClient } from './oauth-client.type.js';
import { UrlScalar } from '../schema/scalars.js';

@ObjectType({ description: 'The result of changing a client.' })
export class OAuthClientPayload {
  @Field(() => OAuthClient, { description: 'The client after the change.' })
  client!: OAuthClient;
}

@ObjectType({ description: 'The result of creating a client.' })
export class CreateOAuthClientPayload extends OAuthClientPayload {
  @Field(() => String, {
    nullable: true,
    description:
      'The client secret. No other response contains it. Null: the client does not authenticate with a secret.',
  })
  clientSecret!: string | null;
}

@ObjectType({ description: 'The result of issuing a client secret.' })
export class IssueOAuthClientSecretPayload {
  @Field(() => OAuthClientSecret, { description: 'The issued secret.' })
  secret!: OAuthClientSecret;

  @Field({ description: 'The value of the secret. No other response contains it.' })
  clientSecret!: string;
}

@ObjectType({ description: 'The result of revoking a client secret.' })
export class RevokeOAuthClientSecretPayload extends OAuthClientPayload {}

@ObjectType({ description: 'The result of reissuing a registration access token (RFC 7592 §3).' })
export class ReissueRegistrationAccessTokenPayload extends OAuthClientPayload {
  @Field({ description: 'The registration access token. No other response contains it.' })
  registrationAccessToken!: string;

  @Field(() => UrlScalar, { description: 'The client configuration endpoint of the client (RFC 7592 §2).' })
  registrationClientUri!: string;
}

@ObjectType({ description: 'The result of reporting use.' })
export class RecordOAuthClientUsePayload {
  @Field(() => Int, {
    description:
      'The number of clients whose lastUsedAt was updated. Unknown and deleted clients are skipped.',
  })
  count!: number;
}

@ObjectType({ description: 'The result of a bulk change.' })
export class BulkPayload {
  @Field(() => Int, { description: 'The number of clients changed or, in a dry run, that would be changed.' })
  count!: number;

  @Field({ description: 'Whether this was a dry run.' })
  dryRun!: boolean;
}
