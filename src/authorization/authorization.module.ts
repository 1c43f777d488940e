import { Module } from '@nestjs/common';
import { TokenCountsRepository } from '../clients/counts/daily-counts.repository.js';
import { ClientsModule } from '../clients/clients.module.js';
import { AuthorizationRequests } from './consent/authorization-requests.js';
import { ConsentService } from './consent/consent.service.js';
import { AuthorizationEngine } from './engine/authorization-engine.js';
import { GrantsRepository } from './grants/grants.repository.js';
import { GrantsService } from './grants/grants.service.js';
import { IdentityProvider } from './login/identity-provider.js';
import { LoginsService } from './login/logins.service.js';
import { TokenLookup } from './issuance/token-lookup.js';
import { TokenCountsService } from './issuance/token-counts.service.js';
import { TokenIssuer } from './issuance/token-issuer.js';
import { JwtAccessTokens } from './keys/jwt-access-tokens.js';
import { SigningKeys } from './keys/signing-keys.js';
import { SigningKeysRepository } from './keys/signing-keys.repository.js';
import { ResourcesRepository } from './resources/resources.repository.js';
import { ResourcesService } from './resources/resources.service.js';
import { TokensRepository } from './tokens/tokens.repository.js';

/** The built-in authorization server. */
@Module({
  imports: [ClientsModule],
  providers: [
    AuthorizationEngine,
    AuthorizationRequests,
    ConsentService,
    GrantsRepository,
    GrantsService,
    IdentityProvider,
    LoginsService,
    TokenLookup,
    JwtAccessTokens,
    ResourcesRepository,
    ResourcesService,
    SigningKeys,
    SigningKeysRepository,
    TokenCountsRepository,
    TokenCountsService,
    TokenIssuer,
    TokensRepository,
  ],
  exports: [
    AuthorizationRequests,
    ConsentService,
    GrantsService,
    IdentityProvider,
    LoginsService,
    ResourcesService,
    TokenLookup,
    SigningKeys,
    TokenCountsService,
    TokenIssuer,
  ],
})
export class AuthorizationModule {}
