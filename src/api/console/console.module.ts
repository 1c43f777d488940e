import { Module } from '@nestjs/common';
import { BrowserSessionsModule } from '../../auth/browser-sessions.module.js';
import { SessionController } from './session.controller.js';

/** What the console needs besides GraphQL: a way to sign in. */
@Module({ imports: [BrowserSessionsModule], controllers: [SessionController] })
export class ConsoleModule {}
