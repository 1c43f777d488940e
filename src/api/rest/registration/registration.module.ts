import { Module } from '@nestjs/common';
import { ClientsModule } from '../../../clients/clients.module.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { RegistrationController } from './registration.controller.js';

/** The door of RFC 7591. */
@Module({ imports: [ClientsModule], controllers: [RegistrationController], providers: [PublicUrl] })
export class RegistrationModule {}
