import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { ClientType } from '../../../policy/client.js';
import { FIELDS } from '../../../policy/fields.js';
import type { GrantType } from '../../../policy/grant-types.js';
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

/** The body of `PUT /v2/oauth/clients/{client_id}`: what is left out stays as it is. */
@ApiSchema({ name: 'OAuthClientUpdateRequest' })
export class OAuthClientUpdateRequest {
  @RequestField('name')
  name?: string;

  @RequestField('scopes')
  allowed_scopes?: string[];

  @RequestField('type', { description: 'Must be what it is: a client cannot change its type' })
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

/** A client in the words of the contract. */
@ApiSchema({ name: 'OAuthClient' })
export class OAuthClient {
  @ApiProperty({ ...oneOf(['oauth_client']), description: 'The kind of record' })
  record_type!: 'oauth_client';

  @ApiProperty({ description: 'The client identifier of RFC 6749 §2.2, a UUID' })
  client_id!: string;

  @ReplyField('name', {
    required: true,
    description: 'What people call the client; the client_id where it has no name',
  })
  name!: string;

  @ApiProperty({ description: 'The organization that the client belongs to' })
  org_id!: string;

  @ApiProperty({ description: 'The user who created the client' })
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
    description: 'The secret of a confidential client, in the reply that creates it and in no other',
  })
  client_secret!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'When the client was created' })
  created_at!: string;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'When the client was last changed' })
  updated_at!: string;

  /** `disabled` where an operator disabled it, and left out otherwise: the contract has no such member. */
  status?: string;
}

/** The reply that shows one client. */
export class OAuthClientReply {
  @ApiPropertyOptional({ type: OAuthClient })
  data!: OAuthClient;
}

/** Where a page of a list lies. */
@ApiSchema({ name: 'PaginationMeta' })
export class PaginationMeta {
  @ApiProperty({ type: 'integer', description: 'This page, from 1' })
  page_number!: number;

  @ApiProperty({ type: 'integer', description: 'At most so many entries on a page' })
  page_size!: number;

  @ApiProperty({ type: 'integer' })
  total_pages!: number;

  @ApiProperty({ type: 'integer', description: 'Entries on all pages together' })
  total_results!: number;
}

/** The reply of `GET /v2/oauth/clients`. */
export class OAuthClientListReply {
  @ApiProperty({ type: [OAuthClient] })
  data!: OAuthClient[];

  @ApiProperty({ type: PaginationMeta })
  meta!: PaginationMeta;
}
