import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsInt } from 'class-validator';
import { Flag, MayBeAbsent, Text } from '../../../http/requests/shape.js';
import { NULLABLE_STRING, STRINGS } from '../../documentation/openapi-schemas.js';

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

/** An API for which a client asks for tokens. */
@ApiSchema({ name: 'OAuthConsentResource' })
export class ConsentResource {
  @ApiProperty({ description: 'The audience of the tokens (RFC 8707)' })
  identifier!: string;

  @ApiProperty({ description: 'The name of the resource, or its identifier if it has none' })
  name!: string;
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

  @ApiProperty({ type: [ConsentResource], description: 'The APIs that the client can call for the user' })
  resources!: ConsentResource[];

  @ApiProperty({ type: [ConsentScope] })
  requested_scopes!: ConsentScope[];

  @ApiProperty({ description: 'Whether an administrator has verified the client. If not, warn the user' })
  verified!: boolean;

  @ApiProperty({
    ...STRINGS,
    description: 'How the client wants the user to be asked. With login, the user has to sign in again',
  })
  prompt!: string[];

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'How many seconds before the request the user may have signed in. Null: at any time',
  })
  max_age!: number | null;
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

  @ApiPropertyOptional({
    type: 'integer',
    description:
      'When the user signed in, in seconds since 1970. Required to allow a request with prompt=login (not before the request) or max_age',
  })
  @MayBeAbsent()
  @IsInt({ message: 'must be an integer number of seconds since 1970' })
  auth_time?: number;
}

@ApiSchema({ name: 'OAuthConsentDecisionReply' })
export class ConsentDecisionReply {
  @ApiProperty({ description: 'Where to send the browser of the user' })
  redirect_uri!: string;
}
