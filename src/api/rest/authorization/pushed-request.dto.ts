import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ClientParameters } from './token.dto.js';

/** The body of `POST /v2/oauth/par`: the parameters of an authorization request. */
@ApiSchema({ name: 'OAuthPushedAuthorizationRequest' })
export class PushedAuthorizationRequest extends ClientParameters {
  @ApiProperty({ description: 'Must be code' })
  response_type!: string;

  @ApiProperty({ description: 'A registered redirect URI' })
  redirect_uri!: string;

  @ApiPropertyOptional({ description: 'The requested scopes, separated by spaces' })
  scope?: string;

  @ApiPropertyOptional()
  state?: string;

  @ApiPropertyOptional({ description: 'RFC 7636 §4.3' })
  code_challenge?: string;

  @ApiPropertyOptional({ description: 'Must be S256' })
  code_challenge_method?: string;

  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    description: 'RFC 8707 §2. At most 10; in a form, the parameter is repeated',
  })
  resource?: string | string[];

  @ApiPropertyOptional({ description: 'In seconds: users who signed in earlier sign in again' })
  max_age?: string;

  @ApiPropertyOptional({ description: 'The key that the code is bound to (RFC 9449 §10)' })
  dpop_jkt?: string;
}

/** RFC 9126 §2.2. */
@ApiSchema({ name: 'OAuthPushedAuthorizationReply' })
export class PushedAuthorizationReply {
  @ApiProperty({ description: 'For the authorization endpoint, once' })
  request_uri!: string;

  @ApiProperty({ type: 'integer', description: 'In seconds' })
  expires_in!: number;
}
