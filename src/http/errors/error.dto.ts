import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/** An error in the words of the contract. */
@ApiSchema({ name: 'oauth_Error' })
export class OAuthError {
  @ApiProperty({ description: 'The error code' })
  error!: string;

  @ApiPropertyOptional({ description: 'A human-readable description of the error' })
  error_description?: string;
}
