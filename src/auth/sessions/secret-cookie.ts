import type { FastifyRequest } from 'fastify';
import { generateSecret } from '../../secrets/secret.js';

/** The form in which secrets are given to browsers. Others are not looked up. */
const SECRET = /^[\w-]{43}$/;

/** A secret for a browser that has none. */
export const newSecret = (): string => generateSecret();

/**
 * The name of a cookie. With https, no other host of the domain can set it, nor, below a path, a page without https (RFC 6265bis §4.1.3).
 * @param path for which the browser sends it
 */
export function cookieName(name: string, path: string, isSecure: boolean): string {
  if (!isSecure) return name;
  return `${path === '/' ? '__Host-' : '__Secure-'}${name}`;
}

/** The secret in a cookie of a request; null: there is none. */
export function secretIn({ cookies }: FastifyRequest, cookie: string): string | null {
  const value = cookies[cookie];
  return value !== undefined && SECRET.test(value) ? value : null;
}
