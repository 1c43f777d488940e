import { ApiPropertyOptional, ApiProperty, ApiSchema } from '@nestjs/swagger';
import { CONTRACT_AUTH_METHODS, type TokenEndpointAuthMethod } from '../../../policy/client.js';
import { FIELD_ROWS, FIELDS } from '../../../policy/fields.js';
import { STORED_MEMBERS } from '../../../policy/metadata-members.js';
import { MayBeAbsent, Text, TextList } from '../../../http/requests/shape.js';
import { STRINGS, stringsOf } from '../../documentation/openapi-schemas.js';
import { ReplyField, RequestField } from '../fields/client-field.js';

/** The body of `POST /v2/oauth/register`, as the contract has it (RFC 7591 §2). */
@ApiSchema({ name: 'OAuthDynamicRegistrationRequest' })
export class RegistrationRequest {
  @RequestField('redirectUris', { example: ['https://example.com/callback'] })
  redirect_uris?: string[];

  @RequestField('name', { example: 'My OAuth Application' })
  client_name?: string;

  /** Also grants that are not offered here: they are left out of what is granted. */
  @ApiPropertyOptional({
    ...stringsOf(['authorization_code', 'client_credentials', 'refresh_token']),
    default: FIELDS.grantTypes.default,
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

  /** RFC 7591 §2 has a text for it. */
  @ApiPropertyOptional({ description: 'Scopes that the client wants, separated by spaces', example: 'admin' })
  @MayBeAbsent()
  @Text()
  scope?: string;

  @RequestField('tokenEndpointAuthMethod', { default: 'client_secret_basic' }, CONTRACT_AUTH_METHODS)
  token_endpoint_auth_method?: TokenEndpointAuthMethod;

  @RequestField('logoUri')
  logo_uri?: string;

  @RequestField('tosUri')
  tos_uri?: string;

  @RequestField('policyUri')
  policy_uri?: string;
}

/** What is read in the profiles that go beyond the contract. It is not documented, since the contract is. */
export class ExtendedRegistrationRequest extends RegistrationRequest {
  /** Of the contract, with more values. */
  @RequestField('tokenEndpointAuthMethod')
  override token_endpoint_auth_method?: TokenEndpointAuthMethod;
}

for (const [field, { registration: member }] of FIELD_ROWS) {
  if (member !== undefined && STORED_MEMBERS.has(member)) {
    RequestField(field)(ExtendedRegistrationRequest.prototype, member);
  }
}

/** RFC 7591 §3.2.1. What the client does not have is left out; what it has beyond the contract is there, too, under its registered name. */
@ApiSchema({ name: 'OAuthDynamicRegistrationResponse' })
export class RegistrationResponse {
  @ApiProperty({
    description: 'The client identifier, a UUID',
    example: '019aa5f0-3c5e-7e1c-9c62-4f0d2b7b9a10',
  })
  client_id!: string;

  @ApiPropertyOptional({ description: 'The secret of a confidential client, in this reply and in no other' })
  client_secret?: string;

  @ReplyField('redirectUris')
  redirect_uris!: string[];

  @ReplyField('name')
  client_name?: string;

  @ApiPropertyOptional({ ...STRINGS, description: FIELDS.grantTypes.description })
  grant_types!: string[];

  @ApiPropertyOptional({ ...STRINGS, description: 'Response types that follow from the grants' })
  response_types!: string[];

  @ApiPropertyOptional({ description: `${FIELDS.scopes.description}, separated by spaces` })
  scope?: string;

  @ApiPropertyOptional({ description: FIELDS.tokenEndpointAuthMethod.description })
  token_endpoint_auth_method!: string;

  @ApiProperty({ type: 'integer', description: 'When the client was registered, in seconds since 1970' })
  client_id_issued_at!: number;

  @ReplyField('logoUri')
  logo_uri?: string;

  @ReplyField('tosUri')
  tos_uri?: string;

  @ReplyField('policyUri')
  policy_uri?: string;

  /** When the secret expires, in seconds since 1970; 0: never. There wherever a secret is (RFC 7591 §3.2.1). */
  client_secret_expires_at?: number;

  /** The token that manages the registration (RFC 7592 §3). */
  registration_access_token?: string;

  /** Where it does so. */
  registration_client_uri?: string;
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
