import { Module } from '@nestjs/common';
import { ClientsModule } from '../../../clients/clients.module.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { ClientSecretsController } from './client-secrets.controller.js';
import { OAuthClientsController } from './oauth-clients.controller.js';

/** The REST API. */
@Module({
  imports: [ClientsModule],
  controllers: [OAuthClientsController, ClientSecretsController],
  providers: [PublicUrl],
})
export class OAuthClientsModule {}
