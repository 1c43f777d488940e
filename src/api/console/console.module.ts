import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module.js';
import { SessionController } from './session.controller.js';

/** What the console needs besides GraphQL: a way to sign in. */
@Module({ imports: [AuthModule], controllers: [SessionController] })
export class ConsoleModule {}
