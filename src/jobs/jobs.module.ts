import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { AdminKeys } from './admin-keys.js';
import { HealthController } from '../api/rest/health/health.controller.js';
import { Retention } from './retention.js';
import { Statistics } from './statistics.js';

/** What operators and their tools look at, and what has to be done again and again. */
@Module({
  imports: [ScheduleModule.forRoot(), AuditModule, AuthModule, ClientsModule],
  controllers: [HealthController],
  providers: [AdminKeys, Retention, Statistics],
})
export class OperationsModule {}
