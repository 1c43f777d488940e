import { ApiPropertyOptional, ApiProperty, ApiSchema } from '@nestjs/swagger';
import { CONTRACT_AUTH_METHODS, type TokenEndpointAuthMethod } from '../../../policy/client.js';
import { FIELD_ROWS, FIELDS } from '../../../policy/fields.js';
import { STORED_MEMBERS } from '../../../policy/metadata-members.js';
import { MayBeAbsent, Text, TextList } from '../../../http/requests/shape.js';
import { STRINGS, stringsOf } from '../../documentation/openapi-schemas.js';
import { ReplyField, RequestField } from '../fields/client-field.js';

/** The body of `POST /v2/oauth/register` in the contract (RFC 7591 §2). */
@ApiSchema({ name: 'OAuthDynamicRegistrationRequest' })
export class RegistrationRequest {
  @RequestField('redirectUris', { example: ['https://example.com/callback'] })
  redirect_uris?: string[];

  @RequestField('name', { example: 'My OAuth Application' })
  client_name?: string;

  /** Unsupported grant types are accepted and dropped. */
  @ApiPropertyOptional({
    ...stringsOf(['authorization_code', 'client_credentials', 'refresh_token']),
    default: FIELDS.grantTypes.default,
    description: 'The requested grant types',
  })
  @MayBeAbsent()
  @TextList()
  grant_types?: string[];

  @ApiPropertyOptional({
    ...STRINGS,
    default: ['code'],
    description: 'Ignored: the registered response types follow from the grant types (RFC 7591 §2.1)',
  })
  @MayBeAbsent()
  @TextList()
  response_types?: string[];

  /** A string in RFC 7591 §2. */
  @ApiPropertyOptional({ description: 'The requested scopes, separated by spaces', example: 'admin' })
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

/** The body in metadata profiles beyond the contract; OpenAPI documents that of the contract. */
export class ExtendedRegistrationRequest extends RegistrationRequest {
  /** The member of the contract with more values. */
  @RequestField('tokenEndpointAuthMethod')
  override token_endpoint_auth_method?: TokenEndpointAuthMethod;
}

for (const [field, { registration: member }] of FIELD_ROWS) {
  if (member !== undefined && STORED_MEMBERS.has(member)) {
    RequestField(field)(ExtendedRegistrationRequest.prototype, member);
  }
}

/** RFC 7591 §3.2.1. Absent values are omitted. Members beyond the contract have their registered names. */
@ApiSchema({ name: 'OAuthDynamicRegistrationResponse' })
export class RegistrationResponse {
  @ApiProperty({
    description: 'The client identifier (a UUID)',
    example: '019aa5f0-3c5e-7e1c-9c62-4f0d2b7b9a10',
  })
  client_id!: string;

  @ApiPropertyOptional({ description: 'The secret of a confidential client. No other response contains it' })
  client_secret?: string;

  @ReplyField('redirectUris')
  redirect_uris!: string[];

  @ReplyField('name')
  client_name?: string;

  @ApiPropertyOptional({ ...STRINGS, description: FIELDS.grantTypes.description })
  grant_types!: string[];

  @ApiPropertyOptional({ ...STRINGS, description: 'The response types that follow from the grant types' })
  response_types!: string[];

  @ApiPropertyOptional({ description: `${FIELDS.scopes.description}, separated by spaces` })
  scope?: string;

  @ApiPropertyOptional({ description: FIELDS.tokenEndpointAuthMethod.description })
  token_endpoint_auth_method!: string;

  @ApiProperty({
    type: 'integer',
    description: 'When the client was registered, in seconds since 1970-01-01 UTC',
  })
  client_id_issued_at!: number;

  @ReplyField('logoUri')
  logo_uri?: string;

  @ReplyField('tosUri')
  tos_uri?: string;

  @ReplyField('policyUri')
  policy_uri?: string;

  /** When the secret expires, in seconds since 1970; 0: never. Required with a secret (RFC 7591 §3.2.1). */
  client_secret_expires_at?: number;

  /** The registration access token (RFC 7592 §3). */
  registration_access_token?: string;

  /** The client configuration endpoint (RFC 7592 §3). */
  registration_client_uri?: string;
}

/** An error of RFC 7591 §3.2.2 with the invalid fields. */
@ApiSchema({ name: 'OAuthDynamicRegistrationError' })
export class RegistrationError {
  @ApiPropertyOptional({ example: 'invalid_client_metadata' })
  error!: string;

  @ApiPropertyOptional({ example: 'Invalid fields: redirect_uris. See invalid_fields.' })
  error_description!: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    description: 'The invalid fields with their error messages',
  })
  invalid_fields?: Record<string, string[]>;
}
