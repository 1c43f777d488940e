import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import {
  AUTHENTICATION_FAILURES,
  type AuthenticationFailure,
  CLIENT_AUTHENTICATION_METHODS,
  type ClientAuthenticationMethod,
  JWT_BEARER,
} from '../../../clients/authentication/client-authentication.js';
import { CLIENT_TYPES, type ClientType } from '../../../policy/client.js';
import { MayBeAbsent, Text } from '../../../http/requests/shape.js';
import { NULLABLE_STRING, oneOf, STRINGS } from '../../documentation/openapi-schemas.js';
import { RegistrationResponse } from '../registration/registration.dto.js';

/** The body of `POST /v2/oauth/clients/authenticate`. */
@ApiSchema({ name: 'OAuthClientAuthenticationRequest' })
export class ClientAuthenticationRequest {
  @ApiProperty({ description: 'The client identifier that the client sent' })
  @Text()
  client_id!: string;

  @ApiPropertyOptional({
    description:
      'The secret that the client sent, in the Authorization header or in the body (RFC 6749 §2.3.1)',
  })
  @MayBeAbsent()
  @Text()
  client_secret?: string;

  @ApiPropertyOptional({ description: 'The assertion that the client sent: a signed JWT (RFC 7523 §2.2)' })
  @MayBeAbsent()
  @Text()
  client_assertion?: string;

  @ApiPropertyOptional({ description: `The client_assertion_type that the client sent: ${JWT_BEARER}` })
  @MayBeAbsent()
  @Text()
  client_assertion_type?: string;

  @ApiPropertyOptional({
    description:
      'The issuer identifier of your authorization server: the "aud" of assertions. Required with client_assertion',
  })
  @MayBeAbsent()
  @Text()
  audience?: string;
}

/** The secret that a client showed. */
@ApiSchema({ name: 'OAuthClientSecretReference' })
export class SecretReference {
  @ApiProperty()
  id!: string;

  @ApiProperty({ ...NULLABLE_STRING, format: 'date-time', description: 'Null: never' })
  expires_at!: string | null;
}

/** The key that signed an assertion. */
@ApiSchema({ name: 'OAuthClientKeyReference' })
export class KeyReference {
  @ApiProperty({ ...NULLABLE_STRING, description: 'The key ID. Null: the key has none' })
  kid!: string | null;
}

/** An authenticated client: its registered metadata (RFC 7591 §2) and what an authorization server enforces. */
@ApiSchema({ name: 'OAuthAuthenticatedClient' })
export class AuthenticatedClientView extends RegistrationResponse {
  @ApiPropertyOptional({
    ...STRINGS,
    description:
      'The registered grant types that the client may use. client_credentials only for a confidential client that is verified or has an organization',
  })
  override grant_types!: string[];

  @ApiProperty({
    ...oneOf(CLIENT_TYPES),
    description: 'Whether the client can keep a secret (RFC 6749 §2.1)',
  })
  client_type!: ClientType;

  @ApiProperty({ description: 'Whether the client must use PKCE (RFC 7636)' })
  require_pkce!: boolean;

  @ApiProperty({ description: 'Whether an administrator has verified the client' })
  verified!: boolean;

  @ApiProperty({ ...NULLABLE_STRING, description: 'Null: the client registered itself anonymously' })
  org_id!: string | null;

  @ApiProperty({ ...NULLABLE_STRING, description: 'Null: the client registered itself anonymously' })
  user_id!: string | null;
}

/** The result of an authentication. */
@ApiSchema({ name: 'OAuthClientAuthentication' })
export class ClientAuthenticationReply {
  @ApiProperty({ description: 'Whether the credentials are valid and the client is active' })
  active!: boolean;

  @ApiPropertyOptional({
    ...oneOf(CLIENT_AUTHENTICATION_METHODS),
    description: 'How an active client authenticated',
  })
  method?: ClientAuthenticationMethod;

  @ApiPropertyOptional({ type: AuthenticatedClientView, description: 'The active client' })
  client?: AuthenticatedClientView;

  @ApiPropertyOptional({ type: SecretReference, description: 'The secret, if the method is client_secret' })
  secret?: SecretReference;

  @ApiPropertyOptional({ type: KeyReference, description: 'The key, if the method is private_key_jwt' })
  key?: KeyReference;

  @ApiPropertyOptional({
    ...oneOf(Object.keys(AUTHENTICATION_FAILURES)),
    description: 'Why the client is not active. For your log, not for the client',
  })
  reason?: AuthenticationFailure;

  @ApiPropertyOptional({ description: 'The reason in words. For your log, not for the client' })
  description?: string;
}
