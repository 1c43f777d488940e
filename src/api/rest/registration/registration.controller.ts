import {
  applyDecorators,
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../../../auth/principal/access.js';
import { CurrentContext } from '../../../auth/principal/request-context.js';
import type { RequestContext } from '../../../audit/audit-event.js';
import type { Client } from '../../../clients/client/client.js';
import {
  type RegistrationPermit,
  RegistrationsService,
} from '../../../clients/registration/registrations.service.js';
import { SoftwareStatementsService } from '../../../clients/software-statements/software-statements.service.js';
import { requireRegistrationToken } from '../../../auth/bearer-token.js';
import { countsAsAbsent, STORED_MEMBERS, treatMember } from '../../../policy/metadata-members.js';
import { CONFIG, type Config } from '../../../config/variables.js';
import { CurrentPermit, CurrentRegistration } from '../../authentication/authentication.js';
import { readFlag } from '../../../http/requests/boolean-parameter.js';
import { readShape, requireObject } from '../../../http/requests/shape.js';
import { REGISTRATION_PATH } from '../../../config/paths.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { NoStore } from '../../../http/responses/default-headers.js';
import { ApiErrors } from '../../documentation/api-errors.js';
import type { Submission } from '../../../clients/client/client-request.js';
import { RegistryError } from '../../../errors/registry-error.js';
import {
  ExtendedRegistrationRequest,
  RegistrationError,
  RegistrationRequest,
  RegistrationResponse,
} from './registration.dto.js';
import {
  type Management,
  type RegisteredMetadata,
  toMetadata,
  toResponse,
  toSubmission,
} from './registration.mapper.js';

/** An operation on a registration, whose token is checked before the body is read (RFC 7592 §2). */
const Managed = () =>
  applyDecorators(
    Access('public'),
    NoStore(),
    ApiHeader({
      name: 'Authorization',
      required: true,
      description: 'Bearer and the registration_access_token',
    }),
    ApiErrors({
      401: 'No registration access token, or a wrong one',
      403: 'An operator has disabled the client',
    }),
  );

const ApiInvalidMetadata = () =>
  ApiErrors({ 400: 'Metadata is invalid: invalid_fields names each' }, RegistrationError);

/** Software that registers itself (RFC 7591). Open to anyone; a caller who is known owns what it registers. */
@Controller(REGISTRATION_PATH)
@Access('optional')
@ApiTags('OAuth Protocol')
export class RegistrationController {
  constructor(
    private readonly registrations: RegistrationsService,
    private readonly softwareStatements: SoftwareStatementsService,
    private readonly publicUrl: PublicUrl,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  @NoStore()
  @ApiOperation({
    operationId: 'RegisterOAuthClient',
    summary: 'Register an OAuth client dynamically (RFC 7591)',
    description:
      `Beyond the documented members, the profiles "registered" and "lenient" read ${[...STORED_MEMBERS].join(', ')} ` +
      'and translations such as client_name#ja, and return them. They also ' +
      'take the token_endpoint_auth_method private_key_jwt, which needs jwks_uri or jwks and gets no secret; ' +
      'token_endpoint_auth_signing_alg may say which asymmetric algorithm its assertions must be signed with. ' +
      'A reply with a client_secret also has client_secret_expires_at, and every reply what RFC 7592 §3 adds. ' +
      'With ?dry_run=true everything is judged, nothing is stored, and the reply is 200 with what would be granted, or the ' +
      'error that there would be. Where the operator trusts its issuer, the claims of a software_statement win over the ' +
      'members of the request, and it is returned as it was sent. Credentials are optional: with an API key, a JWT or an ' +
      'initial access token (RFC 7591 §3) the client belongs to its organization, and an initial access token may ' +
      'narrow what is granted. Where the operator lets software share clients, an anonymous registration of a public client ' +
      'that asks for the same as another gets the same client_id, and nothing to manage it with (RFC 7591 §3.2.1).',
    security: [],
  })
  @ApiBody({ type: RegistrationRequest, required: true })
  @ApiResponse({
    status: 201,
    type: RegistrationResponse,
    description: 'The client, and its secret this once',
  })
  @ApiInvalidMetadata()
  async register(
    // The published JavaScript SDK sends no body at all where it asks for nothing
    @Body() body: unknown = {},
    @CurrentPermit() permit: RegistrationPermit,
    @CurrentContext('registration') context: RequestContext,
    // Taken as a whole, so that the documented operation stays that of the contract
    @Query() { dry_run: dryRun, ...others }: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RegistrationResponse | RegisteredMetadata> {
    refuseParameters(Object.keys(others));
    const submission = await this.read(body);
    if (readFlag('dry_run', dryRun)) {
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
  @Managed()
  @ApiOperation({ operationId: 'GetOAuthRegistration', summary: 'Read a registration (RFC 7592 §2.1)' })
  @ApiResponse({ status: 200, type: RegistrationResponse, description: 'The client, without its secret' })
  get(
    @CurrentRegistration() client: Client,
    @Headers('authorization') authorization: string | undefined,
  ): RegistrationResponse {
    const token = requireRegistrationToken(authorization);
    return toResponse(client, null, this.managementOf(client.id, token));
  }

  @Put(':client_id')
  @Managed()
  @ApiOperation({
    operationId: 'UpdateOAuthRegistration',
    summary: 'Replace a registration as a whole (RFC 7592 §2.2)',
    description:
      'What is left out is reset. client_id must be sent, and match; so must a client_secret that is sent. The reply has ' +
      'a new registration_access_token: the old one is no longer valid.',
  })
  @ApiBody({ type: RegistrationRequest, required: true })
  @ApiResponse({ status: 200, type: RegistrationResponse, description: 'The client as it is now' })
  @ApiInvalidMetadata()
  async replace(
    @CurrentRegistration() registered: Client,
    @Body() body: unknown,
    @Headers('authorization') authorization: string | undefined,
    @CurrentContext('registration') context: RequestContext,
  ): Promise<RegistrationResponse> {
    const token = requireRegistrationToken(authorization);
    const { client_id: clientId, client_secret: clientSecret, ...rest } = requireObject(body);
    const { client, secret, registrationToken } = await this.registrations.replace(
      registered,
      token,
      async ({ metadata }) => ({
        submission: await this.read(rest, metadata.softwareStatement),
        clientId,
        clientSecret,
      }),
      context,
    );
    return toResponse(client, secret, this.managementOf(client.id, registrationToken));
  }

  @Delete(':client_id')
  @Managed()
  @HttpCode(204)
  @ApiOperation({ operationId: 'DeleteOAuthRegistration', summary: 'End a registration (RFC 7592 §2.3)' })
  @ApiResponse({ status: 204, description: 'The client is gone, with its secrets and its token' })
  async remove(
    @CurrentRegistration() { id }: Client,
    @Headers('authorization') authorization: string | undefined,
    @CurrentContext('registration') context: RequestContext,
  ): Promise<void> {
    await this.registrations.remove(id, requireRegistrationToken(authorization), context);
  }

  /** @param known the software statement that the client has already; it goes on speaking where no other is sent */
  private async read(body: unknown, known?: string): Promise<Submission> {
    const { registrationMetadata: profile } = this.config;
    const request = profile === 'strict' ? RegistrationRequest : ExtendedRegistrationRequest;
    const sort = (member: string, value: unknown) =>
      countsAsAbsent(member, value, profile) ? 'ignore' : treatMember(member, profile);
    const { software_statement: sent } = requireObject(body);
    const statement = sent === undefined ? known : sent;
    const isRead = this.softwareStatements.areTaken && sort('software_statement', statement) !== 'refuse';
    if (statement === undefined || !(isRead || statement === known)) {
      return toSubmission(readShape(request, body, sort));
    }
    const { claims, ...reading } = await this.softwareStatements.read(statement, known);
    const { software_statement: _, ...said } = requireObject(body);
    const members = attest(
      said,
      Object.entries(claims).filter(([claim, value]) => sort(claim, value) === 'read'),
    );
    return toSubmission(readShape(request, members, sort), reading);
  }

  private managementOf(id: string, token: string | null): Management | null {
    if (token === null) return null;
    return {
      registration_access_token: token,
      registration_client_uri: this.publicUrl.ofRegistration(id),
    };
  }
}

/** @throws RegistryError `invalid_request`: a misspelt dry run would register */
function refuseParameters(names: string[]): void {
  if (names.length === 0) return;
  throw new RegistryError('invalid_request', 'The only query parameter here is dry_run.', {
    invalidFields: Object.fromEntries(names.map((name) => [name, ['is not known here; leave it out']])),
  });
}

/**
 * RFC 7591 §2.3: what is attested wins over what the software says of itself. A member in another language is the same
 * member (§2.2), so it goes with the one that it translates.
 */
function attest(said: Record<string, unknown>, claims: [string, unknown][]): Record<string, unknown> {
  const baseOf = (member: string) => member.split('#')[0];
  const attested = new Set(claims.map(([claim]) => baseOf(claim)));
  const rest = Object.entries(said).filter(([member]) => !attested.has(baseOf(member)));
  return Object.fromEntries([...rest, ...claims]);
}
