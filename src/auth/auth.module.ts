import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AdminSessionsService } from './admin-sessions.service.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuthGuard } from './auth.guard.js';
import { Authenticator } from './authenticator.js';
import { Denials } from './denials.js';
import { JwtService } from './jwt.service.js';

/** Who is calling. Importing it guards every route of the application. */
@Module({
  providers: [
    ApiKeysService,
    AdminSessionsService,
    JwtService,
    Authenticator,
    Denials,
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [ApiKeysService, AdminSessionsService, Authenticator],
})
export class AuthModule {}
