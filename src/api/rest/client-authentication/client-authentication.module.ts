import { Module } from '@nestjs/common';
import { ClientsModule } from '../../../clients/clients.module.js';
import { ClientAuthenticationController } from './client-authentication.controller.js';

/** Client authentication for other authorization servers. */
@Module({ imports: [ClientsModule], controllers: [ClientAuthenticationController] })
export class ClientAuthenticationModule {}
