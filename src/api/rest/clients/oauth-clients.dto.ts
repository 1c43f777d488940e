import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { ClientType } from '../../../policy/client.js';
import { FIELDS } from '../../../policy/fields.js';
import type { GrantType } from '../../../policy/grants/grant-types.js';
import { NULLABLE_STRING, oneOf } from '../../documentation/openapi-schemas.js';
import { ReplyField, RequestField } from '../fields/client-field.js';

/** The body of `POST /v2/oauth/clients`. */
@ApiSchema({ name: 'OAuthClientCreateRequest' })
export class OAuthClientCreateRequest {
  @RequestField('name', { required: true, example: 'My OAuth client' })
  name!: string;

  @RequestField('scopes', { required: true, example: ['admin'] })
  allowed_scopes!: string[];

  @RequestField('type', { required: true })
  client_type!: ClientType;

  @RequestField('requirePkce', { default: FIELDS.requirePkce.default })
  require_pkce?: boolean;

  @RequestField('grantTypes', { required: true })
  allowed_grant_types!: GrantType[];

  @RequestField('redirectUris', { default: FIELDS.redirectUris.default })
  redirect_uris?: string[];

  @RequestField('logoUri')
  logo_uri?: string;

  @RequestField('policyUri')
  policy_uri?: string;

  @RequestField('tosUri')
  tos_uri?: string;
}

/** The body of `PUT /v2/oauth/clients/{client_id}`: omitted fields keep their value. */
@ApiSchema({ name: 'OAuthClientUpdateRequest' })
export class OAuthClientUpdateRequest {
  @RequestField('name')
  name?: string;

  @RequestField('scopes')
  allowed_scopes?: string[];

  @RequestField('type', { description: 'Must be the current type: it cannot be changed' })
  client_type?: ClientType;

  @RequestField('requirePkce')
  require_pkce?: boolean;

  @RequestField('grantTypes')
  allowed_grant_types?: GrantType[];

  @RequestField('redirectUris')
  redirect_uris?: string[];

  @RequestField('logoUri', { nullable: true })
  logo_uri?: string | null;

  @RequestField('policyUri', { nullable: true })
  policy_uri?: string | null;

  @RequestField('tosUri', { nullable: true })
  tos_uri?: string | null;
}

/** A client as in the contract. */
@ApiSchema({ name: 'OAuthClient' })
export class OAuthClient {
  @ApiProperty({ ...oneOf(['oauth_client']), description: 'The record type' })
  record_type!: 'oauth_client';

  @ApiProperty({ description: 'The client identifier (RFC 6749 §2.2), a UUID' })
  client_id!: string;

  @ReplyField('name', {
    required: true,
    description: 'The display name of the client; the client_id if it has no name',
  })
  name!: string;

  @ApiProperty({ description: 'The organization that owns the client' })
  org_id!: string;

  @ApiProperty({ description: 'The user that owns the client' })
  user_id!: string;

  @ReplyField('scopes')
  allowed_scopes!: string[];

  @ReplyField('type', { required: true })
  client_type!: ClientType;

  @ReplyField('requirePkce', { required: true })
  require_pkce!: boolean;

  @ReplyField('grantTypes')
  allowed_grant_types!: GrantType[];

  @ReplyField('redirectUris')
  redirect_uris!: string[];

  @ReplyField('logoUri', { nullable: true })
  logo_uri!: string | null;

  @ReplyField('tosUri', { nullable: true })
  tos_uri!: string | null;

  @ReplyField('policyUri', { nullable: true })
  policy_uri!: string | null;

  @ApiPropertyOptional({
    ...NULLABLE_STRING,
    description: 'The secret of a confidential client, in the response that creates it only; otherwise null',
  })
  client_secret!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'When the client was created' })
  created_at!: string;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'When the client was last updated' })
  updated_at!: string;

  /** In replies to a service only. */
  verified?: boolean;

  /** `disabled`, or omitted for an active client: the contract has no such member. */
  status?: string;
}

/** The response with one client. */
export class OAuthClientReply {
  @ApiPropertyOptional({ type: OAuthClient })
  data!: OAuthClient;
}

/** The position of a page in its list. */
@ApiSchema({ name: 'PaginationMeta' })
export class PaginationMeta {
  @ApiProperty({ type: 'integer', description: 'The number of this page, starting at 1' })
  page_number!: number;

  @ApiProperty({ type: 'integer', description: 'The maximum number of entries on a page' })
  page_size!: number;

  @ApiProperty({ type: 'integer' })
  total_pages!: number;

  @ApiProperty({ type: 'integer', description: 'The number of entries on all pages' })
  total_results!: number;
}

/** The response of `GET /v2/oauth/clients`. */
export class OAuthClientListReply {
  @ApiProperty({ type: [OAuthClient] })
  data!: OAuthClient[];

  @ApiProperty({ type: PaginationMeta })
  meta!: PaginationMeta;
}
