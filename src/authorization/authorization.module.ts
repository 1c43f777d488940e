import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { AuthorizationEngine } from './engine/authorization-engine.js';
import { GrantsRepository } from './grants/grants.repository.js';
import { JwtAccessTokens } from './keys/jwt-access-tokens.js';
import { SigningKeys } from './keys/signing-keys.js';
import { SigningKeysRepository } from './keys/signing-keys.repository.js';
import { ResourcesService } from './resources/resources.service.js';
import { IssuedTokens } from './tokens/issued-tokens.js';
import { TokenIssuer } from './tokens/token-issuer.js';
import { TokensRepository } from './tokens/tokens.repository.js';

/** The built-in authorization server. */
@Module({
  imports: [ClientsModule],
  providers: [
    AuthorizationEngine,
    GrantsRepository,
    IssuedTokens,
    JwtAccessTokens,
    ResourcesService,
    SigningKeys,
    SigningKeysRepository,
    TokenIssuer,
    TokensRepository,
  ],
  exports: [IssuedTokens, SigningKeys, TokenIssuer],
})
export class AuthorizationModule {}
