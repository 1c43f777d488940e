import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { basicCredentials, isBasic } from '../../auth/basic-credentials.js';
import { bearerToken } from '../../auth/bearer-token.js';
import { siteOf } from '../../addresses/networks.js';
import { CONSENT_PATH, isRegistrationPath, REGISTRATION_PATH, SESSION_PATH } from '../../config/paths.js';
import { overloaded, RegistryError, RETRY_AFTER_SECONDS } from '../../errors/registry-error.js';
import type { Quota, RateLimitStatus } from './quota.js';
import { type Use, ValidCredentials } from './valid-credentials.js';

/** Requests of one network whose credentials wait for the validation of others. */
const MAX_WAITING = 50;

const tooManyAtOnce = () =>
  new RegistryError(
    'rate_limited',
    `Too many concurrent requests with unverified credentials from this address. Retry in ${RETRY_AFTER_SECONDS} s.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );

declare module 'fastify' {
  interface FastifyRequest {
    /** A hash of the credentials that count toward the limit of invalid ones; null if none were sent. */
    credentialKey: string | null;
    /** Whether its header has valid credentials of a client, and whose: see {@link ValidCredentials.add}. */
    validClient: { owner: string | null } | null;
    /** Whether one of the allowed invalid credentials is reserved for it. */
    hasReserved: boolean;
  }
}

/** Key of the credentials, however they were spelled: nobody can fill the memory of valid ones with the spellings of one. */
function keyOf(authorization: string): string {
  const token = bearerToken(authorization);
  const credentials = basicCredentials(authorization) ?? (token === undefined ? authorization : { token });
  return hash('sha256', JSON.stringify(credentials), 'base64');
}

/** Says that the header has valid credentials of a client: a secret, or a registration access token. Anyone can make those of anonymous ones. */
export const noteValidClient = (
  request: FastifyRequest,
  { id, orgId, verified }: { id: string; orgId: string | null; verified: boolean },
): void => {
  request.validClient = { owner: orgId ?? (verified ? id : null) };
};

/** Says that invalid credentials are no guess, and are not counted. */
export const exemptCredentials = (request: FastifyRequest): void => {
  request.credentialKey = null;
};

const useOf = ({ routeOptions: { url = '' } }: FastifyRequest): Use =>
  isRegistrationPath(url) && url !== `/${REGISTRATION_PATH}` ? 'management' : 'api';

/**
 * Rejects all credentials of an address after too many invalid ones. Recently valid ones are still checked, so that one caller behind a
 * shared address cannot lock out the others. Concurrent checks are limited to the remaining failures; more of them wait.
 */
export function limitFailedAuth(
  fastify: FastifyInstance,
  quota: Quota,
  maxRemembered: number,
  reject: (standing: RateLimitStatus, reply: FastifyReply) => FastifyReply,
): void {
  const good = new ValidCredentials(maxRemembered);
  /** Waiting lookups by network. */
  const waiting = new Map<string, (() => void)[]>();
  fastify.decorateRequest('credentialKey', null);
  fastify.decorateRequest('validClient', null);
  fastify.decorateRequest('hasReserved', false);

  const settle = (request: FastifyRequest) => {
    if (!request.hasReserved) return;
    request.hasReserved = false;
    quota.release(request.ip);
    const network = siteOf(request.ip);
    const others = waiting.get(network) ?? [];
    waiting.delete(network);
    for (const done of others) done();
  };
  const judge = async (request: FastifyRequest, reply: FastifyReply, authorization: string) => {
    settle(request);
    const key = keyOf(authorization);
    request.credentialKey = key;
    while (!good.has(key)) {
      const standing = quota.exceeded(request.ip);
      if (standing !== null) return reject(standing, reply);
      if (quota.reserve(request.ip)) {
        request.hasReserved = true;
        return undefined;
      }
      const network = siteOf(request.ip);
      const others = waiting.get(network) ?? [];
      if (others.length >= MAX_WAITING) throw tooManyAtOnce();
      await new Promise<void>((done) => waiting.set(network, [...others, done]));
      // Its caller has disconnected, or was answered meanwhile
      if (!request.isWaiting()) throw overloaded();
    }
    return undefined;
  };
  const noteGood = (request: FastifyRequest) => {
    const { principal, permit, validClient, credentialKey } = request;
    if (credentialKey === null || (principal ?? permit ?? validClient) === null) return;
    const owner = principal?.orgId ?? permit?.owner?.orgId ?? validClient?.owner ?? null;
    good.add(credentialKey, useOf(request), owner);
    request.credentialKey = null;
  };

  fastify.addHook('onRequest', async (request, reply) => {
    const { authorization } = request.headers;
    return authorization === undefined ? undefined : judge(request, reply, authorization);
  });
  // Authentication by header is done by now: before the body, which may take long to arrive
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    noteGood(request);
    settle(request);
    done();
  });
  // Those of a client are checked by its handler, which has read the body. Any other header is ignored there
  fastify.addHook('preValidation', async (request, reply) => {
    const { authorization } = request.headers;
    if (request.credentialKey === null || !isBasic(authorization)) return undefined;
    return judge(request, reply, authorization!);
  });
  const judgeSignIn = async (request: FastifyRequest, reply: FastifyReply) => {
    const { api_key: apiKey } = (request.body ?? {}) as { api_key?: unknown };
    return typeof apiKey === 'string' ? judge(request, reply, `Bearer ${apiKey}`) : undefined;
  };
  fastify.addHook('onRoute', (route) => {
    if (![SESSION_PATH, CONSENT_PATH].includes(route.url) || route.method !== 'POST') return;
    route.preValidation = [route.preValidation ?? [], judgeSignIn].flat();
  });
  fastify.addHook('onSend', async (request, reply) => {
    const { credentialKey } = request;
    if (credentialKey !== null) {
      const knownUse = good.useOf(credentialKey) ?? useOf(request);
      if (reply.statusCode === 401 && knownUse !== useOf(request)) {
        // Valid elsewhere, such as an API key that is sent as a registration access token: no guess, and not invalid now
        request.credentialKey = null;
      } else if (reply.statusCode === 401) {
        good.delete(credentialKey);
        await quota.spend(request.ip).catch(() => undefined);
      } else noteGood(request);
    }
    settle(request);
  });
}
