import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsInt, IsISO8601 } from 'class-validator';
import { TEN_YEARS_IN_SECONDS } from '../../../policy/secret-request.js';
import { NULLABLE_STRING } from '../../documentation/openapi-schemas.js';
import { MayBeAbsent } from '../../../http/requests/shape.js';
import { PaginationMeta } from './oauth-clients.dto.js';

const dateTimeOrNull = { ...NULLABLE_STRING, format: 'date-time' } as const;

/** The body of `POST /v2/oauth/clients/{client_id}/secrets`. */
@ApiSchema({ name: 'OAuthClientSecretCreateRequest' })
export class ClientSecretCreateRequest {
  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    description: 'When the new secret expires; never, if left out',
  })
  @MayBeAbsent()
  @IsISO8601(
    { strict: true, strictSeparator: true },
    { message: 'must be a date and time such as 2027-01-31T12:00:00Z' },
  )
  expires_at?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: TEN_YEARS_IN_SECONDS,
    description:
      'In how many seconds all other secrets expire at the latest; as they would have, if left out',
  })
  @MayBeAbsent()
  @IsInt({ message: `must be a whole number of seconds from 0 to ${TEN_YEARS_IN_SECONDS}` })
  expire_others_in?: number;
}

/** A secret, without itself. */
@ApiSchema({ name: 'OAuthClientSecret' })
export class ClientSecretView {
  @ApiProperty()
  id!: string;

  @ApiProperty({ description: 'The last four characters' })
  hint!: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at!: string;

  @ApiProperty({ ...dateTimeOrNull, description: 'Null: never' })
  expires_at!: string | null;

  @ApiProperty({ ...dateTimeOrNull, description: 'Null: never' })
  last_used_at!: string | null;
}

/** A secret that was just issued. */
@ApiSchema({ name: 'IssuedOAuthClientSecret' })
export class IssuedClientSecret extends ClientSecretView {
  @ApiProperty({ description: 'The secret itself, in this reply and in no other' })
  client_secret!: string;
}

export class IssuedClientSecretReply {
  @ApiProperty({ type: IssuedClientSecret })
  data!: IssuedClientSecret;
}

export class ClientSecretListReply {
  @ApiProperty({ type: [ClientSecretView] })
  data!: ClientSecretView[];

  @ApiProperty({ type: PaginationMeta })
  meta!: PaginationMeta;
}
