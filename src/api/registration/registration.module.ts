import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { RegistrationController } from './registration.controller.js';

/** The door of RFC 7591. */
@Module({ imports: [ClientsModule], controllers: [RegistrationController] })
export class RegistrationModule {}
