import type { FastifyInstance, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config } from '../../config/config.js';
import { parseAddress } from '../../auth/address.js';
import { RegistryError } from '../../errors/registry-error.js';
import { REGISTRATION_PATH } from '../public-url.js';

/** The part of an IPv6 address that one subscriber is given as a whole (RFC 6177 §2). */
const IPV6_SUBSCRIBER_PARTS = 4;

/** Who is counted as one caller: an IPv4 address, an IPv6 network of 64 bits, or all that have no address at all. */
export function subscriberOf(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === null) return 'unknown';
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  const network = parsed.parts.slice(0, IPV6_SUBSCRIBER_PARTS).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

/**
 * Keeps one address from filling the registry, or its audit trail, through the open door. It stands before everything else there, so that
 * requests with bad credentials or bodies count too. Call it before any route is added.
 */
export function limitRegistrations(fastify: FastifyInstance, { rateLimitRegister }: Config): void {
  if (rateLimitRegister === null) return;
  const { points, durationSeconds } = rateLimitRegister;
  const limiter = new RateLimiterMemory({ points, duration: durationSeconds });
  const consume = async ({ ip }: FastifyRequest) => {
    await limiter.consume(subscriberOf(ip)).catch((rejection: unknown) => {
      throw rejection instanceof RateLimiterRes ? rateLimited(rejection) : rejection;
    });
  };
  fastify.addHook('onRoute', (route) => {
    const isWrite = route.method === 'POST' || route.method === 'PUT';
    if (isWrite && route.url.startsWith(`/${REGISTRATION_PATH}`)) route.onRequest = consume;
  });
}

function rateLimited({ msBeforeNext }: RateLimiterRes): RegistryError {
  const retryAfterSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  const description = `Too many registrations from this address; try again in ${retryAfterSeconds} s.`;
  return new RegistryError('rate_limited', description, { retryAfterSeconds });
}
