import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { EgressGuard } from '../egress/egress-guard.js';
import {
  ClientAuthenticationCountsRepository,
  RegistrationCountsRepository,
} from './counts/daily-counts.repository.js';
import { ClientUseRepository } from './use/client-use.repository.js';
import { ClientUseService } from './use/client-use.service.js';
import { ClientSecretsRepository } from './secrets/client-secrets.repository.js';
import { ClientSecretsService } from './secrets/client-secrets.service.js';
import { ClientLookupRepository } from './client/client-lookup.repository.js';
import { ClientPurgeRepository } from './registry/client-purge.repository.js';
import { ClientSearchRepository } from './registry/client-search.repository.js';
import { RegistrationsRepository } from './registration/registrations.repository.js';
import { ClientsRepository } from './registry/clients.repository.js';
import { ClientsService } from './registry/clients.service.js';
import { InitialAccessTokensRepository } from './initial-access-tokens/initial-access-tokens.repository.js';
import { InitialAccessTokensService } from './initial-access-tokens/initial-access-tokens.service.js';
import { OrganizationQuota } from './registry/organization-quota.js';
import { RegistrationCountsService } from './registration/registration-counts.service.js';
import { RegistrationManagementService } from './registration/registration-management.service.js';
import { RegistrationPolicies } from './registration/registration-policies.js';
import { RegistrationsService } from './registration/registrations.service.js';
import { DeduplicatedRegistrations } from './registration/deduplicated-registrations.js';
import { AnonymousClientQuota } from './anonymous/anonymous-client-quota.js';
import { AssertionUses } from './authentication/assertion-uses.repository.js';
import { ClientAuthenticationRepository } from './authentication/client-authentication.repository.js';
import { ClientAuthenticator } from './authentication/client-authenticator.js';
import { ClientAuthenticationCountsService } from './authentication/client-authentication-counts.service.js';
import { ClientKeys } from './authentication/client-keys.js';
import { SoftwareStatementsService } from './software-statements/software-statements.service.js';

/** The core, which every interface uses. */
@Module({
  imports: [AuditModule],
  providers: [
    ClientLookupRepository,
    ClientSearchRepository,
    ClientPurgeRepository,
    ClientsRepository,
    RegistrationsRepository,
    OrganizationQuota,
    ClientsService,
    RegistrationPolicies,
    RegistrationsService,
    RegistrationManagementService,
    RegistrationCountsRepository,
    RegistrationCountsService,
    DeduplicatedRegistrations,
    AnonymousClientQuota,
    ClientUseRepository,
    ClientUseService,
    InitialAccessTokensRepository,
    InitialAccessTokensService,
    SoftwareStatementsService,
    ClientSecretsRepository,
    ClientSecretsService,
    ClientAuthenticationRepository,
    AssertionUses,
    EgressGuard,
    ClientKeys,
    ClientAuthenticator,
    ClientAuthenticationCountsRepository,
    ClientAuthenticationCountsService,
  ],
  exports: [
    ClientsService,
    ClientUseService,
    RegistrationsService,
    RegistrationManagementService,
    RegistrationCountsService,
    ClientSecretsService,
    InitialAccessTokensService,
    SoftwareStatementsService,
    ClientAuthenticator,
    ClientAuthenticationCountsService,
    // What the authorization server uses beside them
    AssertionUses,
    ClientLookupRepository,
  ],
})
export class ClientsModule {}
