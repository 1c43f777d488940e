import { Module } from '@nestjs/common';
import { ClientsModule } from '../../../clients/clients.module.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { RegistrationSecretsController } from './registration-secrets.controller.js';
import { RegistrationController } from './registration.controller.js';

/** Dynamic registration (RFC 7591, RFC 7592). */
@Module({
  imports: [ClientsModule],
  controllers: [RegistrationController, RegistrationSecretsController],
  providers: [PublicUrl],
})
export class RegistrationModule {}
