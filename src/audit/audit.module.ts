import { Module } from '@nestjs/common';
import { AuditEventsRepository } from './audit-events.repository.js';
import { AuditTrail } from './audit-trail.js';

/** The audit log. */
@Module({ providers: [AuditEventsRepository, AuditTrail], exports: [AuditTrail] })
export class AuditModule {}
