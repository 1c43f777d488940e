import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '../../../audit/audit-event.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import {
  type ManagedRegistration,
  RegistrationManagementService,
} from '../../../clients/registration/registration-management.service.js';
import { REGISTRATION_PATH } from '../../../config/paths.js';
import { readFlag } from '../../../http/requests/boolean-parameter.js';
import { QueryParameters, RejectsUnknownParameters } from '../../../http/requests/query-parameters.js';
import { onlyMembersOf, readShape } from '../../../http/requests/shape.js';
import { CurrentRegistration } from '../../authentication/authentication.js';
import { ApiErrors, NO_OBJECT } from '../../documentation/api-errors.js';
import {
  ClientSecretCreateRequest,
  ClientSecretListReply,
  IssuedClientSecretReply,
} from '../clients/client-secrets.dto.js';
import { toSecretSubmission, toSecretView } from '../clients/client-secrets.mapper.js';
import { toPaginationMeta } from '../clients/oauth-clients.mapper.js';
import { ApiPageParameters, readPageQuery } from '../clients/oauth-clients.query.js';
import { Managed } from './managed.js';

const MEMBERS = onlyMembersOf(ClientSecretCreateRequest);

/** The secrets of software that registered itself, for the software. They overlap during rotation. */
@Controller(`${REGISTRATION_PATH}/:client_id/secrets`)
@RejectsUnknownParameters()
@ApiTags('OAuth Protocol')
export class RegistrationSecretsController {
  constructor(private readonly management: RegistrationManagementService) {}

  @Post()
  @Managed()
  @ApiOperation({
    operationId: 'CreateOAuthRegistrationSecret',
    summary: 'Issue a client secret to the client itself',
    description: 'If REGISTRATION_SECRET_TTL is set, the secret expires after that time at the latest.',
  })
  @ApiBody({ type: ClientSecretCreateRequest, required: false })
  @ApiResponse({
    status: 201,
    type: IssuedClientSecretReply,
    description: 'The issued secret. No other response contains its value',
  })
  @ApiErrors({
    400: NO_OBJECT,
    422: 'The client has no secrets, it has too many valid secrets, or fields are invalid',
  })
  async issue(
    @CurrentRegistration() { client, token }: ManagedRegistration,
    @Body() body: unknown = {},
    @CurrentContext('registration') context: RequestContext,
  ): Promise<IssuedClientSecretReply> {
    const request = toSecretSubmission(readShape(ClientSecretCreateRequest, body, MEMBERS));
    const { secret, value } = await this.management.issueSecret(client, token!, request, context);
    return { data: { ...toSecretView(secret), client_secret: value } };
  }

  @Get()
  @Managed()
  @ApiOperation({
    operationId: 'ListOAuthRegistrationSecrets',
    summary: 'List the secrets of the client itself',
    description: 'As GET /v2/oauth/clients/{client_id}/secrets. Secret values are not returned.',
  })
  @ApiPageParameters()
  @ApiResponse({
    status: 200,
    type: ClientSecretListReply,
    description: 'A page of unrevoked secrets, newest first',
  })
  @ApiErrors({ 400: 'Query parameters are invalid; invalid_fields lists each' })
  async list(
    @CurrentRegistration() { client: { id } }: ManagedRegistration,
    @Query() query: Record<string, unknown>,
  ): Promise<ClientSecretListReply> {
    const page = readPageQuery(query);
    const { secrets, total } = await this.management.listSecrets(id, page);
    return { data: secrets.map(toSecretView), meta: toPaginationMeta(page, total) };
  }

  @Delete(':secret_id')
  @QueryParameters('force')
  @Managed()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'DeleteOAuthRegistrationSecret',
    summary: 'Revoke a client secret of the client itself',
  })
  @ApiQuery({
    name: 'force',
    required: false,
    type: Boolean,
    description: 'Revoke the secret even if no valid secret remains',
  })
  @ApiResponse({ status: 204, description: 'The secret is revoked' })
  @ApiErrors({
    400: 'force is not true or false',
    404: 'The client has no such secret',
    422: 'It is the last valid secret, and force is not true',
  })
  async revoke(
    @CurrentRegistration() { client, token }: ManagedRegistration,
    @Param('secret_id') secretId: string,
    @Query('force') force: unknown,
    @CurrentContext('registration') context: RequestContext,
  ): Promise<void> {
    await this.management.revokeSecret(client.id, token!, secretId, readFlag('force', force), context);
  }
}
