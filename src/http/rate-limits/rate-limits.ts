import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { isBasic } from '../../auth/basic-credentials.js';
import { requestOf } from '../../auth/principal/request-context.js';
import type { Config } from '../../config/variables.js';
import { RegistryError } from '../../errors/registry-error.js';
import { type CountedOf, countedWithGrants } from './exemptions.js';
import { exemptCredentials, limitFailedAuth } from './failed-auth.js';
import { Quota, type RateLimitStatus } from './quota.js';
import type { ConnectionLog, SharedCounts } from './shared-counts.js';
import { sendError, toGraphQLError } from '../errors/error.filter.js';
import {
  AUTHORIZATION_PATH,
  CONSENT_PATH,
  GRAPHQL_PATH,
  isRegistrationPath,
  LOGIN_CALLBACK_PATH,
} from '../../config/paths.js';
import { isGraphqlRoute } from '../requests/graphql-requests.js';
import { onRequestOf } from '../requests/route-hook.js';

/** Each quota: its variable, and what it counts, for the error message. */
const QUOTAS = {
  register: ['rateLimitRegister', 'registrations from this address'],
  'registration-read': ['rateLimitRegistrationRead', 'reads of registrations from this address'],
  graphql: ['rateLimitGraphql', 'requests from this address'],
  authorize: ['rateLimitAuthorize', 'authorization requests from this address'],
  'failed-auth': ['rateLimitFailedAuth', 'requests with invalid credentials from this address'],
  'failed-client': ['rateLimitFailedAuth', 'failed authentications of this client'],
  token: ['rateLimitToken', 'token requests of this client'],
  'token-bytes': [
    'rateLimitTokenBytes',
    'bytes of tokens and assertions of this organization, client, user or address',
  ],
  organization: ['rateLimitOrg', 'requests of this organization'],
  'audit-bytes': ['rateLimitAuditBytes', 'bytes of audited changes from this organization or address'],
} as const satisfies Record<string, [keyof Config, string]>;
type QuotaName = keyof typeof QUOTAS;

/** The quotas by address that each request to a route uses up. */
const COUNTED_ROUTES: [QuotaName, (route: RouteOptions) => boolean][] = [
  // What registered software changes of itself counts too: each change is a transaction, and kept in the audit log
  [
    'register',
    ({ url, method }) => isRegistrationPath(url) && ['POST', 'PUT', 'DELETE'].includes(String(method)),
  ],
  [
    'registration-read',
    ({ url, method }) => isRegistrationPath(url) && ['GET', 'HEAD'].includes(String(method)),
  ],
  ['graphql', isGraphqlRoute],
  ['authorize', ({ url }) => [AUTHORIZATION_PATH, CONSENT_PATH, LOGIN_CALLBACK_PATH].includes(url)],
];

/** The quotas of stored bytes by organization, user or address, and the function that counts them. */
const BYTE_QUOTAS = [
  ['audit-bytes', 'spendAuditBytes'],
  ['token-bytes', 'spendTokenBytes'],
] as const satisfies [QuotaName, keyof FastifyInstance][];

/**
 * Keeps one address from filling the registry by open registration, from guessing credentials, and from keeping GraphQL
 * busy; and one organization from keeping REST busy (ADR 10).
 */
export async function limitRates(
  fastify: FastifyInstance,
  config: Config,
  maxRememberedCredentials: number,
  log: ConnectionLog,
): Promise<void> {
  if (Object.values(QUOTAS).every(([variable]) => config[variable] === null)) return;
  const shared = await sharedCounts(fastify, config, log);
  const countedOf = countedWithGrants(config);
  const isExempt = (address: string) => countedOf(address).length === 0;
  const quotaOf = (name: QuotaName, counted: CountedOf = countedOf) => {
    const limit = config[QUOTAS[name][0]];
    return limit && new Quota(name, limit, counted, shared);
  };

  const spendOn =
    (quota: Quota): Spend =>
    async (key, address) =>
      isExempt(address) ? null : quota.spend(key);

  const ofOrganizations = quotaOf('organization', countedOrganization);
  if (ofOrganizations !== null) fastify.decorate('spendOf', spendOn(ofOrganizations));
  for (const [name, decoration] of BYTE_QUOTAS) {
    const bytesOfOrganizations = quotaOf(name, countedOrganization);
    const bytesOfParts = quotaOf(name, countedPart);
    const bytesOfAddresses = quotaOf(name);
    if (bytesOfOrganizations === null || bytesOfParts === null || bytesOfAddresses === null) continue;
    // Spent by a change, which waits for no other instance: the changes after it are rejected
    const spendOf = (quota: Quota, caller: string, bytes: number) => {
      const standing = quota.exceeded(caller);
      if (standing) throw tooMany(standing);
      void quota.spend(caller, bytes);
    };
    const spend: FastifyInstance[typeof decoration] = (orgId, address, bytes, partId) => {
      if (isExempt(address)) return;
      if (partId !== undefined) spendOf(bytesOfParts, JSON.stringify([orgId, partId]), bytes);
      else if (orgId === null) spendOf(bytesOfAddresses, address, bytes);
      else spendOf(bytesOfOrganizations, orgId, bytes);
    };
    fastify.decorate(decoration, spend);
  }
  const failedAuth = quotaOf('failed-auth');
  if (failedAuth !== null) {
    limitFailedAuth(fastify, failedAuth, maxRememberedCredentials, reject);
    fastify.decorate('spendFailureOf', (address: string) => failedAuth.spend(address));
  }
  const ofClients = quotaOf('failed-client', countedClient);
  if (ofClients !== null) fastify.decorate('spendFailure', spendOn(ofClients));
  const ofTokens = quotaOf('token', countedTokens(countedOf));
  if (ofTokens !== null) fastify.decorate('spendToken', ofTokens.spend.bind(ofTokens));
  for (const [name, isCounted] of COUNTED_ROUTES) {
    const quota = quotaOf(name);
    if (quota === null) continue;
    fastify.addHook('onRoute', (route) => {
      if (isCounted(route)) onRequestOf(route, limitCallers(quota));
    });
  }
}

/** The key differs from an address, which a quota of the same name may count. */
const countedOrganization: CountedOf = (orgId) => [{ key: `organization ${orgId}`, times: 1 }];

/** The part of a limit that is the limit of one user or client of an organization, or of one client without an owner. */
const PART = 0.1;

/** Of a JSON array: no two have the same key. */
const countedPart: CountedOf = (part) => [{ key: `part ${part}`, times: PART }];

const countedClient: CountedOf = (clientId) => [{ key: `client ${clientId}`, times: 1 }];

/** All public clients of an address together get this many times the limit of one: anyone can register any number of them. */
const PUBLIC_CLIENTS_PER_ADDRESS = 4;

/** Of `type client_id address`. Only with its address for a public client, since anyone can send its `client_id`. */
const countedTokens =
  (countedOf: CountedOf): CountedOf =>
  (caller) => {
    const [kind, clientId = '', address = ''] = caller.split(' ');
    const networks = countedOf(address);
    if (kind !== 'public') return networks.length === 0 ? [] : countedClient(clientId);
    return networks.flatMap(({ key, times }) => [
      { key: `client ${clientId} ${key}`, times },
      { key: `public clients ${key}`, times: times * PUBLIC_CLIENTS_PER_ADDRESS },
    ]);
  };

async function sharedCounts(
  fastify: FastifyInstance,
  { redisUrl }: Config,
  log: ConnectionLog,
): Promise<SharedCounts | null> {
  if (redisUrl === null) return null;
  const { SharedCounts } = await import('./shared-counts.js');
  const shared = await SharedCounts.open(redisUrl, log);
  fastify.addHook('onClose', (_instance, done) => {
    shared.close();
    done();
  });
  return shared;
}

/** Counts each request before it is authenticated or read, and returns the remaining quota in headers. */
const limitCallers = (quota: Quota) => async (request: FastifyRequest, reply: FastifyReply) => {
  const standing = await quota.spend(request.ip);
  if (standing === null) return undefined;
  if (standing.isExceeded) return reject(standing, reply);
  void reply.headers(rateLimitHeaders(standing));
};

/** Uses up one of what `key` may send, unless the address that sends it is exempt: null. */
type Spend = (key: string, address: string) => Promise<RateLimitStatus | null>;

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts requests by `org_id`; undefined if nothing limits them. */
    spendOf?: Spend;
    /** Counts failed authentications by `client_id`; undefined if nothing limits them. */
    spendFailure?: Spend;
    /** Counts failed authentications by address; undefined if nothing limits them. */
    spendFailureOf?: (address: string) => Promise<RateLimitStatus | null>;
    /** Counts token requests by client, see {@link countedTokens}; undefined if they are not limited. */
    spendToken?: (caller: string, amount?: number) => Promise<RateLimitStatus | null>;
  }
}

/** Counts requests by the organization of their callers. Strangers cause those of an authorization server (role `service`). */
@Injectable()
export class OrganizationLimit implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { principal, server, ip } = requestOf(context);
    const isCounted = principal && principal.role !== 'service';
    const standing = isCounted && (await server.spendOf?.(principal.orgId, ip));
    if (!standing) return true;
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    void reply.headers(rateLimitHeaders(standing));
    if (standing.isExceeded) throw tooMany(standing);
    return true;
  }
}

/**
 * Counts a failed authentication of a client. A valid credential is never counted or rejected: a stranger who knows a `client_id` cannot
 * lock its client out.
 * @throws RegistryError `rate_limited`
 */
export async function limitFailedClient({ server, ip }: FastifyRequest, clientId: string): Promise<void> {
  const standing = await server.spendFailure?.(clientId, ip);
  if (standing?.isExceeded) throw tooMany(standing);
}

/**
 * Counts a failed authentication by the address of a client that sent its credentials in the body; those in a Basic header are counted with
 * all others, and any other header is ignored. Valid credentials in a body are never counted or rejected.
 * @throws RegistryError `rate_limited`
 */
export async function limitFailedAddress(request: FastifyRequest): Promise<void> {
  const { server, ip, headers } = request;
  if (isBasic(headers.authorization)) return;
  exemptCredentials(request);
  const standing = await server.spendFailureOf?.(ip);
  if (standing?.isExceeded) throw tooMany(standing);
}

/** A client that has authenticated itself, unless it is public. */
interface TokenClient {
  id: string;
  type: 'public' | 'confidential';
}

const tokenCaller = ({ id, type }: TokenClient, { ip }: FastifyRequest) => `${type} ${id} ${ip}`;

/**
 * Counts a token request. Others cannot use up the limit of a client: a confidential one has proved who it is, and a public one is counted
 * by address.
 * @throws RegistryError `rate_limited` after too many token requests of a client
 */
export async function limitTokens(request: FastifyRequest, client: TokenClient): Promise<void> {
  const standing = await request.server.spendToken?.(tokenCaller(client, request));
  if (standing?.isExceeded) throw tooMany(standing);
}

/** Limits a public client, which is anyone who knows its identifier: its requests count as those for tokens do. */
export async function limitPublicClients(request: FastifyRequest, client: TokenClient): Promise<void> {
  if (client.type === 'public') await limitTokens(request, client);
}

/**
 * Counts the bytes that the assertion of a client will store. The part of a client keeps it from using up the limit of its organization.
 * Anyone can sign assertions of a client without an owner. The address of an authorization server is that of all its clients.
 * @throws RegistryError `rate_limited`
 */
export function limitAssertions(
  { server, ip, principal }: FastifyRequest,
  { id, orgId }: { id: string; orgId: string | null },
  bytes: number,
): void {
  if (bytes === 0) return;
  if (orgId === null) server.spendAuditBytes?.(null, ip, bytes, principal ? id : undefined);
  else {
    server.spendTokenBytes?.(orgId, ip, bytes, id);
    server.spendTokenBytes?.(orgId, ip, bytes);
  }
}

/** Counts what a token request has stored: the first KB is that of the request. Beyond the limit, the next requests are rejected. */
export async function countTokenBytes(
  request: FastifyRequest,
  client: TokenClient,
  bytes: number,
): Promise<void> {
  const more = Math.ceil(bytes / 1024) - 1;
  if (more > 0) await request.server.spendToken?.(tokenCaller(client, request), more);
}

function reject(standing: RateLimitStatus, reply: FastifyReply): FastifyReply {
  const error = tooMany(standing);
  const isGraphQL = reply.request.routeOptions.url === GRAPHQL_PATH;
  void reply.headers(rateLimitHeaders(standing));
  sendError(error, reply, isGraphQL ? { errors: [toGraphQLError(error)] } : undefined);
  return reply;
}

function tooMany({ name, resetSeconds: retryAfterSeconds }: RateLimitStatus): RegistryError {
  const description = `Too many ${QUOTAS[name as QuotaName][1]}. Retry in ${retryAfterSeconds} s.`;
  return new RegistryError('rate_limited', description, { retryAfterSeconds });
}

/** Structured fields of draft-ietf-httpapi-ratelimit-headers-11: quota and window; what remains, and until when. */
const rateLimitHeaders = ({ name, limit, windowSeconds, remaining, resetSeconds }: RateLimitStatus) => ({
  'ratelimit-policy': `"${name}";q=${limit};w=${windowSeconds}`,
  ratelimit: `"${name}";r=${remaining};t=${resetSeconds}`,
});
