import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Access } from '../../../auth/principal/access-roles.js';
import { CurrentContext, CurrentPrincipal } from '../../../auth/principal/request-context.js';
import type { RequestContext } from '../../../audit/audit-event.js';
import type { Principal } from '../../../auth/principal/principal.js';
import { ClientSecretsService } from '../../../clients/secrets/client-secrets.service.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { ApiErrors, NO_OBJECT, UNAUTHORIZED } from '../../documentation/api-errors.js';
import { readFlag } from '../../../http/requests/boolean-parameter.js';
import { QueryParameters, RejectsUnknownParameters } from '../../../http/requests/query-parameters.js';
import { OrganizationLimit } from '../../../http/rate-limits/rate-limits.js';
import { onlyMembersOf, readShape } from '../../../http/requests/shape.js';
import {
  ClientSecretCreateRequest,
  ClientSecretListReply,
  IssuedClientSecretReply,
} from './client-secrets.dto.js';
import { toSecretSubmission, toSecretView } from './client-secrets.mapper.js';
import { toPaginationMeta } from './oauth-clients.mapper.js';
import { ApiPageParameters, readPageQuery } from './oauth-clients.query.js';

const MEMBERS = onlyMembersOf(ClientSecretCreateRequest);
const NOT_FOUND = 'The organization has no such client or secret';

/** The secrets of a client; they overlap during rotation. */
@Controller(['v2/oauth/clients/:client_id/secrets', 'v2/oauth_clients/:client_id/secrets'])
@RejectsUnknownParameters()
@Access('member')
@UseGuards(OrganizationLimit)
@ApiTags('OAuth Clients')
@ApiBearerAuth('bearerAuth')
export class ClientSecretsController {
  constructor(private readonly secrets: ClientSecretsService) {}

  @Post()
  @NoStore()
  @ApiOperation({
    operationId: 'CreateOAuthClientSecret',
    summary: 'Issue a client secret',
  })
  @ApiBody({ type: ClientSecretCreateRequest, required: false })
  @ApiResponse({
    status: 201,
    type: IssuedClientSecretReply,
    description: 'The issued secret. No other response contains its value',
  })
  @ApiErrors({
    400: NO_OBJECT,
    401: UNAUTHORIZED,
    404: NOT_FOUND,
    422: 'The client has no secrets, it has too many valid secrets, or fields are invalid',
  })
  async issue(
    @Param('client_id') id: string,
    @Body() body: unknown = {},
    @CurrentPrincipal() { orgId }: Principal,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<IssuedClientSecretReply> {
    const request = toSecretSubmission(readShape(ClientSecretCreateRequest, body, MEMBERS));
    const { secret, value } = await this.secrets.issue({ id, orgId }, request, context);
    return { data: { ...toSecretView(secret), client_secret: value } };
  }

  @Get()
  @ApiOperation({
    operationId: 'ListOAuthClientSecrets',
    summary: 'List the secrets of a client',
    description:
      'Secret values are not returned. A client can have 10 valid secrets. Expired secrets are listed until they are purged: after ' +
      'DELETED_CLIENT_RETENTION, or if 100 other secrets expired or were revoked since.',
  })
  @ApiPageParameters()
  @ApiResponse({
    status: 200,
    type: ClientSecretListReply,
    description: 'A page of unrevoked secrets, newest first',
  })
  @ApiErrors({
    400: 'Query parameters are invalid; invalid_fields lists each',
    401: UNAUTHORIZED,
    404: NOT_FOUND,
  })
  async list(
    @Param('client_id') id: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() { orgId }: Principal,
  ): Promise<ClientSecretListReply> {
    const page = readPageQuery(query);
    const { secrets, total } = await this.secrets.list({ id, orgId }, page);
    return { data: secrets.map(toSecretView), meta: toPaginationMeta(page, total) };
  }

  @Delete(':secret_id')
  @QueryParameters('force')
  @HttpCode(204)
  @ApiOperation({ operationId: 'DeleteOAuthClientSecret', summary: 'Revoke a client secret' })
  @ApiQuery({
    name: 'force',
    required: false,
    type: Boolean,
    description: 'Revoke the secret even if no valid secret remains',
  })
  @ApiResponse({ status: 204, description: 'The secret is revoked' })
  @ApiErrors({
    400: 'force is not true or false',
    401: UNAUTHORIZED,
    404: NOT_FOUND,
    422: 'It is the last valid secret, and force is not true',
  })
  async revoke(
    @Param('client_id') id: string,
    @Param('secret_id') secretId: string,
    @Query('force') force: unknown,
    @CurrentPrincipal() { orgId }: Principal,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<void> {
    await this.secrets.revoke({ id, orgId }, secretId, readFlag('force', force), context);
  }
}
