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
    description: 'When the new secret expires. Default: never',
  })
  @MayBeAbsent()
  @IsISO8601(
    { strict: true, strictSeparator: true },
    { message: 'must be an ISO 8601 date and time such as 2027-01-31T12:00:00Z' },
  )
  expires_at?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: TEN_YEARS_IN_SECONDS,
    description:
      'All other secrets expire after this many seconds, or earlier. Default: their expiry is unchanged',
  })
  @MayBeAbsent()
  @IsInt({ message: `must be an integer number of seconds from 0 to ${TEN_YEARS_IN_SECONDS}` })
  expire_others_in?: number;
}

/** A secret without its value. */
@ApiSchema({ name: 'OAuthClientSecret' })
export class ClientSecretView {
  @ApiProperty()
  id!: string;

  @ApiProperty({ description: 'The last four characters of the secret' })
  hint!: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at!: string;

  @ApiProperty({ ...dateTimeOrNull, description: 'Null: never' })
  expires_at!: string | null;

  @ApiProperty({ ...dateTimeOrNull, description: 'Null: never' })
  last_used_at!: string | null;
}

/** An issued secret with its value. */
@ApiSchema({ name: 'IssuedOAuthClientSecret' })
export class IssuedClientSecret extends ClientSecretView {
  @ApiProperty({ description: 'The value of the secret. No other response contains it' })
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
