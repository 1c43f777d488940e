import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import helmet from 'helmet';
import { promisify } from 'node:util';
import { Authenticator } from '../../../auth/authenticator.js';
import { Access } from '../../../auth/principal/access.js';
import type { Principal } from '../../../auth/principal/principal.js';
import { requestContextOf } from '../../../auth/principal/request-context.js';
import { type ConsentRequest, ConsentService } from '../../../authorization/consent/consent.service.js';
import { CONSENT_PATH } from '../../../config/paths.js';
import { RegistryError } from '../../../errors/registry-error.js';
import { AcceptsForms } from '../../../http/requests/request-body.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { readParameters } from './client-credentials.js';
import { consentPage, errorPage } from './consent-page.js';

/** Consent without a portal: a page for users who have an API key. It has no scripts, no cookies and no session. */
@Controller(CONSENT_PATH)
@Access('public')
@ApiExcludeController()
export class ConsentPageController {
  constructor(
    private readonly consent: ConsentService,
    private readonly authenticator: Authenticator,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Get()
  async show(
    @Query('consent_token') consentToken: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.answer(request, reply, async () => {
      const token = textOf(consentToken);
      const asked = await this.consent.describe(this.publicUrl.of(''), token, null);
      return this.send(reply, request, 200, consentPage(token, asked), asked);
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
      const asked = await this.consent.describe(issuer, token, null);
      const user = await this.userOf(request, apiKey);
      if (user === null) return this.send(reply, request, 401, consentPage(token, asked, true), asked);
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
      await work();
    } catch (error) {
      if (!(error instanceof RegistryError) || error.status >= 500) throw error;
      await this.send(reply, request, error.status, errorPage(error.message), null);
    }
  }

  /** Chromium takes the redirect after a form for a part of it. */
  private async send(
    reply: FastifyReply,
    request: FastifyRequest,
    status: number,
    page: string,
    asked: ConsentRequest | null,
  ): Promise<void> {
    const target = asked === null ? [] : [originOf(asked.redirectUri)];
    await protect(request, reply, target);
    await reply.code(status).header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page);
  }
}

/** Disables scripts, frames and forms with other targets. The URL of the page contains the token and is never sent as a referrer. */
function protect(
  { raw: request }: FastifyRequest,
  { raw: reply }: FastifyReply,
  targets: string[],
): Promise<void> {
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'unsafe-inline'"],
        formAction: ["'self'", ...targets],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  return promisify(setHeaders)(request, reply);
}

function originOf(redirectUri: string): string {
  const { origin, protocol } = new URL(redirectUri);
  return origin === 'null' ? protocol : origin;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
