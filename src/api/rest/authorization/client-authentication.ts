import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isBasic } from '../../../auth/basic-credentials.js';
import { requestContextOf } from '../../../auth/principal/request-context.js';
import { ClientAuthenticator } from '../../../clients/authentication/client-authenticator.js';
import type { Client } from '../../../clients/client/client.js';
import { RegistryError } from '../../../errors/registry-error.js';
import type { Parameters } from '../../../http/requests/parameters.js';
import { exemptCredentials, noteValidClient } from '../../../http/rate-limits/failed-auth.js';
import {
  limitAssertions,
  limitFailedAddress,
  limitFailedClient,
} from '../../../http/rate-limits/rate-limits.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { isFailedAttempt } from '../client-authentication/client-authentication.mapper.js';
import { readClientCredentials } from './client-credentials.js';

/** Authenticates the clients that call the authorization server. */
@Injectable()
export class ClientAuthentication {
  constructor(
    private readonly authenticator: ClientAuthenticator,
    private readonly publicUrl: PublicUrl,
  ) {}

  /**
   * @param limit limits the requests of the client, before anything of them is stored
   * @throws RegistryError `invalid_client`, `invalid_request`, `rate_limited`
   */
  async authenticate(
    request: FastifyRequest,
    parameters: Parameters,
    limit: (request: FastifyRequest, client: Client) => Promise<void>,
  ): Promise<Client> {
    const { authorization } = request.headers;
    const credentials = readClientCredentials(authorization, parameters, this.publicUrl.of(''));
    const context = requestContextOf(request, 'rest');
    const result = await this.authenticator.authenticate(credentials, context, async (client, bytes) => {
      // Any other header was ignored, and not checked
      if (isBasic(authorization)) noteValidClient(request, client);
      await limit(request, client);
      limitAssertions(request, client, bytes);
    });
    if (!('failure' in result)) return result.client;
    if (isFailedAttempt(result)) {
      await limitFailedClient(request, credentials.clientId);
      await limitFailedAddress(request);
    } else exemptCredentials(request);
    // Why is for operators
    throw new RegistryError(
      'invalid_client',
      'The client is unknown, disabled or deleted, or its credentials are wrong.',
    );
  }
}
