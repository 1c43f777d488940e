import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { AuthorizationModule } from '../authorization/authorization.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { AdminKeys } from './admin-keys.js';
import { KeyRotation } from './key-rotation.js';
import { LapsedClients } from './lapsed-clients.js';
import { Retention } from './retention.js';
import { SurplusClients } from './surplus-clients.js';
import { Statistics } from './planner-statistics.js';

/** Jobs that run again and again. */
@Module({
  imports: [ScheduleModule.forRoot(), AuditModule, AuthModule, AuthorizationModule, ClientsModule],
  providers: [AdminKeys, KeyRotation, LapsedClients, Retention, Statistics, SurplusClients],
})
export class JobsModule {}
