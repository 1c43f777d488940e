import { Module } from '@nestjs/common';
import { ClientUseRepository } from './use/client-use.repository.js';
import { ClientUseService } from './use/client-use.service.js';
import { ClientSecretsRepository } from './secrets/client-secrets.repository.js';
import { ClientSecretsService } from './secrets/client-secrets.service.js';
import { ClientLookup } from './client/client-lookup.js';
import { ClientSearch } from './registry/client-search.js';
import { RegistrationsRepository } from './registration/registrations.repository.js';
import { ClientsRepository } from './registry/clients.repository.js';
import { ClientsService } from './registry/clients.service.js';
import { InitialAccessTokensService } from './initial-access-tokens/initial-access-tokens.service.js';
import { OrganizationQuota } from './registry/organization-quota.js';
import { RegistrationCountsService } from './registration/registration-counts.service.js';
import { RegistrationsService } from './registration/registrations.service.js';
import { DeduplicatedRegistrations } from './registration/deduplicated-registrations.js';
import { AnonymousClientQuota } from './anonymous/anonymous-client-quota.js';
import { SoftwareStatementsService } from './software-statements/software-statements.service.js';

/** The core that every door draws on. */
@Module({
  providers: [
    ClientLookup,
    ClientSearch,
    ClientsRepository,
    RegistrationsRepository,
    OrganizationQuota,
    ClientsService,
    RegistrationsService,
    RegistrationCountsService,
    DeduplicatedRegistrations,
    AnonymousClientQuota,
    ClientUseRepository,
    ClientUseService,
    InitialAccessTokensService,
    SoftwareStatementsService,
    ClientSecretsRepository,
    ClientSecretsService,
  ],
  exports: [
    ClientsService,
    ClientUseService,
    RegistrationsService,
    RegistrationCountsService,
    ClientSecretsService,
    InitialAccessTokensService,
    SoftwareStatementsService,
  ],
})
export class ClientsModule {}
