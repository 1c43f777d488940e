import { Body, Controller, Get, Header, HttpCode, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from '../../../audit/audit-event.js';
import { Access } from '../../../auth/principal/access-roles.js';
import type { Principal } from '../../../auth/principal/principal.js';
import {
  CurrentContext,
  CurrentPrincipal,
  requestContextOf,
} from '../../../auth/principal/request-context.js';
import { AuthorizationRequests } from '../../../authorization/consent/authorization-requests.js';
import { ConsentService } from '../../../authorization/consent/consent.service.js';
import { refusal } from '../../../clients/client/client-request.js';
import { OrganizationLimit } from '../../../http/rate-limits/rate-limits.js';
import { onlyMembersOf, readShape } from '../../../http/requests/shape.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { ApiErrors, INVALID_FIELDS, NO_OBJECT, UNAUTHORIZED } from '../../documentation/api-errors.js';
import { ConsentDecisionReply, ConsentDecisionRequest, ConsentReply } from './consent.dto.js';
import { queryOf } from './browser-redirect.js';
import { sendErrorPage } from './consent-page.js';
import { RejectsUnknownParameters } from '../../../http/requests/query-parameters.js';
import { toConsent } from './consent.mapper.js';

const DECISION_MEMBERS = onlyMembersOf(ConsentDecisionRequest);
const NO_SUCH_CONSENT = 'The consent token is unknown, expired, used, or another user has opened it';

/** The authorization endpoint, and what a consent page of the operator calls for its user. */
@Controller('v2/oauth')
@UseGuards(OrganizationLimit)
@ApiTags('OAuth Protocol')
export class AuthorizeController {
  constructor(
    private readonly requests: AuthorizationRequests,
    private readonly consent: ConsentService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Get('authorize')
  @Access('public')
  @NoStore()
  @Header('Referrer-Policy', 'no-referrer')
  @ApiOperation({
    operationId: 'AuthorizeOAuthClient',
    summary: 'Ask a user for authorization (RFC 6749 §4.1.1)',
    description:
      'Browsers are sent here by clients. The reply sends the browser to the consent page, or back to the client with an error ' +
      '(RFC 6749 §4.1.2.1, RFC 9207). An error for an anonymous client is a page with a link instead, unless the redirect URI is a ' +
      'loopback one (RFC 9700 §4.11.2). PKCE with S256 is required for public clients, and for clients with require_pkce.',
    security: [],
  })
  @ApiQuery({ name: 'client_id', required: true, type: String })
  @ApiQuery({
    name: 'request_uri',
    required: false,
    type: String,
    description: 'Of a pushed request (RFC 9126 §4); the others are left out then',
  })
  @ApiQuery({ name: 'redirect_uri', required: false, type: String })
  @ApiQuery({ name: 'response_type', required: false, type: String, description: 'Must be code' })
  @ApiQuery({ name: 'scope', required: false, type: String })
  @ApiQuery({ name: 'state', required: false, type: String })
  @ApiQuery({ name: 'code_challenge', required: false, type: String })
  @ApiQuery({ name: 'code_challenge_method', required: false, type: String, description: 'Must be S256' })
  @ApiQuery({
    name: 'max_age',
    required: false,
    type: String,
    description: 'In seconds: users who signed in earlier sign in again (OpenID Connect Core §3.1.2.1)',
  })
  @ApiQuery({ name: 'resource', required: false, type: String, description: 'RFC 8707' })
  @ApiResponse({ status: 303, description: 'To the consent page, or back to the client' })
  @ApiErrors({
    400: 'The client or the redirect URI is not valid, or not trusted with an error: the browser is sent nowhere',
  })
  async authorize(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    try {
      const location = await this.requests.begin(
        this.publicUrl.of(''),
        new URLSearchParams(queryOf(request)),
        requestContextOf(request, 'rest'),
      );
      await reply.code(303).header('location', location).send();
    } catch (error) {
      if (!request.headers.accept?.includes('text/html')) throw error;
      await sendErrorPage(request, reply, error);
    }
  }

  @Get('consent/:consent_token')
  @RejectsUnknownParameters()
  @Access('member')
  @NoStore()
  @ApiBearerAuth('bearerAuth')
  @ApiOperation({
    operationId: 'GetOAuthConsent',
    summary: 'Get what a client asks the user for',
    description: 'The caller is the user. From then on no other user can decide.',
  })
  @ApiResponse({ status: 200, type: ConsentReply, description: 'The request of the client' })
  @ApiErrors({ 400: 'Query parameters are invalid', 401: UNAUTHORIZED, 404: NO_SUCH_CONSENT })
  async describe(
    @Param('consent_token') consentToken: string,
    @CurrentPrincipal() user: Principal,
  ): Promise<ConsentReply> {
    return { data: toConsent(await this.consent.describe(consentToken, user)) };
  }

  @Post('grants')
  @RejectsUnknownParameters()
  @HttpCode(200)
  @Access('member')
  @NoStore()
  @ApiBearerAuth('bearerAuth')
  @ApiOperation({
    operationId: 'CreateOAuthGrant',
    summary: 'Allow or deny what a client asks the user for',
    description:
      'The caller is the user. A consent token is accepted once. If the client wants a new sign-in (`prompt`, `max_age`), an approval ' +
      'without a late enough `auth_time` is a 422, and the consent token can still be used.',
  })
  @ApiBody({ type: ConsentDecisionRequest, required: true })
  @ApiResponse({ status: 200, type: ConsentDecisionReply, description: 'Where to send the browser' })
  @ApiErrors({ 400: NO_OBJECT, 401: UNAUTHORIZED, 404: NO_SUCH_CONSENT, 422: INVALID_FIELDS })
  async decide(
    @Body() body: unknown,
    @CurrentPrincipal() user: Principal,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<ConsentDecisionReply> {
    const { body: decision, faults } = readShape(ConsentDecisionRequest, body, DECISION_MEMBERS);
    if (Object.keys(faults).length > 0) throw refusal('validation_error', faults);
    const { consent_token: token, allowed: isAllowed, auth_time: authTime } = decision;
    const issuer = this.publicUrl.of('');
    return { redirect_uri: await this.consent.decide(issuer, token, user, { isAllowed, authTime }, context) };
  }
}
