import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { NULLABLE_STRING, STRINGS } from '../../documentation/openapi-schemas.js';
import { PaginationMeta } from '../clients/oauth-clients.dto.js';

/** What a user allowed a client to do at one API. */
@ApiSchema({ name: 'OAuthGrantResource' })
export class GrantResource {
  @ApiProperty({ description: 'The audience of the tokens (RFC 8707)' })
  identifier!: string;

  @ApiProperty(STRINGS)
  scopes!: string[];
}

/** What a user allowed a client to do. */
@ApiSchema({ name: 'OAuthGrant' })
export class GrantView {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  client_id!: string;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ enum: ['oauth_grant'] })
  record_type!: 'oauth_grant';

  @ApiProperty({ ...STRINGS, description: 'The scopes at all resources' })
  scopes!: string[];

  @ApiProperty({ type: [GrantResource], description: 'The scopes at each resource' })
  resources!: GrantResource[];

  @ApiProperty({
    ...NULLABLE_STRING,
    format: 'date-time',
    description: 'When a token was last issued. Null: never',
  })
  last_used_at!: string | null;
}

@ApiSchema({ name: 'OAuthGrantReply' })
export class GrantReply {
  @ApiProperty({ type: GrantView })
  data!: GrantView;
}

@ApiSchema({ name: 'OAuthGrantListReply' })
export class GrantListReply {
  @ApiProperty({ type: [GrantView] })
  data!: GrantView[];

  @ApiProperty({ type: PaginationMeta })
  meta!: PaginationMeta;
}
