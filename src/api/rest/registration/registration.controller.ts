import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../../../auth/principal/access-roles.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import { QueryParameters, RejectsUnknownParameters } from '../../../http/requests/query-parameters.js';
import type { RequestContext } from '../../../audit/audit-event.js';
import {
  type RegistrationPermit,
  RegistrationsService,
} from '../../../clients/registration/registrations.service.js';
import {
  type ManagedRegistration,
  RegistrationManagementService,
} from '../../../clients/registration/registration-management.service.js';
import { SoftwareStatementsService } from '../../../clients/software-statements/software-statements.service.js';
import { countsAsAbsent, STORED_MEMBERS, classifyMember } from '../../../policy/metadata-members.js';
import type { Client } from '../../../clients/client/client.js';
import { CONFIG, type Config } from '../../../config/variables.js';
import { CurrentPermit, CurrentRegistration } from '../../authentication/authentication.js';
import { readFlag } from '../../../http/requests/boolean-parameter.js';
import { readShape, requireObject } from '../../../http/requests/shape.js';
import { REGISTRATION_PATH } from '../../../config/paths.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { ApiErrors } from '../../documentation/api-errors.js';
import type { ClientRequest } from '../../../clients/client/client-request.js';
import {
  ExtendedRegistrationRequest,
  RegistrationError,
  RegistrationRequest,
  RegistrationResponse,
} from './registration.dto.js';
import { Managed } from './managed.js';
import {
  type Management,
  type RegisteredMetadata,
  toMetadata,
  toResponse,
  toClientRequest,
} from './registration.mapper.js';

const ApiInvalidMetadata = () =>
  ApiErrors({ 400: 'The metadata is invalid; invalid_fields lists each invalid field' }, RegistrationError);

/** Dynamic registration (RFC 7591) and its management (RFC 7592). An authenticated caller owns the clients that it registers. */
@Controller(REGISTRATION_PATH)
@RejectsUnknownParameters()
@Access('optional')
@ApiTags('OAuth Protocol')
export class RegistrationController {
  constructor(
    private readonly registrations: RegistrationsService,
    private readonly management: RegistrationManagementService,
    private readonly softwareStatements: SoftwareStatementsService,
    private readonly publicUrl: PublicUrl,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  @QueryParameters('dry_run')
  @NoStore()
  @ApiOperation({
    operationId: 'RegisterOAuthClient',
    summary: 'Register an OAuth client dynamically (RFC 7591)',
    description:
      `The metadata profiles "registered" and "lenient" also accept and return ${[...STORED_MEMBERS].join(', ')} ` +
      'and localized members such as client_name#ja. In these profiles token_endpoint_auth_method can be ' +
      'private_key_jwt, which requires jwks_uri or jwks and has no client secret; ' +
      'token_endpoint_auth_signing_alg sets the asymmetric algorithm for its assertions. ' +
      'A response with client_secret also contains client_secret_expires_at. Responses contain the members of RFC 7592 §3. ' +
      'With ?dry_run=true the request is validated and nothing is stored. The response is 200 with the metadata that would be ' +
      'registered, or the validation error. If the issuer of a software_statement is trusted, its claims override the ' +
      'members of the request, and the statement is returned unchanged. Authentication is optional: with an API key, a JWT or an ' +
      'initial access token (RFC 7591 §3) the client belongs to the organization of the credential. An initial access token can ' +
      'restrict grant types, scopes and redirect hosts. If shared clients are enabled, anonymous registrations of a public client, or of one with a software_statement, ' +
      'with equal metadata return the same client_id, without a registration access token (RFC 7591 §3.2.1). Its registration_client_uri can be read without a token; PUT and DELETE get a 403.',
    security: [],
  })
  @ApiBody({ type: RegistrationRequest, required: true })
  @ApiResponse({
    status: 201,
    type: RegistrationResponse,
    description: 'The registered client. No other response contains the secret',
  })
  @ApiInvalidMetadata()
  async register(
    // The published JavaScript SDK omits an empty body
    @Body() body: unknown = {},
    @CurrentPermit() permit: RegistrationPermit,
    @CurrentContext('registration') context: RequestContext,
    // Read as a whole, so that the documented operation matches the contract
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RegistrationResponse | RegisteredMetadata> {
    const submission = await this.read(body);
    if (readFlag('dry_run', query.dry_run)) {
      reply.status(200);
      return toMetadata(this.registrations.preview(submission, permit));
    }
    const { client, secret, registrationToken } = await this.registrations.register(
      submission,
      permit,
      context,
    );
    return toResponse(client, secret, this.managementOf(client.id, registrationToken));
  }

  @Get(':client_id')
  @Managed({ isTokenRequired: false })
  @ApiErrors({ 400: 'Query parameters are invalid' })
  @ApiOperation({
    operationId: 'GetOAuthRegistration',
    summary: 'Read a registration (RFC 7592 §2.1)',
    description: 'A shared client is read without a registration access token.',
  })
  @ApiResponse({ status: 200, type: RegistrationResponse, description: 'The client without its secret' })
  get(@CurrentRegistration() { client, token }: ManagedRegistration): RegistrationResponse {
    // Callers who know no more than the client_id of a shared client could register with its statement
    const shown = token === null ? withoutStatement(client) : client;
    return toResponse(shown, null, this.managementOf(client.id, token));
  }

  @Put(':client_id')
  @Managed()
  @ApiOperation({
    operationId: 'UpdateOAuthRegistration',
    summary: 'Replace a registration (RFC 7592 §2.2)',
    description:
      'Omitted members are reset to their defaults. The body must contain the client_id. If it contains a client_secret, the ' +
      'secret must be valid. The response contains a new registration access token. The previous one is valid until the new one is used. If REGISTRATION_SECRET_TTL is set and all secrets of the client expire soon, it also contains a new client_secret. ' +
      'A client whose software statement has expired must send another one; that enables it again.',
  })
  @ApiBody({ type: RegistrationRequest, required: true })
  @ApiResponse({ status: 200, type: RegistrationResponse, description: 'The updated client' })
  @ApiInvalidMetadata()
  async replace(
    @CurrentRegistration() { client: registered, token }: ManagedRegistration,
    @Body() body: unknown,
    @CurrentContext('registration') context: RequestContext,
  ): Promise<RegistrationResponse> {
    const { client_id: clientId, client_secret: clientSecret, ...rest } = requireObject(body);
    const { client, secret, registrationToken } = await this.management.replace(
      registered,
      token!,
      async (knownStatement) => ({
        submission: await this.read(rest, knownStatement),
        clientId,
        clientSecret,
      }),
      context,
    );
    return toResponse(client, secret, this.managementOf(client.id, registrationToken));
  }

  @Delete(':client_id')
  @Managed()
  @ApiErrors({ 400: 'Query parameters are invalid' })
  @HttpCode(204)
  @ApiOperation({ operationId: 'DeleteOAuthRegistration', summary: 'Delete a registration (RFC 7592 §2.3)' })
  @ApiResponse({
    status: 204,
    description: 'The client, its secrets and its registration access token are deleted',
  })
  async remove(
    @CurrentRegistration() { client, token }: ManagedRegistration,
    @CurrentContext('registration') context: RequestContext,
  ): Promise<void> {
    await this.management.remove(client.id, token!, context);
  }

  /** @param known the stored software statement, which applies unless the request contains another */
  private async read(body: unknown, known?: string): Promise<ClientRequest> {
    const { registrationMetadata: profile } = this.config;
    const request = profile === 'strict' ? RegistrationRequest : ExtendedRegistrationRequest;
    const sort = (member: string, value: unknown) =>
      countsAsAbsent(member, value, profile) ? 'ignored' : classifyMember(member, profile);
    const { software_statement: sent } = requireObject(body);
    const statement = sent === undefined ? known : sent;
    const isRead = this.softwareStatements.areTaken && sort('software_statement', statement) !== 'rejected';
    if (statement === undefined || !(isRead || statement === known)) {
      return toClientRequest(readShape(request, body, sort));
    }
    const { claims, ...reading } = await this.softwareStatements.read(statement, known);
    const { software_statement: _, ...said } = requireObject(body);
    const members = attest(
      said,
      Object.entries(claims).filter(([claim, value]) => sort(claim, value) === 'accepted'),
    );
    return toClientRequest(readShape(request, members, sort), reading);
  }

  private managementOf(id: string, token: string | null): Management {
    return {
      ...(token !== null && { registration_access_token: token }),
      registration_client_uri: this.publicUrl.ofRegistration(id),
    };
  }
}

/** Claims of a software statement override members (RFC 7591 §2.3), including their localized variants (§2.2). */
function attest(said: Record<string, unknown>, claims: [string, unknown][]): Record<string, unknown> {
  const baseOf = (member: string) => member.split('#')[0];
  const attested = new Set(claims.map(([claim]) => baseOf(claim)));
  const rest = Object.entries(said).filter(([member]) => !attested.has(baseOf(member)));
  return Object.fromEntries([...rest, ...claims]);
}

const withoutStatement = ({ metadata, ...client }: Client): Client => ({
  ...client,
  metadata: { ...metadata, softwareStatement: undefined },
});
