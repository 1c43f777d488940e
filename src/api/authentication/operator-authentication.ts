import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../../auth/authenticator.js';
import type { Config } from '../../config/variables.js';
import type { BrowserSessions } from '../../auth/sessions/browser-sessions.js';

/** Authenticates an operator once, however often it is asked for the same request. @throws RegistryError */
export type AuthenticateOperator = (request: FastifyRequest) => Promise<void>;

/** By credentials or, where there is a console, by the session of a browser: here and at no other door, since the console uses this alone. */
export const operatorAuthentication =
  (
    { adminConsole }: Config,
    authenticator: Authenticator,
    sessions: Pick<BrowserSessions, 'identify'>,
  ): AuthenticateOperator =>
  async (request) => {
    if (adminConsole) request.principal ??= await sessions.identify(request);
    await authenticator.authenticate(request, 'admin', 'graphql');
  };
