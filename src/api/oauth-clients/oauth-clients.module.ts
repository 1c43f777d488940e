import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { PublicUrl } from '../public-url.js';
import { OAuthClientsController } from './oauth-clients.controller.js';

/** The REST door. */
@Module({
  imports: [ClientsModule],
  controllers: [OAuthClientsController],
  providers: [PublicUrl],
})
export class OAuthClientsModule {}
