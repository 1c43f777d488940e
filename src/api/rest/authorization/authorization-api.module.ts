import { Module } from '@nestjs/common';
import { AuthModule } from '../../../auth/auth.module.js';
import { AuthorizationModule } from '../../../authorization/authorization.module.js';
import { ClientsModule } from '../../../clients/clients.module.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { AuthorizeController } from '../consent/authorize.controller.js';
import { ClientAuthentication } from './client-authentication.js';
import { ConsentPageController } from '../consent/consent-page.controller.js';
import { GrantsController } from '../consent/grants.controller.js';
import { LoginController } from '../consent/login.controller.js';
import { LoginCookie } from '../consent/login-cookie.js';
import { MetadataController } from './metadata.controller.js';
import { PushedRequestsController } from './pushed-requests.controller.js';
import { TokenController } from './token.controller.js';

/** The endpoints of the built-in authorization server. */
@Module({
  imports: [AuthModule, AuthorizationModule, ClientsModule],
  controllers: [
    TokenController,
    PushedRequestsController,
    AuthorizeController,
    ConsentPageController,
    GrantsController,
    LoginController,
    MetadataController,
  ],
  providers: [ClientAuthentication, LoginCookie, PublicUrl],
  exports: [AuthorizationModule],
})
export class AuthorizationApiModule {}
