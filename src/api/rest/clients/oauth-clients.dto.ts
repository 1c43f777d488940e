import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { CLIENT_TYPES, type ClientType } from '../../../policy/client.js';
import { GRANT_TYPES, type GrantType } from '../../../policy/grant-types.js';
import {
  NULLABLE_STRING,
  NULLABLE_URI,
  oneOf,
  STRINGS,
  stringsOf,
  URI,
  URIS,
} from '../../documentation/openapi-schemas.js';
import { Flag, MayBeAbsent, MayBeNull, OneOf, Text, TextList } from '../../../http/requests/shape.js';

/** The body of `POST /v2/oauth/clients`. */
@ApiSchema({ name: 'OAuthClientCreateRequest' })
export class OAuthClientCreateRequest {
  @ApiProperty({
    description: 'What people call the client: 1 to 255 characters',
    example: 'My OAuth client',
  })
  @Text()
  name!: string;

  @ApiProperty({
    ...STRINGS,
    description: 'Scopes that the client may ask for, at most 100',
    example: ['admin'],
  })
  @TextList()
  allowed_scopes!: string[];

  @ApiProperty({
    ...oneOf(CLIENT_TYPES),
    description:
      'Whether the client can keep a secret (RFC 6749 §2.1): a confidential one gets one, a public one none',
  })
  @OneOf(CLIENT_TYPES)
  client_type!: ClientType;

  @ApiPropertyOptional({ description: 'Whether the client must use PKCE (RFC 7636)', default: false })
  @MayBeAbsent()
  @Flag()
  require_pkce?: boolean;

  @ApiProperty({ ...stringsOf(GRANT_TYPES), description: 'Grants that the client may use, at least one' })
  @TextList(GRANT_TYPES)
  allowed_grant_types!: GrantType[];

  @ApiPropertyOptional({
    ...URIS,
    default: [],
    description: 'Where authorization responses may be sent, at most 50; authorization_code needs one',
  })
  @MayBeAbsent()
  @TextList()
  redirect_uris?: string[];

  @ApiPropertyOptional({ ...URI, description: 'A picture to show beside the name' })
  @MayBeAbsent()
  @Text()
  logo_uri?: string;

  @ApiPropertyOptional({ ...URI, description: 'A page that says what is done with data about people' })
  @MayBeAbsent()
  @Text()
  policy_uri?: string;

  @ApiPropertyOptional({ ...URI, description: 'A page with the terms of service' })
  @MayBeAbsent()
  @Text()
  tos_uri?: string;
}

/** The body of `PUT /v2/oauth/clients/{client_id}`: what is left out stays as it is. */
@ApiSchema({ name: 'OAuthClientUpdateRequest' })
export class OAuthClientUpdateRequest {
  @ApiPropertyOptional({ description: 'What people call the client: 1 to 255 characters' })
  @MayBeAbsent()
  @Text()
  name?: string;

  @ApiPropertyOptional({ ...STRINGS, description: 'Scopes that the client may ask for, at most 100' })
  @MayBeAbsent()
  @TextList()
  allowed_scopes?: string[];

  @ApiPropertyOptional({
    ...oneOf(CLIENT_TYPES),
    description: 'Must be what it is: a client cannot change its type',
  })
  @MayBeAbsent()
  @OneOf(CLIENT_TYPES)
  client_type?: ClientType;

  @ApiPropertyOptional({ description: 'Whether the client must use PKCE (RFC 7636)' })
  @MayBeAbsent()
  @Flag()
  require_pkce?: boolean;

  @ApiPropertyOptional({
    ...stringsOf(GRANT_TYPES),
    description: 'Grants that the client may use, at least one',
  })
  @MayBeAbsent()
  @TextList(GRANT_TYPES)
  allowed_grant_types?: GrantType[];

  @ApiPropertyOptional({ ...URIS, description: 'Where authorization responses may be sent, at most 50' })
  @MayBeAbsent()
  @TextList()
  redirect_uris?: string[];

  @ApiPropertyOptional({
    ...NULLABLE_URI,
    description: 'A picture to show beside the name; null takes it away',
  })
  @MayBeNull()
  @Text()
  logo_uri?: string | null;

  @ApiPropertyOptional({ ...NULLABLE_URI, description: 'A page about privacy; null takes it away' })
  @MayBeNull()
  @Text()
  policy_uri?: string | null;

  @ApiPropertyOptional({
    ...NULLABLE_URI,
    description: 'A page with the terms of service; null takes it away',
  })
  @MayBeNull()
  @Text()
  tos_uri?: string | null;
}

/** A client in the words of the contract. */
@ApiSchema({ name: 'OAuthClient' })
export class OAuthClient {
  @ApiProperty({ ...oneOf(['oauth_client']), description: 'The kind of record' })
  record_type!: 'oauth_client';

  @ApiProperty({ description: 'The client identifier of RFC 6749 §2.2, a UUID' })
  client_id!: string;

  @ApiProperty({ description: 'What people call the client; the client_id where it has no name' })
  name!: string;

  @ApiProperty({ description: 'The organization that the client belongs to' })
  org_id!: string;

  @ApiProperty({ description: 'The user who created the client' })
  user_id!: string;

  @ApiPropertyOptional({ ...STRINGS, description: 'Scopes that the client may ask for' })
  allowed_scopes!: string[];

  @ApiProperty({
    ...oneOf(CLIENT_TYPES),
    description: 'Whether the client can keep a secret (RFC 6749 §2.1)',
  })
  client_type!: ClientType;

  @ApiProperty({ description: 'Whether the client must use PKCE (RFC 7636)' })
  require_pkce!: boolean;

  @ApiPropertyOptional({ ...stringsOf(GRANT_TYPES), description: 'Grants that the client may use' })
  allowed_grant_types!: GrantType[];

  @ApiPropertyOptional({ ...URIS, description: 'Where authorization responses may be sent' })
  redirect_uris!: string[];

  @ApiPropertyOptional({ ...NULLABLE_URI, description: 'A picture to show beside the name' })
  logo_uri!: string | null;

  @ApiPropertyOptional({ ...NULLABLE_URI, description: 'A page with the terms of service' })
  tos_uri!: string | null;

  @ApiPropertyOptional({
    ...NULLABLE_URI,
    description: 'A page that says what is done with data about people',
  })
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
