import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { oneOf } from '../../documentation/openapi-schemas.js';
import { GRANT_TYPES } from '../../../policy/grants/grant-types.js';

/** The credentials of a client that does not send them in the Authorization header. */
export class ClientParameters {
  @ApiPropertyOptional({ description: 'The client identifier, unless it is in the Authorization header' })
  client_id?: string;

  @ApiPropertyOptional({
    description: 'The secret of a client that uses client_secret_post (RFC 6749 §2.3.1)',
  })
  client_secret?: string;

  @ApiPropertyOptional({ description: 'The assertion of a client that uses private_key_jwt (RFC 7523 §2.2)' })
  client_assertion?: string;

  @ApiPropertyOptional({ description: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' })
  client_assertion_type?: string;
}

/** The body of `POST /v2/oauth/token`. */
@ApiSchema({ name: 'OAuthTokenRequest' })
export class TokenRequest extends ClientParameters {
  @ApiProperty({ ...oneOf(GRANT_TYPES), description: 'The grant type' })
  grant_type!: string;

  @ApiPropertyOptional({ description: 'The authorization code (authorization_code)' })
  code?: string;

  @ApiPropertyOptional({ description: 'The redirect URI of the authorization request (authorization_code)' })
  redirect_uri?: string;

  @ApiPropertyOptional({ description: 'The PKCE verifier (RFC 7636 §4.5)' })
  code_verifier?: string;

  @ApiPropertyOptional({ description: 'The refresh token (refresh_token)' })
  refresh_token?: string;

  @ApiPropertyOptional({ description: 'The requested scopes, separated by spaces' })
  scope?: string;

  @ApiPropertyOptional({ description: 'The resource that the access token is for (RFC 8707 §2)' })
  resource?: string;
}

/** RFC 6749 §5.1. */
@ApiSchema({ name: 'OAuthTokenResponse' })
export class TokenResponse {
  @ApiProperty()
  access_token!: string;

  @ApiProperty(oneOf(['Bearer', 'DPoP']))
  token_type!: string;

  @ApiProperty({ type: 'integer', description: 'The lifetime of the access token in seconds' })
  expires_in!: number;

  @ApiPropertyOptional({ description: 'Replaces the refresh token that was sent' })
  refresh_token?: string;

  @ApiPropertyOptional({ description: 'The granted scopes, separated by spaces' })
  scope?: string;
}

/** The body of `POST /v2/oauth/introspect` and `POST /v2/oauth/revoke`. */
@ApiSchema({ name: 'OAuthTokenReference' })
export class TokenReference extends ClientParameters {
  @ApiProperty({ description: 'The access token or refresh token' })
  token!: string;

  @ApiPropertyOptional({ description: 'Ignored: tokens tell what they are' })
  token_type_hint?: string;
}

/** RFC 7662 §2.2. */
@ApiSchema({ name: 'OAuthTokenIntrospection' })
export class TokenIntrospection {
  @ApiProperty({ description: 'Whether the token is valid, and known to the caller' })
  active!: boolean;

  @ApiPropertyOptional({ description: 'The client that the token was issued to' })
  client_id?: string;

  @ApiPropertyOptional({ description: 'The user, or the client if no user is involved' })
  sub?: string;

  @ApiPropertyOptional({
    description:
      'The organization of the user or client. Absent: the client belongs to none. Only with it, sub is unique',
  })
  org_id?: string;

  @ApiPropertyOptional({ description: 'The scopes, separated by spaces' })
  scope?: string;

  @ApiPropertyOptional({ description: 'The resource that the token is for' })
  aud?: string;

  @ApiPropertyOptional()
  iss?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'Seconds since 1970' })
  iat?: number;

  @ApiPropertyOptional({ type: 'integer', description: 'Seconds since 1970' })
  exp?: number;

  @ApiPropertyOptional({ description: 'Bearer or DPoP; absent for refresh tokens' })
  token_type?: string;

  @ApiPropertyOptional({
    type: 'object',
    properties: { jkt: { type: 'string' } },
    description: 'The key that the token is bound to (RFC 9449 §6.2)',
  })
  cnf?: { jkt: string };
}
