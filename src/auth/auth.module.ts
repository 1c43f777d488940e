import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module.js';
import { AdminSessionsRepository } from './sessions/admin-sessions.repository.js';
import { AdminSessionsService } from './sessions/admin-sessions.service.js';
import { BrowserSessions } from './sessions/browser-sessions.js';
import { ConsentSessions } from './sessions/consent-sessions.js';
import { ApiKeysRepository } from './api-keys/api-keys.repository.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { AccessGuard } from './access.guard.js';
import { Authenticator } from './authenticator.js';
import { DenialAudit } from './principal/denial-audit.js';
import { JwtService } from './jwt/jwt.service.js';

/** Authentication. Importing it guards every route of the application. */
@Module({
  imports: [AuditModule],
  providers: [
    ApiKeysRepository,
    ApiKeysService,
    AdminSessionsRepository,
    AdminSessionsService,
    JwtService,
    Authenticator,
    DenialAudit,
    BrowserSessions,
    ConsentSessions,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [ApiKeysService, AdminSessionsService, Authenticator, BrowserSessions, ConsentSessions],
})
export class AuthModule {}
