import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { CONFIG, type Config } from '../config/config.js';
import { RegistryError } from '../errors/registry-error.js';

/** The part of an IPv6 address that one subscriber is given as a whole (RFC 6177 §2). */
const IPV6_SUBSCRIBER_PARTS = 4;

/** Who is counted as one caller: an IPv4 address, or an IPv6 network of 64 bits. */
export function subscriberOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6
    ? `${parsed.parts
        .slice(0, IPV6_SUBSCRIBER_PARTS)
        .map((part) => part.toString(16))
        .join(':')}::/64`
    : parsed.toString();
}

/** Keeps one address from filling the registry through the open door. */
@Injectable()
export class RegistrationRateLimitGuard implements CanActivate {
  private readonly limiter: RateLimiterMemory | null;

  constructor(@Inject(CONFIG) { rateLimitRegister }: Config) {
    this.limiter =
      rateLimitRegister &&
      new RateLimiterMemory({
        points: rateLimitRegister.points,
        duration: rateLimitRegister.durationSeconds,
      });
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { ip } = context.switchToHttp().getRequest<FastifyRequest>();
    try {
      await this.limiter?.consume(subscriberOf(ip));
      return true;
    } catch (rejection) {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      const retryAfterSeconds = Math.max(1, Math.ceil(rejection.msBeforeNext / 1000));
      throw new RegistryError(
        'rate_limited',
        `Too many registrations from this address; try again in ${retryAfterSeconds} s.`,
        { retryAfterSeconds },
      );
    }
  }
}
