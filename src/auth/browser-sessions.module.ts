import { Module } from '@nestjs/common';
import { AuthModule } from './auth.module.js';
import { BrowserSessions } from './sessions/browser-sessions.js';

/** For the door where operators sign in, and the one that they sign in for. */
@Module({ imports: [AuthModule], providers: [BrowserSessions], exports: [BrowserSessions] })
export class BrowserSessionsModule {}
