import { Body, Controller, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../../auth/principal/access-roles.js';
import { requestContextOf } from '../../../auth/principal/request-context.js';
import { AuthorizationRequests } from '../../../authorization/consent/authorization-requests.js';
import { PUSHED_REQUEST_PATH } from '../../../config/paths.js';
import { limitTokens } from '../../../http/rate-limits/rate-limits.js';
import { FORM } from '../../../http/requests/form-body.js';
import { readRepeated } from '../../../http/requests/parameters.js';
import { AcceptsForms } from '../../../http/requests/request-body.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { ApiErrors } from '../../documentation/api-errors.js';
import { ClientAuthentication } from './client-authentication.js';
import { dpopOf, withoutCredentials } from './client-credentials.js';
import { PushedAuthorizationReply, PushedAuthorizationRequest } from './pushed-request.dto.js';

/** RFC 8707 §2. */
const REPEATABLE = 'resource';

/** Takes authorization requests from clients themselves, before a browser brings them. */
@Controller(PUSHED_REQUEST_PATH)
@Access('public')
@ApiTags('OAuth Protocol')
export class PushedRequestsController {
  constructor(
    private readonly clients: ClientAuthentication,
    private readonly requests: AuthorizationRequests,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Post()
  @NoStore()
  @AcceptsForms(REPEATABLE)
  @ApiOperation({
    operationId: 'PushOAuthAuthorizationRequest',
    summary: 'Push an authorization request (RFC 9126)',
    description:
      'Clients authenticate as at the token endpoint. The reply has a request_uri, which the authorization endpoint takes with the ' +
      'client_id, once and for 60 seconds.',
    security: [],
  })
  @ApiConsumes(FORM, 'application/json')
  @ApiBody({ type: PushedAuthorizationRequest, required: true })
  @ApiResponse({ status: 201, type: PushedAuthorizationReply, description: 'Where the request is' })
  @ApiErrors({
    400: 'The authorization request is invalid (RFC 9126 §2.3)',
    401: 'The client could not be authenticated',
  })
  async push(@Body() body: unknown, @Req() request: FastifyRequest): Promise<PushedAuthorizationReply> {
    const { parameters, values: resources } = readRepeated(body, REPEATABLE);
    const client = await this.clients.authenticate(request, parameters, limitTokens);
    return this.requests.push(
      this.publicUrl.of(''),
      client,
      withoutCredentials(parameters),
      resources,
      dpopOf(request),
      requestContextOf(request, 'rest'),
    );
  }
}
