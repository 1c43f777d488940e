import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { AdminModule } from './api/graphql/admin.module.js';
import { ErrorFilter } from './http/errors/error.filter.js';
import { ClientAuthenticationModule } from './api/rest/client-authentication/client-authentication.module.js';
import { OAuthClientsModule } from './api/rest/clients/oauth-clients.module.js';
import { RegistrationModule } from './api/rest/registration/registration.module.js';
import { AuthModule } from './auth/auth.module.js';
import type { Config } from './config/variables.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { HealthController } from './api/rest/health/health.controller.js';

/** The composition root: the interfaces, and the modules that they use. */
@Module({})
export class AppModule {
  /** @param optional the interfaces that an operator can disable */
  static of(config: Config, dataSource: DataSource, optional: Type[]): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.of(config),
        DatabaseModule.of(dataSource),
        AuthModule,
        OAuthClientsModule,
        ClientAuthenticationModule,
        RegistrationModule,
        AdminModule,
        ...optional,
        JobsModule,
      ],
      controllers: [HealthController],
      providers: [{ provide: APP_FILTER, useClass: ErrorFilter }],
    };
  }
}
