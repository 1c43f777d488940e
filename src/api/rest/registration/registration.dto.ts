import { ApiPropertyOptional, ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  APPLICATION_TYPES,
  type ApplicationType,
  CONTRACT_AUTH_METHODS,
  TOKEN_ENDPOINT_AUTH_METHODS,
  type TokenEndpointAuthMethod,
} from '../../../policy/client.js';
import type { JsonWebKeySet } from '../../../policy/jwks.js';
import { oneOf, STRINGS, stringsOf, URI, URIS } from '../../documentation/openapi-schemas.js';
import { MayBeAbsent, Member, OneOf, Text, TextList } from '../../../http/requests/shape.js';

/** The body of `POST /v2/oauth/register`, as the contract has it (RFC 7591 §2). */
@ApiSchema({ name: 'OAuthDynamicRegistrationRequest' })
export class RegistrationRequest {
  @ApiPropertyOptional({
    ...URIS,
    description: 'Where authorization responses may be sent, at most 50',
    example: ['https://example.com/callback'],
  })
  @MayBeAbsent()
  @TextList()
  redirect_uris?: string[];

  @ApiPropertyOptional({ description: 'What people call the client', example: 'My OAuth Application' })
  @MayBeAbsent()
  @Text()
  client_name?: string;

  @ApiPropertyOptional({
    ...stringsOf(['authorization_code', 'client_credentials', 'refresh_token']),
    default: ['authorization_code'],
    description: 'Grants that the client wants to use',
  })
  @MayBeAbsent()
  @TextList()
  grant_types?: string[];

  @ApiPropertyOptional({
    ...STRINGS,
    default: ['code'],
    description: 'Replaced by what follows from the granted grant types (RFC 7591 §2.1)',
  })
  @MayBeAbsent()
  @TextList()
  response_types?: string[];

  @ApiPropertyOptional({ description: 'Scopes that the client wants, separated by spaces', example: 'admin' })
  @MayBeAbsent()
  @Text()
  scope?: string;

  @ApiPropertyOptional({
    ...oneOf(CONTRACT_AUTH_METHODS),
    default: 'client_secret_basic',
    description: 'How the client proves who it is at the token endpoint; none makes it a public client',
  })
  @MayBeAbsent()
  @OneOf(CONTRACT_AUTH_METHODS)
  token_endpoint_auth_method?: TokenEndpointAuthMethod;

  @ApiPropertyOptional({ ...URI, description: 'A picture to show beside the name' })
  @MayBeAbsent()
  @Text()
  logo_uri?: string;

  @ApiPropertyOptional({ ...URI, description: 'A page with the terms of service' })
  @MayBeAbsent()
  @Text()
  tos_uri?: string;

  @ApiPropertyOptional({ ...URI, description: 'A page that says what is done with data about people' })
  @MayBeAbsent()
  @Text()
  policy_uri?: string;
}

/** What is read in the profiles that go beyond the contract. It is not documented, since the contract is. */
export class ExtendedRegistrationRequest extends RegistrationRequest {
  /** Of the contract, with more values. */
  @MayBeAbsent()
  @OneOf(TOKEN_ENDPOINT_AUTH_METHODS)
  override token_endpoint_auth_method?: TokenEndpointAuthMethod;

  /** A page about the client. */
  @MayBeAbsent()
  @Text()
  client_uri?: string;

  /** Ways to reach the people behind the client. */
  @MayBeAbsent()
  @TextList()
  contacts?: string[];

  /** Where the client's public keys are. Not together with `jwks`. */
  @MayBeAbsent()
  @Text()
  jwks_uri?: string;

  /** The client's public keys. */
  @MayBeAbsent()
  @Member()
  jwks?: JsonWebKeySet;

  /** OpenID Connect Dynamic Client Registration §2. Means something for `private_key_jwt` alone. */
  @MayBeAbsent()
  @Text()
  token_endpoint_auth_signing_alg?: string;

  /** The same for every instance and version of the software. */
  @MayBeAbsent()
  @Text()
  software_id?: string;

  @MayBeAbsent()
  @Text()
  software_version?: string;

  /** OpenID Connect Dynamic Client Registration §2. */
  @MayBeAbsent()
  @OneOf(APPLICATION_TYPES)
  application_type?: ApplicationType;
}

/** RFC 7591 §3.2.1. What the client does not have is left out. */
@ApiSchema({ name: 'OAuthDynamicRegistrationResponse' })
export class RegistrationResponse {
  @ApiProperty({
    description: 'The client identifier, a UUID',
    example: '019aa5f0-3c5e-7e1c-9c62-4f0d2b7b9a10',
  })
  client_id!: string;

  @ApiPropertyOptional({ description: 'The secret of a confidential client, in this reply and in no other' })
  client_secret?: string;

  @ApiPropertyOptional({ ...URIS, description: 'Where authorization responses may be sent' })
  redirect_uris!: string[];

  @ApiPropertyOptional({ description: 'What people call the client' })
  client_name?: string;

  @ApiPropertyOptional({ ...STRINGS, description: 'Grants that the client may use' })
  grant_types!: string[];

  @ApiPropertyOptional({ ...STRINGS, description: 'Response types that follow from the grants' })
  response_types!: string[];

  @ApiPropertyOptional({ description: 'Scopes that the client may ask for, separated by spaces' })
  scope?: string;

  @ApiPropertyOptional({ description: 'How the client proves who it is at the token endpoint' })
  token_endpoint_auth_method!: string;

  @ApiProperty({ type: 'integer', description: 'When the client was registered, in seconds since 1970' })
  client_id_issued_at!: number;

  @ApiPropertyOptional({ ...URI, description: 'A picture to show beside the name' })
  logo_uri?: string;

  @ApiPropertyOptional({ ...URI, description: 'A page with the terms of service' })
  tos_uri?: string;

  @ApiPropertyOptional({ ...URI, description: 'A page that says what is done with data about people' })
  policy_uri?: string;

  /** When the secret expires, in seconds since 1970; 0: never. There wherever a secret is (RFC 7591 §3.2.1). */
  client_secret_expires_at?: number;

  /** The token that manages the registration (RFC 7592 §3). */
  registration_access_token?: string;

  /** Where it does so. */
  registration_client_uri?: string;

  client_uri?: string;
  contacts?: string[];
  jwks_uri?: string;
  jwks?: JsonWebKeySet;
  token_endpoint_auth_signing_alg?: string;
  software_id?: string;
  software_version?: string;
  /** As it was sent (RFC 7591 §3.2.1). */
  software_statement?: string;
  application_type?: ApplicationType;
}

/** RFC 7591 §3.2.2, with the fields that are to blame. */
@ApiSchema({ name: 'OAuthDynamicRegistrationError' })
export class RegistrationError {
  @ApiPropertyOptional({ example: 'invalid_client_metadata' })
  error!: string;

  @ApiPropertyOptional({ example: 'The client metadata was invalid' })
  error_description!: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    description: 'Every field at fault, with what to do about it',
  })
  invalid_fields?: Record<string, string[]>;
}
