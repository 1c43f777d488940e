import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Flag, Text } from '../../../http/requests/shape.js';
import { NULLABLE_STRING } from '../../documentation/openapi-schemas.js';

/** A scope that a client asks for. */
@ApiSchema({ name: 'OAuthConsentScope' })
export class ConsentScope {
  @ApiProperty({ description: 'The scope token' })
  id!: string;

  @ApiProperty({ description: 'The title of the scope, or the scope token if it has none' })
  name!: string;

  @ApiProperty({ ...NULLABLE_STRING, description: 'What the scope allows. Null: its resource does not say' })
  description!: string | null;
}

/** What a client asks a user for. */
@ApiSchema({ name: 'OAuthConsent' })
export class ConsentView {
  @ApiProperty()
  client_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty(NULLABLE_STRING)
  logo_uri!: string | null;

  @ApiProperty(NULLABLE_STRING)
  policy_uri!: string | null;

  @ApiProperty(NULLABLE_STRING)
  tos_uri!: string | null;

  @ApiProperty({ description: 'Where the user is sent afterwards. Show its host' })
  redirect_uri!: string;

  @ApiProperty({ type: [ConsentScope] })
  requested_scopes!: ConsentScope[];

  @ApiProperty({ description: 'Whether an administrator has verified the client. If not, warn the user' })
  verified!: boolean;
}

@ApiSchema({ name: 'OAuthConsentReply' })
export class ConsentReply {
  @ApiProperty({ type: ConsentView })
  data!: ConsentView;
}

/** The body of `POST /v2/oauth/grants`. */
@ApiSchema({ name: 'OAuthConsentDecision' })
export class ConsentDecisionRequest {
  @ApiProperty({ description: 'The consent token of the consent page' })
  @Text()
  consent_token!: string;

  @ApiProperty({ description: 'Whether the user allows it' })
  @Flag()
  allowed!: boolean;
}

@ApiSchema({ name: 'OAuthConsentDecisionReply' })
export class ConsentDecisionReply {
  @ApiProperty({ description: 'Where to send the browser of the user' })
  redirect_uri!: string;
}
