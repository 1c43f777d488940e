import { hash } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { requestOf } from '../../auth/principal/request-context.js';
import type { Config, RateLimit } from '../../config/variables.js';
import { overloaded, RegistryError, RETRY_AFTER_SECONDS } from '../../errors/registry-error.js';
import { type Allowance, allowanceOf } from './exemptions.js';
import { Quota, type Standing } from './quota.js';
import { countedFor } from '../../addresses/networks.js';
import type { ConnectionLog, SharedCounts } from './shared-counts.js';
import { sendError, toGraphQLError } from '../errors/error.filter.js';
import { GRAPHQL_PATH, isRegistrationPath, SESSION_PATH } from '../../config/paths.js';
import { onRequestOf } from '../requests/route-hook.js';

/** Credentials that were good stay good for so long, as far as the limit of bad ones is concerned. */
const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 10_000;

const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'DELETE']);

/** Requests of one network whose credentials wait for those of others to be judged. */
const MAX_WAITING = 50;

/** What was done too often, in the words of the refusal. */
const TOO_MANY = {
  register: 'registrations from this address',
  'registration-read': 'reads of registrations from this address',
  graphql: 'requests from this address',
  'failed-auth': 'requests with bad credentials from this address',
  organization: 'requests of this organization',
  'audit-bytes': 'bytes of changes, which are kept, of this organization or from this address',
} as const;
type QuotaName = keyof typeof TOO_MANY;

/**
 * Keeps one address from filling the registry through the open door, from guessing credentials, and from keeping GraphQL
 * busy; and one organization from keeping REST busy (ADR 10). Call it before any route is added.
 */
export async function limitRates(
  fastify: FastifyInstance,
  config: Config,
  log: ConnectionLog,
): Promise<void> {
  const limits = {
    register: config.rateLimitRegister,
    'registration-read': config.rateLimitRegistrationRead,
    graphql: config.rateLimitGraphql,
    'failed-auth': config.rateLimitFailedAuth,
    organization: config.rateLimitOrg,
    'audit-bytes': config.rateLimitAuditBytes,
  } satisfies Record<QuotaName, unknown>;
  if (Object.values(limits).every((limit) => limit === null)) return;
  const shared = await sharedCounts(fastify, config, log);
  const allowance = allowanceOf(config);
  const quotaOf = (name: QuotaName) => limits[name] && new Quota(name, limits[name], allowance, shared);
  const [register, read, graphql, failedAuth] = [
    quotaOf('register'),
    quotaOf('registration-read'),
    quotaOf('graphql'),
    quotaOf('failed-auth'),
  ];

  if (limits.organization) limitOrganizations(fastify, limits.organization, allowance, shared);
  if (limits['audit-bytes']) limitAuditBytes(fastify, limits['audit-bytes'], allowance, shared);
  if (failedAuth) limitFailedAuth(fastify, failedAuth);
  fastify.addHook('onRoute', (route) => {
    const isWrite = WRITES.has(String(route.method));
    // What registered software changes of itself counts too: each change is a transaction, and kept in the audit trail
    if (register && isWrite && isRegistrationPath(route.url)) onRequestOf(route, spendOn(register));
    const isRead = route.method === 'GET' || route.method === 'HEAD';
    if (read && isRead && isRegistrationPath(route.url)) onRequestOf(route, spendOn(read));
    const isGraphQL = route.url === GRAPHQL_PATH && route.method.includes('POST');
    if (graphql && isGraphQL) onRequestOf(route, spendOn(graphql));
  });
}

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

/** Counts each request before it is authenticated or read, and tells the caller where it stands. */
const spendOn = (quota: Quota) => async (request: FastifyRequest, reply: FastifyReply) => {
  const standing = await quota.spend(request.ip);
  if (standing === null) return undefined;
  if (standing.isExceeded) return refuse(standing, reply);
  void reply.headers(rateLimitHeaders(standing));
};

/** What organizations may do so many times. Their keys are told apart from addresses, which a quota of the same name may count. */
const organizationQuota = (name: QuotaName, limit: RateLimit, shared: SharedCounts | null) =>
  new Quota(
    name,
    limit,
    () => 1,
    shared,
    (orgId) => [{ key: `organization ${orgId}`, times: 1 }],
  );

/** An organization is known once its caller is authenticated, which is what a guard does: {@link OrganizationLimit} spends. */
function limitOrganizations(
  fastify: FastifyInstance,
  limit: RateLimit,
  allowance: Allowance,
  shared: SharedCounts | null,
): void {
  const quota = organizationQuota('organization', limit, shared);
  fastify.decorate('spendOf', async (orgId: string, address: string) =>
    allowance(address) === Infinity ? null : quota.spend(orgId),
  );
}

/**
 * What a change adds to the audit trail is known in the transaction that makes it, which waits for no other instance: a change
 * is refused once those before it have used up the limit.
 */
function limitAuditBytes(
  fastify: FastifyInstance,
  limit: RateLimit,
  allowance: Allowance,
  shared: SharedCounts | null,
): void {
  const ofOrganizations = organizationQuota('audit-bytes', limit, shared);
  const ofAddresses = new Quota('audit-bytes', limit, allowance, shared);
  fastify.decorate('spendAuditBytes', (orgId: string | null, address: string, bytes: number) => {
    if (allowance(address) === Infinity) return;
    const [quota, caller] = orgId === null ? [ofAddresses, address] : [ofOrganizations, orgId];
    const standing = quota.exceeded(caller);
    if (standing) throw tooMany(standing);
    void quota.spend(caller, bytes);
  });
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Uses up one request of an organization; undefined where nothing limits them. */
    spendOf?: (orgId: string, address: string) => Promise<Standing | null>;
  }
}

/** Counts requests by the organization of their callers. */
@Injectable()
export class OrganizationLimit implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { principal, server, ip } = requestOf(context);
    const standing = principal && (await server.spendOf?.(principal.orgId, ip));
    if (!standing) return true;
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    void reply.headers(rateLimitHeaders(standing));
    if (standing.isExceeded) throw tooMany(standing);
    return true;
  }
}

/**
 * Refuses credentials unseen from an address that sent too many bad ones. Those that were good lately are still looked at,
 * or anybody behind a shared address could lock out the others there. Of those that come at once, only so many are looked at as may be
 * bad; the others wait for what comes of them.
 */
function limitFailedAuth(fastify: FastifyInstance, quota: Quota): void {
  const good = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });
  const turns = new Turns(quota);
  const keyOf = (authorization: string) => hash('sha256', authorization, 'base64');

  /** By which the credentials of a request are known; who signs in shows them in the body. */
  fastify.decorateRequest('credentialKey', null);
  fastify.decorateRequest('hasReserved', false);

  const judge = async (request: FastifyRequest, reply: FastifyReply, key: string) => {
    request.credentialKey = key;
    while (!good.has(key)) {
      const standing = quota.exceeded(request.ip);
      if (standing !== null) return refuse(standing, reply);
      if (quota.reserve(request.ip)) {
        request.hasReserved = true;
        return undefined;
      }
      const turn = turns.next(request.ip);
      if (turn === null) throw tooManyAtOnce();
      await turn;
      // Its caller has hung up, or was told so meanwhile
      if (!request.isWaiting()) throw overloaded();
    }
    return undefined;
  };
  const noteGood = (request: FastifyRequest) => {
    if (!hasProvedGood(request)) return;
    good.set(request.credentialKey!, true);
    request.credentialKey = null;
  };
  const settle = (request: FastifyRequest) => {
    if (!request.hasReserved) return;
    request.hasReserved = false;
    turns.end(request.ip);
  };

  fastify.addHook('onRequest', (request, reply, done) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return done();
    const key = keyOf(authorization);
    // Most are, and need no promise
    if (good.has(key)) {
      request.credentialKey = key;
      return done();
    }
    judge(request, reply, key).then((refused) => {
      if (refused === undefined) done();
    }, done);
  });
  // Whoever is authenticated by the header was by now: before a body, which may take long to arrive
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    if (request.credentialKey !== null) noteGood(request);
    settle(request);
    done();
  });
  const judgeSignIn = async (request: FastifyRequest, reply: FastifyReply) => {
    const { api_key: apiKey } = (request.body ?? {}) as { api_key?: unknown };
    return typeof apiKey === 'string' ? judge(request, reply, keyOf(`Bearer ${apiKey}`)) : undefined;
  };
  fastify.addHook('onRoute', (route) => {
    if (route.url !== SESSION_PATH || route.method !== 'POST') return;
    route.preValidation = [route.preValidation ?? [], judgeSignIn].flat();
  });
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    const { credentialKey } = request;
    if (credentialKey === null) return done();
    if (reply.statusCode === 401) {
      good.delete(credentialKey);
      const spent = () => {
        settle(request);
        done();
      };
      quota.spend(request.ip).then(spent, spent);
      return;
    }
    noteGood(request);
    settle(request);
    done();
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** A hash of the credentials that count for the limit of bad ones; null where none were sent. */
    credentialKey: string | null;
    /** Whether one of the bad credentials that may be sent is set aside for it. */
    hasReserved: boolean;
  }
}

/** The widest network that an address is counted with. */
const networkOf = (address: string) => countedFor(address).at(-1)!.key;

/** Whose credentials cannot be looked at yet waits until others of the same network were; null: too many wait. */
class Turns {
  private readonly waiting = new Map<string, (() => void)[]>();

  constructor(private readonly quota: Quota) {}

  next(address: string): Promise<void> | null {
    const key = networkOf(address);
    const others = this.waiting.get(key) ?? [];
    if (others.length >= MAX_WAITING) return null;
    this.waiting.set(key, others);
    return new Promise((done) => others.push(done));
  }

  end(address: string): void {
    this.quota.release(address);
    const key = networkOf(address);
    const waiting = this.waiting.get(key);
    this.waiting.delete(key);
    for (const done of waiting ?? []) done();
  }
}

/** What came of the credentials of a request: who is calling, or what a token lets it do. */
const hasProvedGood = ({ principal, permit: admission, registration }: FastifyRequest) =>
  Boolean(principal ?? admission ?? registration);

function refuse(standing: Standing, reply: FastifyReply): FastifyReply {
  const error = tooMany(standing);
  const isGraphQL = reply.request.routeOptions.url === GRAPHQL_PATH;
  void reply.headers(rateLimitHeaders(standing));
  sendError(error, reply, isGraphQL ? { errors: [toGraphQLError(error)] } : undefined);
  return reply;
}

function tooMany({ name, resetSeconds: retryAfterSeconds }: Standing): RegistryError {
  const description = `Too many ${TOO_MANY[name as QuotaName]}; try again in ${retryAfterSeconds} s.`;
  return new RegistryError('rate_limited', description, { retryAfterSeconds });
}

const tooManyAtOnce = () =>
  new RegistryError(
    'rate_limited',
    `Too many requests with unknown credentials from this address at once; try again in ${RETRY_AFTER_SECONDS} s.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );

/** Structured fields of draft-ietf-httpapi-ratelimit-headers-11: quota and window; what remains, and until when. */
const rateLimitHeaders = ({ name, limit, windowSeconds, remaining, resetSeconds }: Standing) => ({
  'ratelimit-policy': `"${name}";q=${limit};w=${windowSeconds}`,
  ratelimit: `"${name}";r=${remaining};t=${resetSeconds}`,
});
