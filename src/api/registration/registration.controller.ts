import { Body, Controller, Header, Inject, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Access } from '../../auth/access.js';
import { CurrentPrincipal } from '../../auth/current-principal.js';
import type { Principal } from '../../auth/principal.js';
import { ClientsService } from '../../clients/clients.service.js';
import { treatMember } from '../../clients/policy/metadata-members.js';
import { CONFIG, type Config } from '../../config/config.js';
import { readShape } from '../shape.js';
import { RegistrationError, RegistrationRequest, RegistrationResponse } from './registration.dto.js';
import { toResponse, toSubmission } from './registration.mapper.js';

export const REGISTRATION_PATH = 'v2/oauth/register';

/** Software that registers itself (RFC 7591). Open to anyone; a caller who is known owns what it registers. */
@Controller(REGISTRATION_PATH)
@Access('optional')
@ApiTags('OAuth Protocol')
export class RegistrationController {
  constructor(
    private readonly clients: ClientsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  @Header('Pragma', 'no-cache')
  @ApiOperation({
    operationId: 'RegisterOAuthClient',
    summary: 'Register an OAuth client dynamically (RFC 7591)',
    description:
      'Beyond the documented members, the profiles "registered" and "lenient" read client_uri, contacts, jwks_uri or jwks, ' +
      'software_id, software_version, application_type and translations such as client_name#ja, and return them. ' +
      'A reply with a client_secret also has client_secret_expires_at. Credentials are optional: with a bearer token the ' +
      "client belongs to the caller's organization.",
    security: [],
  })
  @ApiBody({ type: RegistrationRequest, required: true })
  @ApiResponse({
    status: 201,
    type: RegistrationResponse,
    description: 'The client, and its secret this once',
  })
  @ApiResponse({
    status: 400,
    type: RegistrationError,
    description: 'Metadata is invalid: invalid_fields names each',
  })
  async register(
    // The published JavaScript SDK sends no body at all where it asks for nothing
    @Body() body: unknown = {},
    @CurrentPrincipal() principal: Principal | null,
  ): Promise<RegistrationResponse> {
    const shaped = readShape(RegistrationRequest, body, (member) =>
      treatMember(member, this.config.registrationMetadata),
    );
    return toResponse(await this.clients.register(toSubmission(shaped), principal));
  }
}
