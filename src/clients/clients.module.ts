import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClientEntity } from './client/client.entity.js';
import { ClientUseRepository } from './use/client-use.repository.js';
import { ClientUseService } from './use/client-use.service.js';
import { ClientSecretsRepository } from './secrets/client-secrets.repository.js';
import { ClientSecretsService } from './secrets/client-secrets.service.js';
import { ClientsRepository } from './registry/clients.repository.js';
import { ClientsService } from './registry/clients.service.js';
import { InitialAccessTokensService } from './initial-access-tokens/initial-access-tokens.service.js';
import { OrganizationQuota } from './registry/organization-quota.js';
import { RegistrationCountsService } from './registration/registration-counts.service.js';
import { RegistrationsService } from './registration/registrations.service.js';
import { SharedClients } from './registration/deduplicated-registrations.js';
import { UnusedPool } from './anonymous/anonymous-client-quota.js';
import { SoftwareStatementsService } from './software-statements/software-statements.service.js';

/** The core that every door draws on. */
@Module({
  imports: [TypeOrmModule.forFeature([ClientEntity])],
  providers: [
    ClientsRepository,
    OrganizationQuota,
    ClientsService,
    RegistrationsService,
    RegistrationCountsService,
    SharedClients,
    UnusedPool,
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
