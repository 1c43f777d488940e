import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module.js';
import { SessionController } from './session.controller.js';

/** Sign-in for the console, which otherwise uses GraphQL. */
@Module({ imports: [AuthModule], controllers: [SessionController] })
export class ConsoleModule {}
