import { Body, Controller, Get, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from '../../../auth/authenticator.js';
import { Access } from '../../../auth/principal/access.js';
import type { Principal } from '../../../auth/principal/principal.js';
import { requestContextOf } from '../../../auth/principal/request-context.js';
import { ConsentService } from '../../../authorization/consent/consent.service.js';
import { CONSENT_PATH } from '../../../config/paths.js';
import { CONFIG, type Config } from '../../../config/variables.js';
import { RegistryError } from '../../../errors/registry-error.js';
import { readParameters } from '../../../http/requests/parameters.js';
import { AcceptsForms } from '../../../http/requests/request-body.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { consentPage, sendErrorPage, sendPage } from './consent-page.js';

/** Consent without a portal: a page for users who have an API key. It has no scripts, no cookies and no session. */
@Controller(CONSENT_PATH)
@Access('public')
@ApiExcludeController()
export class ConsentPageController {
  constructor(
    private readonly consent: ConsentService,
    private readonly authenticator: Authenticator,
    private readonly publicUrl: PublicUrl,
    @Inject(CONFIG) private readonly config: Pick<Config, 'authorizationConsentUrl'>,
  ) {}

  @Get()
  async show(
    @Query('consent_token') consentToken: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.answer(request, reply, async () => {
      const token = textOf(consentToken);
      const asked = await this.consent.describe(token, null);
      return sendPage(request, reply, 200, consentPage(token, asked), asked.redirectUri);
    });
  }

  @Post()
  @AcceptsForms()
  async decide(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.answer(request, reply, async () => {
      const { consent_token: token = '', api_key: apiKey = '', decision } = readParameters(body);
      const issuer = this.publicUrl.of('');
      const asked = await this.consent.describe(token, null);
      const user = await this.userOf(request, apiKey);
      if (user === null) {
        return sendPage(request, reply, 401, consentPage(token, asked, true), asked.redirectUri);
      }
      const context = requestContextOf(request, 'rest');
      const location = await this.consent.decide(issuer, token, user, decision === 'allow', context);
      await reply.code(303).header('referrer-policy', 'no-referrer').header('location', location).send();
    });
  }

  /** Null: the API key is none, or one of a role that has no users. */
  private async userOf(request: FastifyRequest, apiKey: string): Promise<Principal | null> {
    request.headers.authorization = `Bearer ${apiKey}`;
    try {
      return await this.authenticator.authenticate(request, 'member', 'rest');
    } catch (error) {
      if (error instanceof RegistryError && error.status < 500) return null;
      throw error;
    } finally {
      delete request.headers.authorization;
    }
  }

  private async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      if (this.config.authorizationConsentUrl !== null) throw elsewhere();
      await work();
    } catch (error) {
      await sendErrorPage(request, reply, error);
    }
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const elsewhere = () =>
  new RegistryError('not_found', 'Consent is given at another page (AUTHORIZATION_CONSENT_URL).');
