import { type ArgumentsHost, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestContext, Channel } from '../../audit/audit-event.js';
import { addressText } from '../../addresses/address.js';
import type { Principal } from './principal.js';

/** The parts of a request that identify its caller; Fastify's request has them. */
export interface AuthenticatedRequest {
  headers: IncomingHttpHeaders;
  /** The request id. */
  id: string;
  /** The address. */
  ip: string;
  /** Whether the request is not answered yet, and its caller still there. */
  isWaiting: () => boolean;
  /** The caller that its work counts for. */
  raw?: { caller?: string };
  /** Set once the caller is authorized. */
  principal?: Principal | null;
  /** Count stored bytes; see {@link RequestContext.spend}. */
  server?: { spendAuditBytes?: SpendBytes; spendTokenBytes?: SpendBytes };
}

type SpendBytes = (orgId: string | null, address: string, bytes: number, partId?: string) => void;

/** Channels whose changes of clients are limited by the bytes that they write. */
const COUNTED: readonly Channel[] = ['rest', 'registration'];

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts bytes of the audit log and of clients, by organization or address; undefined if nothing limits them. */
    spendAuditBytes?: SpendBytes;
    /** Counts bytes of tokens, by organization, user or address; undefined if nothing limits them. */
    spendTokenBytes?: SpendBytes;
  }
  interface FastifyRequest {
    /** The caller, once authorized; null if anonymous. */
    principal?: Principal | null;
    /** Whether it is not answered yet, and its caller still there. */
    isWaiting: () => boolean;
  }
}

/** The request that a handler answers, of any interface. */
export function requestOf(context: ArgumentsHost): FastifyRequest {
  // Resolvers get (parent, args, context, info), and the context carries the request
  return context.getType<'graphql' | 'http'>() === 'graphql'
    ? context.getArgByIndex<{ request: FastifyRequest }>(2).request
    : context.switchToHttp().getRequest<FastifyRequest>();
}

/** The caller of a handler, as the guard found it: null only where access is `optional` or `public`. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).principal ?? null,
);

/** The caller of a handler of this channel, as the audit log names it. */
export const CurrentContext = createParamDecorator(
  (channel: Channel, context: ExecutionContext): RequestContext =>
    requestContextOf(requestOf(context), channel),
);

/** The caller, as the audit log names it. */
export const requestContextOf = (request: AuthenticatedRequest, channel: Channel): RequestContext =>
  contextOf(request, channel, COUNTED.includes(channel) ? request.server?.spendAuditBytes : undefined);

/** The same of a token request: what it stores counts against the limit of tokens. */
export const tokenContextOf = (request: AuthenticatedRequest): RequestContext =>
  contextOf(request, 'rest', request.server?.spendTokenBytes);

const contextOf = (
  { principal, id, ip, isWaiting, raw }: AuthenticatedRequest,
  channel: Channel,
  spendBytes: SpendBytes | undefined,
): RequestContext => ({
  actor: principal?.actor ?? { type: 'anonymous', id: null },
  channel,
  address: addressText(ip),
  requestId: id,
  caller: raw?.caller,
  isWaiting,
  ...(spendBytes && { spend: (orgId, bytes, partId) => spendBytes(orgId, ip, bytes, partId) }),
});
