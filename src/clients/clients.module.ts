import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ClientEntity } from './client.entity.js';
import { ClientUseRepository } from './client-use.repository.js';
import { ClientUseService } from './client-use.service.js';
import { ClientSecretsRepository } from './client-secrets.repository.js';
import { ClientSecretsService } from './client-secrets.service.js';
import { ClientsRepository } from './clients.repository.js';
import { ClientsService } from './clients.service.js';
import { InitialAccessTokensService } from './initial-access-tokens.service.js';
import { OrganizationQuota } from './organization-quota.js';
import { RegistrationCountsService } from './registration-counts.service.js';
import { RegistrationsService } from './registrations.service.js';
import { SharedClients } from './shared-clients.js';
import { UnusedPool } from './unused-pool.js';
import { SoftwareStatementsService } from './software-statements.service.js';

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
