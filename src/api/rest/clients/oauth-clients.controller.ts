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
import { Access } from '../../../auth/principal/access-roles.js';
import { CurrentContext, CurrentPrincipal } from '../../../auth/principal/request-context.js';
import type { RequestContext } from '../../../audit/audit-event.js';
import { lookupScope, type Principal } from '../../../auth/principal/principal.js';
import { ClientsService } from '../../../clients/registry/clients.service.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { CLIENTS_PATHS } from '../../../config/paths.js';
import { OrganizationLimit } from '../../../http/rate-limits/rate-limits.js';
import { ApiErrors, INVALID_FIELDS, NO_OBJECT, UNAUTHORIZED } from '../../documentation/api-errors.js';
import { etagOf, readIfMatch } from '../../../http/requests/etag.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { RejectsUnknownParameters } from '../../../http/requests/query-parameters.js';
import { onlyMembersOf, readShape } from '../../../http/requests/shape.js';
import {
  OAuthClientCreateRequest,
  OAuthClientListReply,
  OAuthClientReply,
  OAuthClientUpdateRequest,
} from './oauth-clients.dto.js';
import { toListReply, toLookedUpClient, toOAuthClient, toClientRequest } from './oauth-clients.mapper.js';
import { ApiListParameters, readListQuery } from './oauth-clients.query.js';

/** The contract has `additionalProperties: false`. */
const CREATE_MEMBERS = onlyMembersOf(OAuthClientCreateRequest);
const UPDATE_MEMBERS = onlyMembersOf(OAuthClientUpdateRequest);

const NOT_FOUND = 'The organization has no such client';
const STALE = 'The ETag in If-Match is not that of the current version';
const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description: 'The ETag of the client, to prevent lost updates',
};

/** Clients of the caller's own organization; the role service gets those of any by id. */
@Controller(CLIENTS_PATHS)
@RejectsUnknownParameters()
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
  @ApiResponse({
    status: 201,
    type: OAuthClientReply,
    description: 'The created client. No other response contains the secret',
  })
  @ApiErrors({ 400: NO_OBJECT, 401: UNAUTHORIZED, 422: INVALID_FIELDS })
  async create(
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @CurrentContext('rest') context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OAuthClientReply> {
    const shaped = readShape(OAuthClientCreateRequest, body, CREATE_MEMBERS);
    const { client, secret } = await this.clients.create(toClientRequest(shaped), principal, 'api', context);
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
    description: 'A page of clients, newest first',
  })
  @ApiErrors({
    400:
      'Query parameters are invalid, or the page exceeds 1.5 MiB. In that case invalid_fields contains the page[size] that ' +
      'fits. The default of 20 fits for clients created by one request each',
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
  @Access('client-lookup')
  @ApiOperation({
    operationId: 'GetOAuthClient',
    summary: 'Get an OAuth client',
    description:
      'A disabled client also has "status": "disabled" in every response. The role service gets clients of any organization, ' +
      'with the members that only registrations have; its allowed_grant_types are those that the client may use.',
  })
  @ApiResponse({ status: 200, type: OAuthClientReply, description: 'The client without its secret' })
  @ApiErrors({ 400: 'Query parameters are invalid', 401: UNAUTHORIZED, 404: NOT_FOUND })
  async get(
    @Param('client_id') id: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OAuthClientReply> {
    const client = await this.clients.get({ id, ...lookupScope(principal) });
    reply.headers({ etag: etagOf(client), 'cache-control': 'private, no-cache' });
    const toView = principal.role === 'service' ? toLookedUpClient : toOAuthClient;
    return { data: toView(client) };
  }

  @Put(':client_id')
  @ApiOperation({
    operationId: 'UpdateOAuthClient',
    summary: 'Update an OAuth client',
    description: 'Omitted fields keep their value.',
  })
  @ApiHeader(IF_MATCH)
  @ApiBody({ type: OAuthClientUpdateRequest, required: true })
  @ApiResponse({ status: 200, type: OAuthClientReply, description: 'The updated client' })
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
      toClientRequest(shaped),
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
  @ApiResponse({ status: 204, description: 'The client is deleted' })
  @ApiErrors({ 400: 'Query parameters are invalid', 401: UNAUTHORIZED, 404: NOT_FOUND, 412: STALE })
  async remove(
    @Param('client_id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentPrincipal() { orgId }: Principal,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<void> {
    await this.clients.remove({ id, orgId }, readIfMatch(ifMatch), context);
  }
}
