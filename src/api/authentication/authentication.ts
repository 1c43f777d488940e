import { createParamDecorator, type ExecutionContext, type INestApplication } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { AccessLevel } from '../../auth/principal/access-roles.js';
import { requestOf } from '../../auth/principal/request-context.js';
import { Authenticator } from '../../auth/authenticator.js';
import { bearerToken, initialAccessToken, registrationToken } from '../../auth/bearer-token.js';
import {
  type RegistrationPermit,
  RegistrationsService,
} from '../../clients/registration/registrations.service.js';
import {
  type ManagedRegistration,
  RegistrationManagementService,
  type RegistrationOperation,
} from '../../clients/registration/registration-management.service.js';
import type { Config } from '../../config/variables.js';
import { type AuthenticateOperator, operatorAuthentication } from './operator-authentication.js';
import { BrowserSessions } from '../../auth/sessions/browser-sessions.js';
import { errorFor, sendError, toGraphQLError } from '../../http/errors/error.filter.js';
import {
  GRAPHQL_PATH,
  INTROSPECTION_PATH,
  isClientsPath,
  isRegistrationPath,
  isUserPath,
  REGISTRATION_PATH,
} from '../../config/paths.js';
import { isGraphqlRoute } from '../../http/requests/graphql-requests.js';
import { noteValidClient } from '../../http/rate-limits/failed-auth.js';
import { onRequestOf } from '../../http/requests/route-hook.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The authorization of a registration request. */
    permit: RegistrationPermit | null;
    /** The registration of a registration management request. */
    registration: ManagedRegistration | null;
    /** Whether it was authenticated before its whole body had arrived: the sender chooses when that is. */
    isBodyLate: boolean;
  }
}

/** For handlers of registration requests. */
export const CurrentPermit = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).permit,
);

/** For handlers of registration management requests. */
export const CurrentRegistration = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).registration,
);

type Authenticate = (request: FastifyRequest) => Promise<unknown>;
type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;

/**
 * Authenticates requests before their body is read, and again after a body that came later: the credentials may have ended meanwhile.
 * Guards run after it. Call it before the routes are added.
 */
export function authenticateRequests(fastify: FastifyInstance, app: INestApplication, config: Config): void {
  fastify.decorateRequest('permit', null);
  fastify.decorateRequest('registration', null);
  fastify.decorateRequest('isBodyLate', false);
  const authenticator = app.get(Authenticator, { strict: false });
  const registrations = app.get(RegistrationsService, { strict: false });
  const management = app.get(RegistrationManagementService, { strict: false });
  const admitOperator = operatorAuthentication(
    config,
    authenticator,
    app.get(BrowserSessions, { strict: false }),
  );

  const ofLevel =
    (level: AccessLevel): Authenticate =>
    (request) =>
      authenticator.authenticate(request, level, 'rest');
  const toRegister: Authenticate = async (request) => {
    const owner = await authenticator.authenticate(request, 'optional', 'registration');
    const token = initialAccessToken(request.headers.authorization);
    request.permit = await registrations.authorize({ owner, initialAccessToken: token });
  };
  // Without a bearer token, a client authenticates itself by its handler
  const toIntrospect: Authenticate = async (request) =>
    bearerToken(request.headers.authorization) !== undefined &&
    authenticator.authenticate(request, 'introspection', 'rest');
  const toManage =
    (operation: RegistrationOperation): Authenticate =>
    async (request) => {
      const { client_id: id } = request.params as { client_id: string };
      const token = registrationToken(request.headers.authorization);
      request.registration = await management.authenticate(id, token, operation);
      // Any credentials read a shared client
      const { client, token: validToken } = request.registration;
      if (validToken !== null) noteValidClient(request, client);
    };
  const hookFor = ({ url, method }: RouteOptions) => {
    if (url === GRAPHQL_PATH) return isGraphqlRoute({ url, method }) ? graphqlHook(admitOperator) : null;
    // Other methods get 405 without authentication
    if (typeof method !== 'string' || method === 'OPTIONS') return null;
    if (url === INTROSPECTION_PATH) return hook(toIntrospect);
    if (isUserPath(url)) return hook(ofLevel('member'));
    if (isClientsPath(url)) return hook(ofLevel(clientsLevel(url, method)));
    if (url === `/${REGISTRATION_PATH}`) return hook(toRegister);
    if (isRegistrationPath(url)) {
      const isWhole = url === `/${REGISTRATION_PATH}/:client_id`;
      return hook(toManage((isWhole && OPERATIONS[method]) || 'change'));
    }
    return null;
  };
  fastify.addHook('onRoute', (route) => {
    const own = hookFor(route);
    if (own === null) return;
    onRequestOf(route, beforeBody(own));
    route.preHandler = [route.preHandler ?? [], afterLateBody(own)].flat();
  });
}

/** Other methods change parts of it, or delete it. */
const OPERATIONS: Record<string, RegistrationOperation> = { GET: 'read', HEAD: 'read', PUT: 'replace' };

/** What the handler's `@Access` says, for the time before the body is read; the guard enforces that, too. */
function clientsLevel(url: string, method: string): AccessLevel {
  if (url.endsWith('/authenticate')) return 'service';
  return ['GET', 'HEAD'].includes(method) && url.endsWith('/:client_id') ? 'client-lookup' : 'member';
}

const hook =
  (authenticate: Authenticate): Hook =>
  async (request) => {
    await authenticate(request);
    return undefined;
  };

const beforeBody =
  (own: Hook): Hook =>
  async (request, reply) => {
    const answered = await own(request, reply);
    request.isBodyLate = !request.raw.complete;
    return answered;
  };

/** A body that came with the header costs no second lookup. */
const afterLateBody =
  (own: Hook): Hook =>
  async (request, reply) => {
    if (!request.isBodyLate) return undefined;
    Object.assign(request, { principal: null, permit: null, registration: null });
    return own(request, reply);
  };

/** Rejects with a GraphQL error. */
const graphqlHook =
  (admitOperator: AuthenticateOperator): Hook =>
  async (request, reply) => {
    try {
      await admitOperator(request);
    } catch (thrown) {
      const error = errorFor(thrown, request);
      sendError(error, reply, { errors: [toGraphQLError(error)] });
      return reply;
    }
    return undefined;
  };
