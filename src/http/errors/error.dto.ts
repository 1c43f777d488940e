import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/** An error in the words of the contract. */
@ApiSchema({ name: 'oauth_Error' })
export class OAuthError {
  @ApiProperty({ description: 'What kind of error it is; one of a fixed list' })
  error!: string;

  @ApiPropertyOptional({ description: 'What is wrong and what to do about it, for people' })
  error_description?: string;
}
