import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { AdminKeys } from './admin-keys.js';
import { LapsedClients } from './lapsed-clients.js';
import { Retention } from './retention.js';
import { Statistics } from './planner-statistics.js';

/** Jobs that run again and again. */
@Module({
  imports: [ScheduleModule.forRoot(), AuditModule, AuthModule, ClientsModule],
  providers: [AdminKeys, LapsedClients, Retention, Statistics],
})
export class JobsModule {}
