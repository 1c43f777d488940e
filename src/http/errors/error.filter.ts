import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { requestOf } from '../../auth/principal/request-context.js';
import { rejections } from '../../diagnostics/channels.js';
import { isDatabaseUnavailable } from '../../database/connection/unavailable.js';
import {
  type ErrorCode,
  type FieldFaults,
  overloaded,
  RegistryError,
  type RegistryErrorOptions,
  RETRY_AFTER_SECONDS,
} from '../../errors/registry-error.js';
import { REQUEST_ID } from '../responses/default-headers.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once it was rejected. */
    rejection?: ErrorCode;
  }
}

/** What libraries answer themselves, by status; any other status below 500 is a bad request. */
const CODE_OF_STATUS: Partial<Record<number, [ErrorCode, string]>> = {
  404: ['not_found', 'No resource exists at this path.'],
  413: ['payload_too_large', 'The request body exceeds the limit of 64 KiB.'],
  415: ['unsupported_media_type', 'The request body must have the Content-Type application/json.'],
};

/** How GraphQL clients know the errors: Apollo's codes if it has one, the registry's in upper case otherwise. */
const GRAPHQL_CODES: Partial<Record<ErrorCode, string>> = {
  validation_error: 'BAD_USER_INPUT',
  invalid_request: 'BAD_REQUEST',
  unauthorized: 'UNAUTHENTICATED',
  invalid_token: 'UNAUTHENTICATED',
  insufficient_scope: 'FORBIDDEN',
  server_error: 'INTERNAL_SERVER_ERROR',
};

/** Makes of anything that was thrown something that may be said. What was not meant for callers becomes `server_error`. */
function toRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  if (isDatabaseUnavailable(error)) {
    return new RegistryError(
      'temporarily_unavailable',
      'The database is unavailable. Retry after the time in Retry-After.',
      {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause: error,
      },
    );
  }
  const status = statusOf(error);
  if (status >= 400 && status < 500) {
    const [code, description] = CODE_OF_STATUS[status] ?? ['invalid_request', 'The request is malformed.'];
    return new RegistryError(code, description, { cause: error });
  }
  return new RegistryError(
    'server_error',
    'An internal error occurred. Retry later, and report the request id if the error persists.',
    {
      cause: error,
    },
  );
}

/** The status that a library gave to an error of its own, by any of the names in use. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (!(error instanceof Error)) return 500;
  const { statusCode, status } = error as { statusCode?: unknown; status?: unknown };
  return Number(statusCode ?? status ?? 500);
}

/** The header fields that belong to an error. */
function errorHeaders({ code, options }: RegistryError): Record<string, string> {
  const headers: Record<string, string> = {};
  // RFC 6750 §3 and §3.1: without credentials, the challenge has no error code
  if (code === 'unauthorized') headers['www-authenticate'] = 'Bearer';
  // RFC 6749 §5.2, RFC 7617 §2. Clients that read the challenge do not read the body
  if (code === 'invalid_client') headers['www-authenticate'] = `Basic realm="oauth", error="${code}"`;
  if (code === 'invalid_token' || code === 'insufficient_scope') {
    headers['www-authenticate'] = `Bearer error="${code}"`;
  }
  if (options.retryAfterSeconds !== undefined) headers['retry-after'] = String(options.retryAfterSeconds);
  if (options.allow) headers.allow = options.allow.join(', ');
  if (options.fileLength !== undefined) headers['content-range'] = `bytes */${options.fileLength}`;
  return headers;
}

/** An error may be about credentials, and passes. */
const headersOf = (error: RegistryError) => ({
  'cache-control': 'no-store',
  pragma: 'no-cache',
  ...errorHeaders(error),
});

function errorBody({ code, message, options }: RegistryError) {
  return { error: code, error_description: message, ...invalidFieldsOf(options) };
}

/** Callers may send any number of unknown fields of any length: limits of what a reply repeats. */
const MAX_FIELDS_TOLD = 100;
const MAX_NAME_TOLD = 200;

function invalidFieldsOf({ invalidFields }: RegistryErrorOptions): { invalid_fields?: FieldFaults } {
  if (invalidFields === undefined) return {};
  const told = Object.entries(invalidFields).slice(0, MAX_FIELDS_TOLD);
  return {
    invalid_fields: Object.fromEntries(told.map(([name, faults]) => [name.slice(0, MAX_NAME_TOLD), faults])),
  };
}

/** The same rejection for a GraphQL client. */
export function toGraphQLError(error: RegistryError, http?: { status: number }): GraphQLError {
  const { code, message, options } = error;
  return new GraphQLError(message, {
    extensions: {
      code: GRAPHQL_CODES[code] ?? code.toUpperCase(),
      ...invalidFieldsOf(options),
      ...(http && { http: { ...http, headers: new Map(Object.entries(errorHeaders(error))) } }),
    },
  });
}

const logger = new Logger('Errors');

/** The error that a caller gets for anything that was thrown. Our own faults are logged. */
export function errorFor(thrown: unknown, { raw, logFields }: FastifyRequest): RegistryError {
  // The caller disconnected during the body and will not read the reply, but rejections are counted
  const isBrokenOff = raw.errored !== null && thrown === raw.errored;
  const error = isBrokenOff
    ? new RegistryError('invalid_request', 'The request body is incomplete.', { cause: thrown })
    : toRegistryError(thrown);
  if (error.status >= 500 && !error.options.isByDesign) logger.error(error.options.cause ?? error, logFields);
  return error;
}

/** The one place where an error becomes a reply, for every interface. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void | GraphQLError {
    // Made for a GraphQL client already
    if (thrown instanceof GraphQLError) throw thrown;
    const error = errorFor(thrown, requestOf(host));
    const kind = host.getType<'http' | 'graphql'>();
    if (kind === 'graphql') {
      // The status 503 tells clients and proxies that the request may be repeated
      const isPassing = error.code === 'temporarily_unavailable';
      throw toGraphQLError(error, isPassing ? { status: error.status } : undefined);
    }
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (!reply.sent) sendError(error, reply);
  }
}

/** Answers what Fastify itself has rejected, or one of its hooks. */
export function answerError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  sendError(errorFor(error, request), reply);
}

/** Has the errors of every route answered alike, those that Nest does not know included. */
export function answerErrors(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    route.errorHandler ??= answerError;
  });
}

/** Answers a request that timed out. */
export function giveUp(reply: FastifyReply): void {
  const retryAfterSeconds = RETRY_AFTER_SECONDS;
  const message = 'The request timed out. Retry after the time in Retry-After.';
  answerError(
    new RegistryError('temporarily_unavailable', message, { retryAfterSeconds }),
    reply.request,
    reply,
  );
}

const OVERLOADED_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'x-content-type-options': 'nosniff',
  ...headersOf(overloaded()),
};

/** The reply to what is rejected before anything is known of it, because there is too much to do. */
export const OVERLOADED = {
  status: overloaded().status,
  headers: (requestId: string) => ({ ...OVERLOADED_HEADERS, [REQUEST_ID]: requestId }),
  body: JSON.stringify(errorBody(overloaded())),
};

/** Answers a REST caller, or any other with a body of its own. */
export function sendError(error: RegistryError, reply: FastifyReply, body: object = errorBody(error)): void {
  // Fastify would close after a body that it rejected (see below); a service that stops has said so to Node.js, and closes
  if (!reply.raw.hasHeader('connection')) reply.removeHeader('connection');
  if (!reply.request.raw.complete) closeAfterBody(reply);
  const { request } = reply;
  request.rejection = error.code;
  if (rejections.hasSubscribers) {
    rejections.publish({
      method: request.method,
      route: request.routeOptions.url,
      code: error.code,
      fields: Object.keys(error.options.invalidFields ?? {}),
    });
  }
  void reply
    .code(error.status)
    // What the router rejects comes by no hook
    .headers({ [REQUEST_ID]: request.id, ...headersOf(error) })
    .send(body);
}

/**
 * A connection that is closed while the sender still sends is reset, and the reply lost. So the rest of the body is read
 * and thrown away, for as long as a request may take, before the connection is closed if it is to be closed at all.
 */
function closeAfterBody({ raw: response, request: { raw: request } }: FastifyReply): void {
  if (response.shouldKeepAlive) return;
  response.shouldKeepAlive = true;
  request.once('end', () => request.socket.end());
}
