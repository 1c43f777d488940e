import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../../../auth/principal/access-roles.js';
import { requestContextOf } from '../../../auth/principal/request-context.js';
import { ConsentService } from '../../../authorization/consent/consent.service.js';
import { LoginFailed, LoginsService } from '../../../authorization/login/logins.service.js';
import { LOGIN_CALLBACK_PATH } from '../../../config/paths.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { knownUrl } from '../../../policy/uris/uri.js';
import { consentUrl, queryOf, redirectBrowser } from './browser-redirect.js';
import { sendErrorPage } from './consent-page.js';
import { LoginCookie } from './login-cookie.js';

/** Where the identity provider sends browsers back to. */
@Controller(LOGIN_CALLBACK_PATH)
@Access('public')
@ApiExcludeController()
export class LoginController {
  constructor(
    private readonly logins: LoginsService,
    private readonly consent: ConsentService,
    private readonly cookie: LoginCookie,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Get()
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const issuer = this.publicUrl.of('');
    try {
      const url = knownUrl(`${issuer}${LOGIN_CALLBACK_PATH}`);
      url.search = queryOf(request);
      const { consentToken, refusal } = await this.logins.finish(url, this.cookie.read(request));
      const context = requestContextOf(request, 'rest');
      const location =
        refusal === null
          ? consentUrl(issuer, consentToken)
          : await this.consent.reject(issuer, consentToken, null, refusal, context);
      await redirectBrowser(reply, location);
    } catch (error) {
      const isRetried = error instanceof LoginFailed;
      const reason: unknown = isRetried ? error.cause : error;
      if (!request.headers.accept?.includes('text/html')) throw reason;
      const retryUrl = isRetried ? consentUrl(issuer, error.consentToken) : undefined;
      await sendErrorPage(request, reply, reason, retryUrl);
    }
  }
}
