import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { RequestContext } from '../../../audit/audit-event.js';
import { Access } from '../../../auth/principal/access-roles.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import { ClientAuthenticator } from '../../../clients/authentication/client-authenticator.js';
import { CLIENTS_PATHS } from '../../../config/paths.js';
import { limitAssertions, limitFailedClient } from '../../../http/rate-limits/rate-limits.js';
import { FORM } from '../../../http/requests/form-body.js';
import { AcceptsForms } from '../../../http/requests/request-body.js';
import { RejectsUnknownParameters } from '../../../http/requests/query-parameters.js';
import { onlyMembersOf, readShape } from '../../../http/requests/shape.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { ApiErrors, INVALID_FIELDS, NO_OBJECT, UNAUTHORIZED } from '../../documentation/api-errors.js';
import { ClientAuthenticationReply, ClientAuthenticationRequest } from './client-authentication.dto.js';
import { isFailedAttempt, toClientCredentials, toReply } from './client-authentication.mapper.js';

const MEMBERS = onlyMembersOf(ClientAuthenticationRequest);

/** Authenticates clients for authorization servers that are not part of this service. */
@Controller(CLIENTS_PATHS.map((path) => `${path}/authenticate`))
@RejectsUnknownParameters()
@Access('service')
@ApiTags('OAuth Clients')
@ApiBearerAuth('bearerAuth')
export class ClientAuthenticationController {
  constructor(private readonly authenticator: ClientAuthenticator) {}

  @Post()
  @HttpCode(200)
  @NoStore()
  @AcceptsForms()
  @ApiOperation({
    operationId: 'AuthenticateOAuthClient',
    summary: 'Authenticate an OAuth client',
    description:
      'Verifies the credentials that a client sent to your authorization server. Requires the service or admin role. Clients of all ' +
      'organizations are found. A success updates the last use of the client and of its secret. Each jti of an assertion is accepted once.',
  })
  @ApiConsumes('application/json', FORM)
  @ApiBody({ type: ClientAuthenticationRequest, required: true })
  @ApiResponse({
    status: 200,
    type: ClientAuthenticationReply,
    description: 'The result: an active client, or the reason why it is not active',
  })
  @ApiErrors({
    400: NO_OBJECT,
    401: UNAUTHORIZED,
    403: 'The role of the caller is neither service nor admin',
    422: INVALID_FIELDS,
    429: 'Too many failed authentications (RATE_LIMIT_FAILED_AUTH) or assertions (RATE_LIMIT_TOKEN_BYTES) of this client',
  })
  async authenticate(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<ClientAuthenticationReply> {
    const credentials = toClientCredentials(readShape(ClientAuthenticationRequest, body, MEMBERS));
    const result = await this.authenticator.authenticate(credentials, context, (client, bytes) =>
      limitAssertions(request, client, bytes),
    );
    if (isFailedAttempt(result)) await limitFailedClient(request, credentials.clientId);
    return toReply(result);
  }
}
