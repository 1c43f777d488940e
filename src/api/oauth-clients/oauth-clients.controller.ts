import { Body, Controller, Header, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../../auth/access.js';
import { CurrentPrincipal } from '../../auth/current-principal.js';
import type { Principal } from '../../auth/principal.js';
import { ClientsService } from '../../clients/clients.service.js';
import { OAuthError } from '../error.dto.js';
import { PublicUrl } from '../public-url.js';
import { onlyMembersOf, readShape } from '../shape.js';
import { OAuthClientCreateRequest, OAuthClientReply } from './oauth-clients.dto.js';
import { toOAuthClient, toSubmission } from './oauth-clients.mapper.js';

/** The path of the contract, and the one that the published SDKs call. */
const PATHS = ['v2/oauth/clients', 'v2/oauth_clients'];

/** The contract says `additionalProperties: false`. */
const CREATE_MEMBERS = onlyMembersOf(OAuthClientCreateRequest);

/** Customers and their SDKs, each within its own organization. */
@Controller(PATHS)
@Access('member')
@ApiTags('OAuth Clients')
@ApiBearerAuth('bearerAuth')
export class OAuthClientsController {
  constructor(
    private readonly clients: ClientsService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  @Header('Pragma', 'no-cache')
  @ApiOperation({ operationId: 'CreateOAuthClient', summary: 'Create an OAuth client' })
  @ApiBody({ type: OAuthClientCreateRequest, required: true })
  @ApiResponse({ status: 201, type: OAuthClientReply, description: 'The client, and its secret this once' })
  @ApiResponse({ status: 400, type: OAuthError, description: 'The body is no JSON object' })
  @ApiResponse({ status: 401, type: OAuthError, description: 'No credentials, or bad ones' })
  @ApiResponse({
    status: 422,
    type: OAuthError,
    description: 'Fields are invalid: invalid_fields names each',
  })
  async create(
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OAuthClientReply> {
    const shaped = readShape(OAuthClientCreateRequest, body, CREATE_MEMBERS);
    const { client, secret } = await this.clients.create(toSubmission(shaped), principal);
    reply.header('location', this.publicUrl.of(`/${PATHS[0]}/${client.id}`));
    return { data: toOAuthClient(client, secret) };
  }
}
