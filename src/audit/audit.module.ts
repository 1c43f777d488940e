import { Module } from '@nestjs/common';
import { AuditEventsRepository } from './audit-events.repository.js';
import { AuditTrail } from './audit-trail.js';

/** Who did what. */
@Module({ providers: [AuditEventsRepository, AuditTrail], exports: [AuditTrail] })
export class AuditModule {}
