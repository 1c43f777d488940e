import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../../../auth/principal/access.js';
import { CurrentContext, CurrentPrincipal } from '../../../auth/principal/request-context.js';
import type { RequestContext } from '../../../audit/audit-event.js';
import type { Principal } from '../../../auth/principal/principal.js';
import { ClientsService } from '../../../clients/registry/clients.service.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { CLIENTS_PATHS } from '../../../config/paths.js';
import { OrganizationLimit } from '../../../http/rate-limits/rate-limits.js';
import { ApiErrors, INVALID_FIELDS, NO_OBJECT, UNAUTHORIZED } from '../../documentation/api-errors.js';
import { etagOf, readIfMatch } from '../../../http/requests/etag.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { onlyMembersOf, readShape } from '../../../http/requests/shape.js';
import {
  OAuthClientCreateRequest,
  OAuthClientListReply,
  OAuthClientReply,
  OAuthClientUpdateRequest,
} from './oauth-clients.dto.js';
import { toListReply, toOAuthClient, toSubmission } from './oauth-clients.mapper.js';
import { ApiListParameters, readListQuery } from './oauth-clients.query.js';

/** The contract says `additionalProperties: false`. */
const CREATE_MEMBERS = onlyMembersOf(OAuthClientCreateRequest);
const UPDATE_MEMBERS = onlyMembersOf(OAuthClientUpdateRequest);

const NOT_FOUND = 'No such client in this organization';
const STALE = 'The client was changed since that ETag';
const IF_MATCH = { name: 'If-Match', required: false, description: 'The ETag of the client that is meant' };

/** Customers and their SDKs, each within its own organization. */
@Controller(CLIENTS_PATHS)
@Access('member')
@UseGuards(OrganizationLimit)
@ApiTags('OAuth Clients')
@ApiBearerAuth('bearerAuth')
export class OAuthClientsController {
  constructor(
    private readonly clients: ClientsService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Post()
  @NoStore()
  @ApiOperation({ operationId: 'CreateOAuthClient', summary: 'Create an OAuth client' })
  @ApiBody({ type: OAuthClientCreateRequest, required: true })
  @ApiResponse({ status: 201, type: OAuthClientReply, description: 'The client, and its secret this once' })
  @ApiErrors({ 400: NO_OBJECT, 401: UNAUTHORIZED, 422: INVALID_FIELDS })
  async create(
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @CurrentContext('rest') context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OAuthClientReply> {
    const shaped = readShape(OAuthClientCreateRequest, body, CREATE_MEMBERS);
    const { client, secret } = await this.clients.create(toSubmission(shaped), principal, 'api', context);
    reply
      .header('location', this.publicUrl.of(`/${CLIENTS_PATHS[0]}/${client.id}`))
      .header('etag', etagOf(client));
    return { data: toOAuthClient(client, secret) };
  }

  @Get()
  @ApiOperation({ operationId: 'ListOAuthClients', summary: 'List the OAuth clients of the organization' })
  @ApiListParameters()
  @ApiResponse({
    status: 200,
    type: OAuthClientListReply,
    description: 'A page of clients, the newest first',
  })
  @ApiErrors({
    400:
      'Query parameters are invalid, or the clients of the page are larger than 1.5 MiB together: then invalid_fields says at ' +
      'page[size] how many of them fit. The default of 20 always does where each was created by one request',
    401: UNAUTHORIZED,
  })
  async list(
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() { orgId }: Principal,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<OAuthClientListReply> {
    const { filter, page } = readListQuery(query);
    return toListReply(await this.clients.list(filter, orgId, page, context), page);
  }

  @Get(':client_id')
  @ApiOperation({
    operationId: 'GetOAuthClient',
    summary: 'Get an OAuth client',
    description:
      'One that an operator has disabled also has "status": "disabled", here and wherever else it is shown.',
  })
  @ApiResponse({ status: 200, type: OAuthClientReply, description: 'The client, without its secret' })
  @ApiErrors({ 401: UNAUTHORIZED, 404: NOT_FOUND })
  async get(
    @Param('client_id') id: string,
    @CurrentPrincipal() { orgId }: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OAuthClientReply> {
    const client = await this.clients.get({ id, orgId });
    reply.headers({ etag: etagOf(client), 'cache-control': 'private, no-cache' });
    return { data: toOAuthClient(client) };
  }

  @Put(':client_id')
  @ApiOperation({
    operationId: 'UpdateOAuthClient',
    summary: 'Change an OAuth client; what is left out stays',
  })
  @ApiHeader(IF_MATCH)
  @ApiBody({ type: OAuthClientUpdateRequest, required: true })
  @ApiResponse({ status: 200, type: OAuthClientReply, description: 'The client as it is now' })
  @ApiErrors({ 400: NO_OBJECT, 401: UNAUTHORIZED, 404: NOT_FOUND, 412: STALE, 422: INVALID_FIELDS })
  async update(
    @Param('client_id') id: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentPrincipal() { orgId }: Principal,
    @CurrentContext('rest') context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OAuthClientReply> {
    const shaped = readShape(OAuthClientUpdateRequest, body, UPDATE_MEMBERS);
    const client = await this.clients.update(
      { id, orgId },
      toSubmission(shaped),
      readIfMatch(ifMatch),
      context,
    );
    reply.header('etag', etagOf(client));
    return { data: toOAuthClient(client) };
  }

  @Delete(':client_id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'DeleteOAuthClient', summary: 'Delete an OAuth client and its secrets' })
  @ApiHeader(IF_MATCH)
  @ApiResponse({ status: 204, description: 'The client is gone' })
  @ApiErrors({ 401: UNAUTHORIZED, 404: NOT_FOUND, 412: STALE })
  async remove(
    @Param('client_id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentPrincipal() { orgId }: Principal,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<void> {
    await this.clients.remove({ id, orgId }, readIfMatch(ifMatch), context);
  }
}
