import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../../auth/authenticator.js';
import type { Config } from '../../config/variables.js';
import type { BrowserSessions } from '../../auth/sessions/browser-sessions.js';
import { exemptCredentials } from '../../http/rate-limits/failed-auth.js';

/** Authenticates an operator once per request. @throws RegistryError */
export type AuthenticateOperator = (request: FastifyRequest) => Promise<void>;

/** Authenticates by credentials or by a console session; only GraphQL accepts sessions. */
export const operatorAuthentication =
  (
    { adminConsole }: Config,
    authenticator: Authenticator,
    sessions: Pick<BrowserSessions, 'identify'>,
  ): AuthenticateOperator =>
  async (request) => {
    if (adminConsole) request.principal ??= await sessions.identify(request);
    // A session precedes the header, which says nothing then
    if (request.principal !== null) exemptCredentials(request);
    await authenticator.authenticate(request, 'graphql', 'graphql');
  };
