import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Authenticator } from '../../../auth/authenticator.js';
import { isBasic } from '../../../auth/basic-credentials.js';
import { bearerToken } from '../../../auth/bearer-token.js';
import { Access } from '../../../auth/principal/access-roles.js';
import { requestContextOf, tokenContextOf } from '../../../auth/principal/request-context.js';
import { type Caller, TokenLookup } from '../../../authorization/issuance/token-lookup.js';
import { type IssuedTokens, TokenIssuer } from '../../../authorization/issuance/token-issuer.js';
import { RegistryError } from '../../../errors/registry-error.js';
import { FORM } from '../../../http/requests/form-body.js';
import { type Parameters, readParameters } from '../../../http/requests/parameters.js';
import { AcceptsForms } from '../../../http/requests/request-body.js';
import { countTokenBytes, limitPublicClients, limitTokens } from '../../../http/rate-limits/rate-limits.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { ApiErrors } from '../../documentation/api-errors.js';
import { ClientAuthentication } from './client-authentication.js';
import { dpopOf, withoutCredentials } from './client-credentials.js';
import { TokenIntrospection, TokenReference, TokenRequest, TokenResponse } from './token.dto.js';
import { toIntrospection } from './token.mapper.js';

const INVALID_CLIENT = 'The client could not be authenticated';

/** Issues, introspects and revokes tokens. */
@Controller('v2/oauth')
@Access('public')
@ApiTags('OAuth Protocol')
export class TokenController {
  constructor(
    private readonly clients: ClientAuthentication,
    private readonly issuer: TokenIssuer,
    private readonly tokens: TokenLookup,
    private readonly authenticator: Authenticator,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Post('token')
  @HttpCode(200)
  @NoStore()
  @AcceptsForms()
  @ApiOperation({
    operationId: 'IssueOAuthToken',
    summary: 'Issue tokens (RFC 6749 §3.2)',
    description:
      'Clients authenticate as they registered. A Bearer header is ignored. For 10 s, the same request with a replaced refresh token gets ' +
      'the same reply.',
    security: [],
  })
  @ApiConsumes(FORM, 'application/json')
  @ApiBody({ type: TokenRequest, required: true })
  @ApiResponse({ status: 200, type: TokenResponse, description: 'The tokens' })
  @ApiErrors({ 400: 'The request or grant is invalid (RFC 6749 §5.2)', 401: INVALID_CLIENT })
  async token(@Body() body: unknown, @Req() request: FastifyRequest): Promise<IssuedTokens> {
    const parameters = readParameters(body);
    const client = await this.clients.authenticate(request, parameters, limitTokens);
    const { tokens, storedBytes } = await this.issuer.issue(
      this.publicUrl.of(''),
      client,
      withoutCredentials(parameters),
      dpopOf(request),
      tokenContextOf(request),
    );
    await countTokenBytes(request, client, storedBytes);
    return tokens;
  }

  @Post('introspect')
  @HttpCode(200)
  @NoStore()
  @AcceptsForms()
  @ApiOperation({
    operationId: 'IntrospectOAuthToken',
    summary: 'Introspect a token (RFC 7662)',
    description:
      'The caller is a client, which learns of its own tokens, or has an API key or JWT: service and admin learn of any token, ' +
      'member of those of clients of its organization.',
  })
  @ApiSecurity('bearerAuth')
  @ApiConsumes(FORM, 'application/json')
  @ApiBody({ type: TokenReference, required: true })
  @ApiResponse({ status: 200, type: TokenIntrospection, description: 'What the token stands for' })
  @ApiErrors({ 400: 'The request is malformed', 401: INVALID_CLIENT })
  async introspect(@Body() body: unknown, @Req() request: FastifyRequest): Promise<TokenIntrospection> {
    const parameters = readParameters(body);
    const caller = await this.callerOf(request, parameters);
    const issuer = this.publicUrl.of('');
    return toIntrospection(await this.tokens.findActive(issuer, tokenOf(parameters), caller), issuer);
  }

  @Post('revoke')
  @HttpCode(200)
  @NoStore()
  @AcceptsForms()
  @ApiOperation({
    operationId: 'RevokeOAuthToken',
    summary: 'Revoke a token (RFC 7009)',
    description:
      'Revokes a token of the calling client; with a refresh token, its grant. The reply is the same for a token that does not exist.',
    security: [],
  })
  @ApiConsumes(FORM, 'application/json')
  @ApiBody({ type: TokenReference, required: true })
  @ApiResponse({ status: 200, description: 'The token is not valid any more' })
  @ApiErrors({ 400: 'The request is malformed', 401: INVALID_CLIENT })
  async revoke(@Body() body: unknown, @Req() request: FastifyRequest): Promise<void> {
    const parameters = readParameters(body);
    const client = await this.clients.authenticate(request, parameters, limitPublicClients);
    const context = requestContextOf(request, 'rest');
    await this.tokens.revoke(this.publicUrl.of(''), tokenOf(parameters), client, context);
  }

  private async callerOf(request: FastifyRequest, parameters: Parameters): Promise<Caller> {
    const { authorization } = request.headers;
    const isClient =
      isBasic(authorization) ||
      parameters.client_id !== undefined ||
      parameters.client_assertion !== undefined;
    if (isClient && bearerToken(authorization) === undefined) {
      return { client: await this.clients.authenticate(request, parameters, limitPublicClients) };
    }
    const principal = await this.authenticator.authenticate(request, 'introspection', 'rest');
    return { principal: principal! };
  }
}

function tokenOf({ token }: Parameters): string {
  if (token === undefined) throw new RegistryError('invalid_request', 'token is missing.');
  return token;
}
