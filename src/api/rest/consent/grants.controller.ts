import { Controller, Delete, Get, Param, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '../../../audit/audit-event.js';
import { Access } from '../../../auth/principal/access-roles.js';
import type { Principal } from '../../../auth/principal/principal.js';
import { CurrentContext, CurrentPrincipal } from '../../../auth/principal/request-context.js';
import { GrantsService } from '../../../authorization/grants/grants.service.js';
import type { Grant } from '../../../authorization/grants/grant.js';
import { ApiErrors, UNAUTHORIZED } from '../../documentation/api-errors.js';
import { toPaginationMeta } from '../clients/oauth-clients.mapper.js';
import { ApiPageParameters, readPageQuery } from '../clients/oauth-clients.query.js';
import { OrganizationLimit } from '../../../http/rate-limits/rate-limits.js';
import { RejectsUnknownParameters } from '../../../http/requests/query-parameters.js';
import { GrantListReply, GrantReply, type GrantView } from './grants.dto.js';

const NOT_FOUND = 'The grant does not exist, is revoked, or is another user’s';

/** The grants of the calling user. The published SDKs call the first path. */
@Controller(['v2/oauth_grants', 'v2/oauth/grants'])
@RejectsUnknownParameters()
@Access('member')
@UseGuards(OrganizationLimit)
@ApiTags('OAuth Protocol')
@ApiBearerAuth('bearerAuth')
export class GrantsController {
  constructor(private readonly grants: GrantsService) {}

  @Get()
  @ApiOperation({ operationId: 'ListOAuthGrants', summary: 'List the grants of the calling user' })
  @ApiPageParameters()
  @ApiResponse({ status: 200, type: GrantListReply, description: 'A page of grants, newest first' })
  @ApiErrors({ 400: 'Query parameters are invalid; invalid_fields lists each', 401: UNAUTHORIZED })
  async list(
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() user: Principal,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<GrantListReply> {
    const page = readPageQuery(query);
    const { grants, total } = await this.grants.list(user, page, context);
    return { data: grants.map(toView), meta: toPaginationMeta(page, total) };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'GetOAuthGrant', summary: 'Get a grant of the calling user' })
  @ApiResponse({ status: 200, type: GrantReply, description: 'The grant' })
  @ApiErrors({ 400: 'Query parameters are invalid', 401: UNAUTHORIZED, 404: NOT_FOUND })
  async get(@Param('id') id: string, @CurrentPrincipal() user: Principal): Promise<GrantReply> {
    return { data: toView(await this.grants.get(id, user)) };
  }

  @Delete(':id')
  @ApiOperation({
    operationId: 'RevokeOAuthGrant',
    summary: 'Revoke a grant of the calling user',
    description: 'Its authorization codes, access tokens and refresh tokens end at once.',
  })
  @ApiResponse({ status: 200, type: GrantReply, description: 'The revoked grant' })
  @ApiErrors({ 400: 'Query parameters are invalid', 401: UNAUTHORIZED, 404: NOT_FOUND })
  async revoke(
    @Param('id') id: string,
    @CurrentPrincipal() user: Principal,
    @CurrentContext('rest') context: RequestContext,
  ): Promise<GrantReply> {
    return { data: toView(await this.grants.revoke(id, user, context)) };
  }
}

const toView = ({ id, clientId, createdAt, scopes, lastUsedAt }: Grant): GrantView => ({
  id,
  client_id: clientId,
  created_at: createdAt.toISOString(),
  record_type: 'oauth_grant',
  scopes: [...new Set(Object.values(scopes).flat())],
  resources: Object.entries(scopes).map(([identifier, each]) => ({ identifier, scopes: each })),
  last_used_at: lastUsedAt?.toISOString() ?? null,
});
